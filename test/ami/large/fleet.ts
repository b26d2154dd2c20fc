import { execa } from 'execa';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ImageId } from '../../../src/ami/model/ids.ts';
import { MOTO_CREDENTIALS } from '../../../parts/moto/server.ts';
import type { Running } from '../../../parts/part.ts';
import { PROJECT } from '../../../parts/project.ts';
import { FakeAccount } from '../fake/account.ts';
import { fakeClock } from '../fake/clock.ts';
import { addImage, addStack, addVersion, setParameter } from '../fake/furnish.ts';
import { startLargeFront, type LargeFront } from './front.ts';

/** The program as it is installed; `npm test` builds it. */
export const MAIN = join(PROJECT, 'dist/program/warmbake.cjs');

/** How a command of the real program ended, and what it cost. */
export interface Cost {
  readonly exitCode: number | undefined;
  readonly out: string;
  readonly err: string;
  readonly calls: number;
  readonly throttled: number;
  readonly seconds: number;
  /** Of the processor: they do not depend on what else the machine does. */
  readonly cpuSeconds: number;
  /** The largest resident size, in MB. */
  readonly megabytes: number;
}

/** A family of many stacks behind a front, and the real program. */
export interface LargeFleet {
  readonly fake: FakeAccount;
  readonly front: LargeFront;
  /** Newest first; all stacks launch the first. */
  readonly images: readonly ImageId[];
  run(...argv: readonly string[]): Promise<Cost>;
}

/** Options of {@link startLargeFleet}. */
export interface LargeOptions {
  readonly stacks: number;
  readonly images: number;
  /** Of each answer. Default: 40. */
  readonly delayMs?: number;
  /** Whether templates have versions with the two newest images, as after some days. Default: only that which is launched. */
  readonly hasVersions?: boolean;
  /** What Node.js gets before the program: `--max-old-space-size=80`. Default: nothing. */
  readonly node?: readonly string[];
}

/** Starts it. */
export async function startLargeFleet({
  stacks,
  images: many,
  delayMs = 40,
  hasVersions = false,
  node = [],
}: LargeOptions): Promise<LargeFleet & Running> {
  const fake = new FakeAccount({}, undefined, fakeClock(new Date().toISOString()));
  const images = Array.from({ length: many }, (_, number) => {
    const tags = { 'warmbake:family': 'cpu', 'warmbake:state': 'published', 'warmbake:run': `run-${number}` };
    return addImage(fake, { daysOld: number / 10 + 0.1, tags }).id;
  });
  const [newest = 'ami-', second = 'ami-'] = images;
  const names = Array.from({ length: stacks }, (_, number) => `queue-${number}`);
  for (const name of names) {
    const { template, group } = addStack(fake, name, { image: hasVersions ? second : newest });
    if (!hasVersions) continue;
    const version = String(addVersion(fake, template, { image: newest }));
    const { launch } = fake.state.groups.get(group)!;
    if (launch.kind !== 'mixed') continue;
    const { withVersion } = await import('../../../src/ami/model/launch.ts');
    await fake.ports.groups.relaunch(group, withVersion(launch, Number(version)));
  }
  setParameter(fake, '/ci/app-image', second);
  setParameter(fake, '/ci/app-image', newest);
  const front = await startLargeFront(fake, { delayMs });
  const directory = await mkdtemp(join(tmpdir(), 'warmbake-large-'));
  const config = join(directory, 'warmbake.yaml');
  await writeFile(config, configurationOf(names));
  const run = async (...argv: readonly string[]): Promise<Cost> => {
    front.calls.length = 0;
    const measure = join(directory, 'measure.mjs');
    await writeFile(
      measure,
      "process.on('exit', () => process.stderr.write(`\\nrss ${process.resourceUsage().maxRSS} cpu ${Math.round((process.cpuUsage().user + process.cpuUsage().system) / 1e3)}\\n`));",
    );
    const began = Date.now();
    const ended = await execa(
      process.execPath,
      [...node, '--import', measure, MAIN, ...argv, '--config', config],
      {
        cwd: directory,
        env: {
          ...MOTO_CREDENTIALS,
          AWS_ENDPOINT_URL: front.url,
          HOME: directory,
          PATH: '/nowhere',
          COLUMNS: '120',
        },
        extendEnv: false,
        reject: false,
        stdin: 'ignore',
      },
    );
    return {
      exitCode: ended.exitCode,
      out: ended.stdout,
      err: ended.stderr.replace(/\nrss \d+ cpu \d+\n?$/, ''),
      calls: front.calls.length,
      throttled: front.calls.filter(({ throttled }) => throttled).length,
      seconds: (Date.now() - began) / 1_000,
      cpuSeconds: Number(/ cpu (\d+)/.exec(ended.stderr)?.[1] ?? 0) / 1_000,
      megabytes: Math.round(Number(/rss (\d+)/.exec(ended.stderr)?.[1] ?? 0) / 1_024),
    };
  };
  const stop = async (): Promise<void> => {
    await front.stop();
    await rm(directory, { recursive: true, force: true });
  };
  return { fake, front, images, run, stop };
}

function configurationOf(stacks: readonly string[]): string {
  return `
repository: github.com/acme/app
images: { registry: images.example, trusted: app, untrusted: app-test }
cache: { registry: cache.example, trusted: app-cache, untrusted: app-test-cache }
bake: { files: [docker-bake.hcl] }
targets: { test: {} }
ami:
  cpu:
    name: app-build
    region: us-east-1
    parameter: /ci/app-image
    network: { securityGroup: /ci/security-group, subnet: /ci/subnet }
    baseStack: 6.21.0
    warm: { target: test, step: image-build, minimumBytes: 20GB, longestStep: 120s }
    stacks: [${stacks.join(', ')}]
    canary: { stack: ${stacks[0]}, watch: 10m }
`;
}
