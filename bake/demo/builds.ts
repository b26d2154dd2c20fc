import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { tableLines } from '../../src/cli/table.ts';
import type { Agent } from '../../parts/agent.ts';
import { emptyStore } from './empty-store.ts';
import type { Engine } from '../../parts/engine.ts';
import { change, type Checkout } from './checkout.ts';
import { warmbake } from './warmbake.ts';

/** What the demo reads of a build record (`--result`). */
interface BuildRecord {
  readonly outcome: string;
  readonly seconds: number;
  readonly targets: readonly {
    readonly record?: {
      readonly steps: readonly { readonly name: string; readonly verdict: string }[];
    };
    /** What each cache gave to the bake that the target was part of. */
    readonly donors?: readonly Donor[];
  }[];
  readonly planned: readonly {
    readonly cacheFrom: readonly { readonly role: string; readonly ref: string }[];
  }[];
}

interface Donor {
  /** `host/path:tag`. */
  readonly donor: string;
  readonly layers: readonly string[];
  readonly bytes: number;
}

/** One build of the demo: what happened before it, and the job that CI starts for it. */
interface Scene {
  readonly title: string;
  /** Prepares the checkout; answers with the job's variables. */
  readonly job: (checkout: Checkout) => Promise<Job>;
  /** Default: the tests. */
  readonly targets?: readonly string[];
}

const REPOSITORY = 'https://example.com/demo/bun.git';

type Job = { readonly BUILDKITE_BRANCH: string } & Readonly<Record<`BUILDKITE_${string}`, string>>;

const MAIN: Job = { BUILDKITE_BRANCH: 'main', BUILDKITE_PULL_REQUEST: 'false' };
const PULL_REQUEST: Job = {
  BUILDKITE_BRANCH: 'faster-server',
  BUILDKITE_PULL_REQUEST: '7',
  BUILDKITE_PULL_REQUEST_BASE_BRANCH: 'main',
};

const SCENES: readonly Scene[] = [
  { title: 'main, cold', job: async () => MAIN },
  {
    title: 'a pull request changes one source file',
    job: async (checkout) => {
      await checkout.git('switch', '--quiet', '--create', 'faster-server');
      await change(checkout, 'src/server.txt', 'serve twice as fast');
      return PULL_REQUEST;
    },
  },
  {
    title: 'its second push changes an asset',
    job: async (checkout) => {
      await change(checkout, 'assets/logo.txt', 'two buns');
      return PULL_REQUEST;
    },
  },
  { title: 'the same commit again', job: async () => PULL_REQUEST },
  {
    title: 'rebased on a main whose dependencies moved',
    job: async (checkout) => {
      await checkout.git('switch', '--quiet', 'main');
      await change(checkout, 'vendor/lock.txt', 'libanswer 43.0.0');
      return MAIN;
    },
  },
  {
    title: '… and the pull request on top of it',
    job: async ({ git }) => {
      await git('switch', '--quiet', 'faster-server');
      await git('rebase', '--quiet', 'main');
      return PULL_REQUEST;
    },
  },
  {
    title: 'main after the merge',
    job: async ({ git }) => {
      await git('switch', '--quiet', 'main');
      await git('merge', '--quiet', '--no-ff', '--message', 'Merge pull request 7', 'faster-server');
      return MAIN;
    },
  },
  {
    title: 'a new pull request, three targets at once',
    job: async (checkout) => {
      await checkout.git('switch', '--quiet', '--create', 'two-logos');
      await change(checkout, 'assets/logo.txt', 'three buns');
      return { ...PULL_REQUEST, BUILDKITE_BRANCH: 'two-logos', BUILDKITE_PULL_REQUEST: '8' };
    },
    targets: ['test-ci', 'release-ci', 'assets-ci'],
  },
];

/** What happens to main between two days. */
const NEXT_DAY: Scene = {
  title: 'main moves on overnight',
  job: async (checkout) => {
    await checkout.git('switch', '--quiet', 'main');
    await change(checkout, 'src/parser.txt', 'parse comments too');
    return MAIN;
  },
};

