import { mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { execa } from 'execa';
import { playAgent } from '../../parts/agent.ts';
import type { Engine } from '../../parts/engine.ts';
import { PROJECT } from '../../parts/project.ts';
import { followProgress } from '../../src/bake/progress.ts';
import { type StreamRecord, summarise } from '../../src/bake/record.ts';
import type { Checkout } from '../demo/checkout.ts';
import { emptyStore } from '../demo/empty-store.ts';
import { type Contender, definitionFor, type Planned } from './contenders.ts';
import type { Link } from './link.ts';
import type { Scenario } from './scenarios.ts';

/** What one build took. */
export interface Cell {
  readonly seconds: number;
  /** Steps that ran; one that several targets share counts once. */
  readonly executed: number;
  /** Bytes from and to the registry, requests and manifests included. */
  readonly pulled: number;
  readonly pushed: number;
}

/** Where lives are played. */
export interface Place {
  readonly engine: Engine;
  readonly checkout: Checkout;
  readonly link: Link;
  readonly scenarios: readonly Scenario[];
  /** For configurations, definitions and results. */
  readonly directory: string;
}

/** The program as an installed package has it. */
const WARMBAKE = path.join(PROJECT, 'dist/program/warmbake.cjs');

/**
 * Builds the scenarios one after the other as `contender` does it, each with an empty store unless it keeps one, in repositories of
 * `namespace` that nobody has written before. Answers with what each took, by name.
 */
export async function live(
  contender: Contender,
  namespace: string,
  place: Place,
): Promise<ReadonlyMap<string, Cell>> {
  const { engine, link } = place;
  const directory = path.join(place.directory, namespace);
  await mkdir(directory);
  const config = path.join(directory, 'warmbake.yaml');
  const text = await readFile(path.join(place.checkout.directory, 'warmbake.yaml'), 'utf8');
  await writeFile(config, text.replaceAll(' demo/', ` ${namespace}/`));
  const cells = new Map<string, Cell>();
  await emptyStore(engine);
  for (const [index, scenario] of place.scenarios.entries()) {
    const job = await prepare(scenario, index, { ...place, directory, config });
    const build = contender.keys === undefined ? await ours(job) : await theirs(contender, job);
    if (contender.keepsStore === undefined) await emptyStore(engine);
    link.taken();
    const began = Date.now();
    const record = await build();
    const seconds = (Date.now() - began) / 1000;
    if (scenario.untold === undefined) {
      cells.set(scenario.name, { seconds, executed: executedIn(record), ...link.taken() });
    }
  }
  return cells;
}

/** One CI job: what it calls, and where. */
interface Job {
  readonly scenario: Scenario;
  readonly engine: Engine;
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
  readonly directory: string;
  readonly config: string;
}

async function prepare(
  scenario: Scenario,
  index: number,
  { engine, checkout, directory, config }: Place & { readonly config: string },
): Promise<Job> {
  const { commit, main, branch } = scenario;
  await checkout.git('switch', '--quiet', '--detach', commit);
  const refs = new Set([`${main}:refs/heads/main`, `${commit}:refs/heads/${branch}`]);
  await checkout.git('push', '--quiet', '--force', 'origin', ...refs);
  const agent = playAgent(path.join(directory, 'buildkite'), engine.env['PATH'] ?? '');
  const number = String(index + 1);
  const env = {
    ...engine.env,
    ...agent.env({ id: `00000000-0000-4000-8000-00000000000${number}`, number }),
    AWS_EC2_METADATA_DISABLED: 'true',
    NO_COLOR: '1',
    BUILDKITE_REPO: 'https://example.com/demo/bun.git',
    BUILDKITE_COMMIT: commit,
    BUILDKITE_BRANCH: branch,
    BUILDKITE_PULL_REQUEST: branch === 'main' ? 'false' : '7',
    ...(branch === 'main' ? {} : { BUILDKITE_PULL_REQUEST_BASE_BRANCH: 'main' }),
  };
  return { scenario, engine, cwd: checkout.directory, env, directory, config };
}

type Build = () => Promise<readonly StreamRecord[]>;

async function ours({ scenario, cwd, env, directory, config }: Job): Promise<Build> {
  const result = path.join(directory, 'result.json');
  const argv = ['build', '--force', '--config', config, '--result', result, ...scenario.targets];
  return await Promise.resolve(async () => {
    await execa(process.execPath, [WARMBAKE, ...argv], { cwd, env, extendEnv: false, stdin: 'ignore' });
    const { targets } = JSON.parse(await readFile(result, 'utf8')) as {
      readonly targets: readonly { readonly record?: StreamRecord }[];
    };
    return targets.flatMap(({ record }) => record ?? []);
  });
}

async function theirs(contender: Contender, { scenario, cwd, env, directory, config }: Job): Promise<Build> {
  const options = { cwd, env, extendEnv: false, stdin: 'ignore' } as const;
  const plan = ['plan', '--offline', '--json', '--config', config, ...scenario.targets];
  const { stdout } = await execa(process.execPath, [WARMBAKE, ...plan], options);
  const file = path.join(directory, 'definition.json');
  await writeFile(file, JSON.stringify(definitionFor(contender, JSON.parse(stdout) as Planned)));
  return async () => {
    const progress = followProgress(() => undefined);
    const bake = ['buildx', 'bake', '--builder=default', '--progress=rawjson', '-f', file];
    const { stderr } = await execa('docker', [...bake, ...scenario.targets], options);
    for (const line of stderr.split('\n')) progress.line(line);
    return [summarise(progress.end())];
  };
}

/** Several targets name a step that they share each in its own way (`[release-ci app 1/4] COPY src/ src/`). */
function executedIn(records: readonly StreamRecord[]): number {
  const steps = records.flatMap((record) => record.steps).filter(({ verdict }) => verdict === 'executed');
  return new Set(steps.map(({ name }) => name.replace(/^\[\S+-ci /, '['))).size;
}
