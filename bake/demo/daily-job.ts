import { randomUUID } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { parseImageId, type ImageId } from '../../src/ami/model/ids.ts';
import { tableLines } from '../../src/cli/table.ts';
import type { Machine } from '../../parts/instance/machine.ts';
import { MOTO_CREDENTIALS } from '../../parts/moto/server.ts';
import type { Stage } from './builds.ts';
import { warmbake } from './warmbake.ts';

/** On a machine of the image. */
const MARKER = '/etc/demo-image';
const SOCKET = '/run/buildkit/buildkitd.sock';

/** Where the daily job runs. */
export interface DailyStage extends Stage {
  readonly packer: string;
  /** Address of the AWS interfaces. */
  readonly aws: string;
  /** Writes the configuration for a machine whose marker file and BuildKit socket are there. */
  readonly configure: (marker: string, socket: string) => Promise<string>;
}

/** The numbers of one day. */
export interface Day {
  readonly title: string;
  /** As the job printed it: `ami-…  name  executed=0 loaded=13 bytes=… seconds=…`. */
  readonly image: string;
  readonly canary: string;
  readonly stacks: number;
  /** Images that nobody needs any more: the next day deletes them. */
  readonly condemned: readonly ImageId[];
  readonly deleted: number;
  readonly seconds: number;
}

/** `warmbake ami rebuild` as a Buildkite job; Packer gets `machine` for the instance that it launches. */
export async function playDay(title: string, machine: Machine, dailyStage: DailyStage): Promise<Day> {
  const { agent, checkout, directory, packer } = dailyStage;
  const run = randomUUID();
  const env = {
    ...dailyStage.engine.env,
    ...awsEnvironment(dailyStage),
    ...machine.variables,
    ...agent.env({ id: run, number: '100' }),
  };
  const config = await dailyStage.configure(MARKER, SOCKET);
  const argv = [
    'ami',
    'rebuild',
    '--config',
    config,
    '--packer',
    packer,
    '--packer-checksum',
    'any',
    '--source',
    checkout.remote,
  ];
  const over = new AbortController();
  const probing = runAddedJob(machine, dailyStage, { run, env, over: over.signal });
  const began = Date.now();
  try {
    const lines = (await warmbake(argv, { cwd: directory, env })).split('\n');
    const marker = (await machine.instance.read(MARKER)) ?? '';
    // The size in it is that of a folder, and BuildKit's store is an engine's here.
    console.log(`\nOn the image, ${MARKER} says:\n${marker.replace(/^BUILDKIT_CACHE=.*\n/m, '')}`);
    return {
      title,
      image: lines[0] ?? '',
      canary: lines.find((line) => line.startsWith('canary: '))?.slice('canary: '.length) ?? '',
      stacks: lines.filter((line) => / (?:updated|in sync) /.test(line)).length,
      condemned: lines.flatMap((line) => {
        const [, id = ''] = /^(ami-\w+) .* condemned {2}/.exec(line) ?? [];
        return parseImageId(id) ?? [];
      }),
      deleted: lines.filter((line) => / deleted {2}/.test(line)).length,
      seconds: (Date.now() - began) / 1000,
    };
  } finally {
    over.abort();
    await probing;
  }
}

interface AddedJob {
  readonly run: string;
  readonly env: Readonly<Record<string, string>>;
  readonly over: AbortSignal;
}

/** Runs the job that the canary adds to the build, as the agent of an instance of the image would. */
async function runAddedJob(
  { instance, engine, socket }: Machine,
  { agent, checkout, configure, directory }: DailyStage,
  { run, env, over }: AddedJob,
): Promise<void> {
  const step = await agent.addedStep(run, over);
  if (step === undefined) return;
  const marker = path.join(directory, 'marker-on-instance');
  await writeFile(marker, (await instance.read(MARKER)) ?? '');
  const there = { PATH: env['PATH'] ?? '', WARMBAKE_CONFIG: await configure(marker, socket) };
  const argv = [...step.command.split(' ').slice(1), '--source', checkout.remote];
  try {
    await warmbake(argv, { cwd: directory, env: { ...env, ...engine.env, ...there }, quiet: true });
  } catch (error) {
    console.error(String(error));
  }
}

/** `warmbake ami clean`, as an operator calls it. */
export async function cleanUp(dailyStage: DailyStage): Promise<void> {
  const config = await dailyStage.configure(MARKER, SOCKET);
  const env = awsEnvironment(dailyStage);
  await warmbake(['ami', 'clean', '--config', config], { cwd: dailyStage.directory, env });
}

function awsEnvironment({ engine, aws }: DailyStage): Readonly<Record<string, string>> {
  const { PATH = '', HOME = '' } = engine.env;
  return { PATH, HOME, ...MOTO_CREDENTIALS, AWS_ENDPOINT_URL: aws };
}

/** The days as a table. */
export function summary(days: readonly Day[]): readonly string[] {
  const rows = days.map(({ title, image, canary, stacks, condemned, deleted, seconds }) => {
    const [id = ''] = image.split(' ');
    const number = (name: string): string => new RegExp(`\\b${name}=(\\d+)`).exec(image)?.[1] ?? '?';
    const megabytes = (Number(number('bytes')) / 1e6).toFixed(1);
    return [
      title,
      id,
      `${number('warmed-executed')} + ${number('warmed-loaded')}`,
      `${number('executed')} + ${number('loaded')}, ${megabytes} MB`,
      canary,
      String(stacks),
      String(condemned.length),
      String(deleted),
      seconds.toFixed(1),
    ];
  });
  const head = ['day', 'image', 'warmed*', 'proof*', 'canary', 'stacks', 'condemned', 'deleted', 'seconds'];
  return [...tableLines(head, rows), '* steps executed + loaded'];
}