/** Where the builds run. */
export interface Stage {
  readonly engine: Engine;
  readonly checkout: Checkout;
  readonly agent: Agent;
  /** For results. */
  readonly directory: string;
}

/** Runs one build as a job of its own on a machine that has built nothing yet. */
async function play(scene: Scene, number: number, stage: Stage): Promise<BuildRecord> {
  const { engine, checkout, agent, directory } = stage;
  const { git } = checkout;
  console.log(`\n##### ${number}. ${scene.title}\n`);
  const job = await scene.job(checkout);
  await git('push', '--quiet', '--force', 'origin', `HEAD:${job.BUILDKITE_BRANCH}`);
  // CI agents live for one job: nothing of an earlier build may help but the registry.
  if (engine.owned) await emptyStore(engine);
  const result = path.join(directory, `result-${number}.json`);
  const build = { id: `00000000-0000-0000-0000-00000000000${number}`, number: String(number) };
  await warmbake(
    ['build', ...(scene.targets ?? ['test-ci']), '--config', 'warmbake.yaml', '--result', result],
    {
      cwd: checkout.directory,
      env: {
        ...engine.env,
        ...agent.env(build),
        ...job,
        BUILDKITE_REPO: REPOSITORY,
        // Pull requests take main's configuration from there: git finds it where the demo has put it.
        GIT_CONFIG_COUNT: '1',
        GIT_CONFIG_KEY_0: `url.${checkout.remote}.insteadOf`,
        GIT_CONFIG_VALUE_0: REPOSITORY,
        BUILDKITE_COMMIT: await git('rev-parse', 'HEAD'),
      },
    },
  );
  return JSON.parse(await readFile(result, 'utf8')) as BuildRecord;
}

function summary(records: readonly BuildRecord[]): readonly string[] {
  const rows = records.map((record, i) => {
    const { executed, cached } = stepsOf(record);
    return [
      `${i + 1}. ${SCENES[i]?.title ?? ''}`,
      record.outcome,
      String(executed),
      String(cached),
      donorsText(record),
      record.seconds.toFixed(1),
    ];
  });
  return tableLines(['build', 'outcome', 'executed', 'from cache', 'loaded from', 'seconds'], rows);
}

/** Steps that several targets have are named by each of them (`[release-ci app 1/4] COPY src/ src/`), and run once. */
function stepsOf({ targets }: BuildRecord): { readonly executed: number; readonly cached: number } {
  const steps = targets.flatMap(({ record }) => record?.steps ?? []);
  const names = steps.map(({ name, verdict }) => ({ name: name.replace(/^\[\S+-ci /, '['), verdict }));
  const all = new Set(names.map(({ name }) => name));
  const executed = new Set(names.filter((s) => s.verdict === 'executed').map(({ name }) => name));
  return { executed: executed.size, cached: all.size - executed.size };
}

/** `merge-base 1f0c53a (4 layers, 0.9 MB) + own pr-7 (2 layers, 0.4 MB)`; donors that were not needed are not named. */
function donorsText({ targets, planned }: BuildRecord): string {
  const sources = planned.flatMap(({ cacheFrom }) => cacheFrom);
  const used = (targets[0]?.donors ?? []).filter(({ layers }) => layers.length > 0);
  const texts = used.map(({ donor, layers, bytes }) => {
    const role = sources.find(({ ref }) => ref === donor)?.role ?? '';
    const tag = donor.slice(donor.lastIndexOf(':') + 1).replace(/^([0-9a-f]{7})[0-9a-f]{33}/, '$1');
    return `${role} ${tag} (${layers.length} layers, ${(bytes / 1e6).toFixed(1)} MB)`;
  });
  return texts.join(' + ') || '-';
}

/** Plays the life of a pull request, and ends with a table of its builds. */
export async function playBuilds(stage: Stage): Promise<void> {
  const records: BuildRecord[] = [];
  for (const [i, scene] of SCENES.entries()) records.push(await play(scene, i + 1, stage));
  console.log(`\n##### All builds\n\n${summary(records).join('\n')}\n`);
}

/** One more build of main, for the second day of the machine image. */
export async function playNextDay(stage: Stage): Promise<void> {
  await play(NEXT_DAY, SCENES.length + 1, stage);
}
