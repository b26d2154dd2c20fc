import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { tableLines } from '../../src/cli/table.ts';
import { importBase } from '../../test/parts/base-image.ts';
import { type Engine, startEngine } from '../../test/parts/engine.ts';
import { PartMissing } from '../../test/parts/part.ts';
import { startRegistry } from '../../test/parts/registry.ts';

/** The root of the project, seen from `dist/bake/demo`. */
const ROOT = fileURLToPath(new URL('../../..', import.meta.url));
const WARMBAKE = path.join(ROOT, 'dist/src/main.js');

/** What the demo reads of a build record (`--result`). */
interface BuildRecord {
  readonly outcome: string;
  readonly seconds: number;
  readonly targets: readonly {
    readonly record?: {
      readonly totals: { readonly executed: number; readonly loaded: number; readonly pruned: number };
    };
  }[];
  readonly planned: readonly {
    readonly cacheFrom: readonly { readonly role: string; readonly state: string }[];
  }[];
}

/** One build of the demo: what happened before it, and the job that CI starts for it. */
interface Scene {
  readonly title: string;
  /** Prepares the checkout; answers with the job's variables. */
  readonly job: (git: Git) => Promise<Job>;
}

type Job = { readonly BUILDKITE_BRANCH: string } & Readonly<Record<`BUILDKITE_${string}`, string>>;
type Git = (...args: readonly string[]) => Promise<string>;

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
    job: async (git) => {
      await git('switch', '--quiet', '--create', 'faster-server');
      await change(git, 'src/server.txt', 'serve twice as fast');
      return PULL_REQUEST;
    },
  },
  {
    title: 'its second push changes an asset',
    job: async (git) => {
      await change(git, 'assets/logo.txt', 'two buns');
      return PULL_REQUEST;
    },
  },
  { title: 'the same commit again', job: async () => PULL_REQUEST },
  {
    title: 'rebased on a main whose dependencies moved',
    job: async (git) => {
      await git('switch', '--quiet', 'main');
      await change(git, 'vendor/lock.txt', 'libanswer 43.0.0');
      return MAIN;
    },
  },
  {
    title: '… and the pull request on top of it',
    job: async (git) => {
      await git('switch', '--quiet', 'faster-server');
      await git('rebase', '--quiet', 'main');
      return PULL_REQUEST;
    },
  },
  {
    title: 'main after the merge',
    job: async (git) => {
      await git('switch', '--quiet', 'main');
      await git('merge', '--quiet', '--no-ff', '--message', 'Merge pull request 7', 'faster-server');
      return MAIN;
    },
  },
];

async function change(git: Git, file: string, text: string): Promise<void> {
  const directory = await git('rev-parse', '--show-toplevel');
  await writeFile(path.join(directory, file), `${text}\n`);
  await git('commit', '--quiet', '--all', '--message', text);
}

/** Git in `directory`, by nobody in particular and without the user's settings. */
function gitIn(directory: string): Git {
  const person = (role: string): object => ({
    [`GIT_${role}_NAME`]: 'Demo',
    [`GIT_${role}_EMAIL`]: 'demo@example.com',
  });
  const env = { ...person('AUTHOR'), ...person('COMMITTER'), GIT_CONFIG_GLOBAL: '/dev/null' };
  return async (...args) => (await execa('git', args, { cwd: directory, env })).stdout;
}

/** A checkout of the demo project with a remote, as an agent of a CI has it. */
async function makeCheckout(directory: string, registry: string): Promise<Git> {
  const checkout = path.join(directory, 'checkout');
  const remote = path.join(directory, 'remote.git');
  await cp(path.join(ROOT, 'bake/demo/project'), checkout, { recursive: true });
  const config = path.join(checkout, 'warmbake.yaml');
  await writeFile(config, (await readFile(config, 'utf8')).replaceAll('REGISTRY', registry));
  await execa('git', ['init', '--quiet', '--bare', remote]);
  await gitIn(remote)('config', 'uploadpack.allowFilter', 'true');
  const git = gitIn(checkout);
  await git('init', '--quiet', '--initial-branch', 'main');
  await git('remote', 'add', 'origin', `file://${remote}`);
  await git('add', '.');
  await git('commit', '--quiet', '--message', 'The demo project');
  return git;
}

/** Runs one build as a job of its own on a machine that has built nothing yet. */
async function play(scene: Scene, number: number, stage: Stage): Promise<BuildRecord> {
  const { engine, git, directory } = stage;
  console.log(`\n##### ${number}. ${scene.title}\n`);
  const job = await scene.job(git);
  await git('push', '--quiet', '--force', 'origin', `HEAD:${job.BUILDKITE_BRANCH}`);
  // CI agents live for one job: nothing of an earlier build may help but the registry.
  if (engine.owned) await execa('docker', ['builder', 'prune', '--all', '--force'], { env: engine.env });
  const result = path.join(directory, `result-${number}.json`);
  const checkout = await git('rev-parse', '--show-toplevel');
  await execa(process.execPath, [WARMBAKE, 'build', '--config', 'warmbake.yaml', '--result', result], {
    cwd: checkout,
    stdio: 'inherit',
    extendEnv: false,
    env: {
      ...engine.env,
      ...job,
      BUILDKITE: 'true',
      BUILDKITE_REPO: 'https://example.com/demo/bun.git',
      BUILDKITE_COMMIT: await git('rev-parse', 'HEAD'),
      BUILDKITE_BUILD_NUMBER: String(number),
      BUILDKITE_BUILD_ID: `00000000-0000-0000-0000-00000000000${number}`,
      AWS_EC2_METADATA_DISABLED: 'true',
      ...(process.env['NO_COLOR'] === undefined ? {} : { NO_COLOR: '1' }),
    },
  });
  return JSON.parse(await readFile(result, 'utf8')) as BuildRecord;
}

interface Stage {
  readonly engine: Engine;
  readonly git: Git;
  readonly directory: string;
}

function summary(records: readonly BuildRecord[]): readonly string[] {
  const rows = records.map((record, i) => {
    const totals = record.targets[0]?.record?.totals;
    const found = (record.planned[0]?.cacheFrom ?? []).filter((s) => s.state === 'found').map((s) => s.role);
    return [
      `${i + 1}. ${SCENES[i]?.title ?? ''}`,
      record.outcome,
      found.join(' + ') || '-',
      String(totals?.executed ?? 0),
      String((totals?.loaded ?? 0) + (totals?.pruned ?? 0)),
      record.seconds.toFixed(1),
    ];
  });
  return tableLines(['build', 'outcome', 'imported', 'executed', 'from cache', 'seconds'], rows);
}

async function demo(): Promise<void> {
  const cleanup: (() => Promise<void>)[] = [];
  try {
    const engine = await startEngine();
    cleanup.push(engine.stop);
    const registry = await startRegistry();
    cleanup.push(registry.stop);
    await importBase(engine);
    const directory = await mkdtemp(path.join(tmpdir(), 'warmbake-demo-'));
    cleanup.push(async () => await rm(directory, { recursive: true, force: true }));
    const git = await makeCheckout(directory, registry.host);
    const records: BuildRecord[] = [];
    for (const [i, scene] of SCENES.entries()) {
      records.push(await play(scene, i + 1, { engine, git, directory }));
    }
    console.log(`\n##### All builds\n\n${summary(records).join('\n')}\n`);
  } finally {
    for (const stop of cleanup.toReversed()) await stop();
  }
}

try {
  await demo();
} catch (error) {
  if (!(error instanceof PartMissing)) throw error;
  console.error(`the demo needs a real Docker Engine and registry; ${error.message}`);
  process.exitCode = 1;
}
