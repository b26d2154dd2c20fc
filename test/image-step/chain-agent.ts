import path from 'node:path';
import { execa } from 'execa';
import type { Buildx, Engine } from '../../parts/engine.ts';
import type { Clock } from '../../src/platform/clock.ts';
import { clock } from '../../parts/ci-job/clock.ts';
import { chainConfiguration, chainFiles, type ChainTarget, STAGES } from './chain-project.ts';
import { type Agent, type Built, makeAgent } from '../../parts/ci-job/agent.ts';
import { emptyStore } from './empty-store.ts';
import { type ImageFiles, imageFiles, uncachedFiles } from './image-files.ts';
import type { Variables } from '../../parts/ci-job/variables.ts';
import { requireSuccess } from '../../parts/ci-job/warmbake.ts';

/** What a machine has before a job: nothing, or main's layers of the day before, as a warm machine image. */
export type Store = 'empty' | 'yesterday';

/** An agent with the project of `chain-project.ts`, each of whose jobs starts on a machine of its own. */
export interface ChainAgent extends AsyncDisposable {
  readonly agent: Agent;
  /** Makes the machine of the next job. */
  machine(store: Store): Promise<void>;
  /** `warmbake build` as it should be: exit code 0. */
  build(variables: Variables, targets?: readonly ChainTarget[]): Promise<Built>;
  /** The same in a repetition: builds what is there already, and leaves the registry's caches as they are. */
  repeat(variables: Variables, targets?: readonly ChainTarget[]): Promise<Built>;
  /** Files of the pushed image, and of the same commit built without any cache. */
  files(
    built: Built,
    target?: ChainTarget,
  ): Promise<{ readonly pushed: ImageFiles; readonly uncached: ImageFiles }>;
}

/** Where builds run, as far as it is not the engine itself. */
export interface ChainOptions {
  readonly targets?: readonly ChainTarget[];
  readonly buildx?: Pick<Buildx, 'env'>;
  /** Of a BuildKit to build on in the engine's place. */
  readonly socket?: string;
  /** Another one, as the configuration names it. */
  readonly builder?: { readonly name: string; readonly image: string };
  /** The store behind `socket` or `builder`, where it is not the engine's. */
  readonly store?: {
    readonly env: Readonly<Record<string, string>>;
    readonly builder: string;
    readonly empty: () => Promise<void>;
  };
  /** Of the program. */
  readonly time?: Clock;
}

/** Makes one; `host` is the registry of images and caches, `cache` of the caches where that is another. */
export async function makeChainAgent(
  engine: Pick<Engine, 'env'>,
  places: { readonly images: string; readonly cache?: string },
  {
    targets: configured = ['test-ci'],
    buildx = engine,
    socket,
    builder,
    store,
    time = clock,
  }: ChainOptions = {},
): Promise<ChainAgent> {
  const agent = await makeAgent(buildx.env, places, chainFiles(`${Math.random()}\n`));
  await agent.configure((same) => ({
    ...chainConfiguration(same, configured),
    ...(socket === undefined ? {} : { builder: { socket, name: 'ours' } }),
    ...(builder === undefined ? {} : { builder }),
  }));
  const { checkout } = agent;
  await checkout.git('push', '--quiet', 'origin', 'main');
  await checkout.git('tag', 'yesterday');
  const yesterday = path.join(checkout.directory, 'yesterday');
  await checkout.git('worktree', 'add', '--quiet', '--detach', yesterday, 'yesterday');

  const build: ChainAgent['build'] = async (variables, targets = configured) =>
    requireSuccess(await agent.build(variables, { clock: time, args: ['--force', ...targets] }));
  return {
    agent,
    machine: async (holds) => {
      await (store === undefined ? emptyStore(engine, agent) : store.empty());
      if (holds === 'empty') return;
      for (const target of configured) {
        const options = [
          `--target=${STAGES[target]}`,
          `--builder=${store?.builder ?? 'default'}`,
          '--output=type=cacheonly',
          '--quiet',
        ];
        await execa('docker', ['buildx', 'build', ...options, yesterday], {
          env: store?.env ?? engine.env,
          extendEnv: false,
        });
      }
    },
    build,
    repeat: async (variables, targets) =>
      await build({ ...variables, WARMBAKE_CACHE_EXPORT: 'off' }, targets),
    files: async ({ result }, target = 'test-ci') => {
      const ref = result.targets.find(({ name }) => name === target)?.verified[0]?.ref;
      if (ref === undefined) throw new Error(`no image of ${target}`);
      const commit = String(result.context['commit']);
      return {
        pushed: await imageFiles(ref),
        uncached: await uncachedFiles(engine.env, checkout.path, { target: STAGES[target], commit }),
      };
    },
    [Symbol.asyncDispose]: async () => await agent[Symbol.asyncDispose](),
  };
}

/** Names of the executed steps of all targets, sorted, each once, without places such as ` 2/3` and targets in front. */
export function executed({ result }: Built): readonly string[] {
  const names = result.targets
    .flatMap(({ record }) => record?.steps ?? [])
    .filter(({ verdict }) => verdict === 'executed')
    .map(({ name }) =>
      name.replace(/^\[(?:\S+ )?(\S+) +\d+\/\d+\] /, '[$1] ').replace(/[0-9a-f]{40}/, '$$COMMIT'),
    );
  return [...new Set(names)].toSorted();
}

/**
 * The chain of a day: main's build of yesterday, pull request 7 that changes assets and source, main's of today with other
 * dependencies, and the pull request rebased onto that. The caches of the three builds are in the registry; HEAD is the rebased commit.
 */
export async function aDay(
  at: ChainAgent,
  { main, request }: { readonly main: Variables; readonly request: Variables },
): Promise<void> {
  const { git, commit } = at.agent.checkout;
  await at.machine('empty');
  await at.build(main);
  await git('switch', '--quiet', '--create', 'work');
  await commit({ 'assets.txt': 'two\n', 'source.txt': 'two\n' });
  await git('push', '--quiet', 'origin', 'work');
  await at.machine('empty');
  await at.build(request);
  await git('switch', '--quiet', 'main');
  await commit({ 'lock.txt': 'two\n' });
  await git('push', '--quiet', 'origin', 'main');
  await at.machine('empty');
  await at.build(main);
  await git('switch', '--quiet', 'work');
  await git('rebase', '--quiet', 'main');
}
