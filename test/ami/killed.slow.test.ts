import { execa } from 'execa';
import { existsSync } from 'node:fs';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { ImageId } from '../../src/ami/model/ids.ts';
import { MOTO_CREDENTIALS } from '../../parts/moto/server.ts';
import type { Running } from '../../parts/part.ts';
import { PROJECT } from '../../parts/project.ts';
import { conformingFleet } from './conforming-fleet.ts';
import { needsMoto } from '../tiers/moto.ts';
import { startFleet, useFront, type Fleet } from '../../parts/moto/fleet.ts';

/** The program as it is installed; `npm test` builds it. */
const MAIN = join(PROJECT, 'dist/src/main.js');
const isThere = (await needsMoto()) && existsSync(MAIN);

let fleet: Fleet & Running;
let bad: ImageId;
let good: ImageId;
let directory: string;

beforeEach(async ({ skip }) => {
  if (!isThere) skip('dist/ is missing: npm run build');
  fleet = conformingFleet(await startFleet({ days: 8 }));
  useFront(fleet.front);
  [bad = 'ami-', good = 'ami-'] = fleet.images;
  await fleet.run('ami', 'publish', bad);
  fleet.front.calls.length = 0;
  directory = await mkdtemp(join(tmpdir(), 'warmbake-killed-'));
}, 60_000);
afterEach(async () => {
  await fleet.stop();
  await rm(directory, { recursive: true, force: true });
});

/** Starts the program: no git, docker or Packer on its PATH. */
function start(...argv: readonly string[]) {
  return execa(process.execPath, [MAIN, ...argv, '--config', fleet.config], {
    cwd: directory,
    env: { ...MOTO_CREDENTIALS, AWS_ENDPOINT_URL: fleet.front.url, HOME: directory, PATH: '/nowhere' },
    extendEnv: false,
    reject: false,
    stdin: 'ignore',
  });
}

/** Runs the program, and sends it a signal at the `nth` request of `action`: before it is done, or before its answer. */
async function killedAt(
  argv: readonly string[],
  { action, nth, when, signal = 'SIGKILL' }: Point & { readonly signal?: 'SIGKILL' | 'SIGTERM' },
) {
  const child = start(...argv);
  let seen = 0;
  const strike = async (call: { readonly action: string }): Promise<boolean> => {
    if (call.action !== action) return false;
    seen += 1;
    if (seen !== nth) return false;
    child.kill(signal);
    await child;
    return true;
  };
  if (when === 'not-sent') {
    fleet.front.intercept = async (call) => ((await strike(call)) ? { status: 500, body: '' } : undefined);
  } else fleet.front.done = async (call) => void (await strike(call));
  const ended = await child;
  fleet.front.intercept = () => undefined;
  fleet.front.done = () => undefined;
  return ended;
}

interface Point {
  readonly action: string;
  readonly nth: number;
  readonly when: 'not-sent' | 'answer-lost';
}

/** What counts in the end, without times. */
async function condition(): Promise<unknown> {
  const { out } = await fleet.run('ami', 'status', '--json');
  const [family] = (JSON.parse(out) as { families: Record<string, unknown>[] }).families;
  const { desired, hold, stacks, images, drift } = family as {
    desired: { id: string };
    hold: { image?: string; leaves?: unknown };
    stacks: { name: string; activeVersion: number; latestVersion: number; activeImage: string }[];
    images: { id: string; state: string }[];
    drift: { message: string }[];
  };
  return {
    desired: desired.id,
    hold: [hold.image, hold.leaves],
    stacks: stacks.map(({ name, activeVersion, latestVersion, activeImage }) => [
      name,
      activeVersion,
      latestVersion,
      activeImage,
    ]),
    images: images.map(({ id, state }) => [id, state]),
    drift: drift.map(({ message }) => message),
  };
}

const ROLLBACK = ['ami', 'rollback', '--reason', 'agents do not start', '--yes'];

describe('L6: the real program, really killed, and run again', () => {
  const AFTER_ROLLBACK = () => ({
    desired: good,
    hold: [good, [bad]],
    stacks: ['pull-requests', 'main', 'small-release', 'release'].map((name) => [name, 2, 2, good]),
    images: fleet.images.map((id) => [id, id === bad ? 'revoked' : 'published']),
    drift: [],
  });

  const POINTS: readonly Point[] = [
    { action: 'ssm:PutParameter', nth: 1, when: 'answer-lost' },
    { action: 'ssm:PutParameter', nth: 2, when: 'not-sent' },
    { action: 'ec2:CreateLaunchTemplateVersion', nth: 2, when: 'answer-lost' },
    { action: 'autoscaling:UpdateAutoScalingGroup', nth: 3, when: 'not-sent' },
  ];

  test.each(POINTS)('a rollback at %o', { timeout: 60_000 }, async (point) => {
    // The killed one leaves its lock behind, too.
    const argv = [...ROLLBACK, '--state', directory];
    const killed = await killedAt(argv, point);
    expect(killed.signal).toBe('SIGKILL');
    const again = await start(...argv);
    expect([again.exitCode, again.stderr.includes('the lock was taken from')]).toEqual([0, true]);
    expect(await condition()).toEqual(AFTER_ROLLBACK());
  });

  test('a cleanup between an image and its snapshot', { timeout: 60_000 }, async () => {
    await fleet.furnish.condemn(fleet.images.slice(6));
    await killedAt(['ami', 'clean'], { action: 'ec2:DeregisterImage', nth: 1, when: 'answer-lost' });
    await start('ami', 'clean');
    await start('ami', 'clean');
    const { images } = (await condition()) as { images: readonly (readonly [string, string])[] };
    expect(images.map(([id]) => id)).toEqual(fleet.images.slice(0, 6));
  });

  test(
    'a roll that is told to stop gives its lock back, and says what finishes it',
    { timeout: 60_000 },
    async () => {
      const argv = ['ami', 'roll', '--image', good, '--state', directory];
      const point = { action: 'autoscaling:UpdateAutoScalingGroup', nth: 1, when: 'not-sent' } as const;
      const stopped = await killedAt(argv, { ...point, signal: 'SIGTERM' });
      expect(stopped.exitCode).toBe(143);
      const { out } = await fleet.run('ami', 'status', '--state', directory);
      expect(out).toMatch(/^lock +free$/m);
      expect(out).toContain(`finish it with:  warmbake ami roll --image ${good}`);
      expect((await start(...argv)).exitCode).toBe(0);
      expect((await fleet.run('ami', 'status', '--state', directory)).out).not.toContain('finish it with');
    },
  );

  test('a killed roll’s lock keeps others out, but not a rollback', { timeout: 60_000 }, async () => {
    const point = { action: 'autoscaling:UpdateAutoScalingGroup', nth: 1, when: 'not-sent' } as const;
    await killedAt(['ami', 'roll', '--image', good, '--state', directory], point);
    const other = await start('ami', 'clean', '--state', directory);
    expect([other.exitCode, other.stderr]).toEqual([4, expect.stringContaining('another run is at work')]);
    expect((await start(...ROLLBACK, '--state', directory)).exitCode).toBe(0);
  });
});

describe('two at once', () => {
  /** Active version, latest version and image of each stack. */
  const stacks = async () =>
    ((await condition()) as { stacks: readonly (readonly unknown[])[] }).stacks.map(([, ...rest]) => rest);
  const TWO = () => Array.from({ length: 4 }, () => [2, 2, good]);

  test(
    'with a state store, the second one is refused and the first one goes on',
    { timeout: 60_000 },
    async () => {
      const argv = ['ami', 'roll', '--image', good, '--state', directory];
      const ended = await Promise.all([start(...argv), start(...argv), start(...argv)]);
      const codes = ended.map(({ exitCode }) => exitCode);
      expect(codes).toContain(0);
      expect(codes.filter((code) => code !== 0 && code !== 4)).toEqual([]);
      expect(await stacks()).toEqual(TWO());
      expect(await readdir(join(directory, 'ami', 'cpu'))).toEqual(['lock.json', 'runs']);
    },
  );

  test(
    'without one, two rolls of the same image make one version each stack',
    { timeout: 60_000 },
    async () => {
      const argv = ['ami', 'roll', '--image', good];
      const ended = await Promise.all([start(...argv), start(...argv)]);
      expect(ended.map(({ exitCode }) => exitCode)).toEqual([0, 0]);
      expect(await stacks()).toEqual(TWO());
    },
  );

  test.each([
    ['a rebuild', ['rebuild', '--canary-watch', '0s'], 'autoscaling:UpdateAutoScalingGroup', /is held by/],
    ['a roll', ['roll'], 'ec2:CreateLaunchTemplateVersion', /the lock (?:is gone|was taken)/],
  ])(
    'a rollback in the middle of %s: the job stops, and the rollback stands',
    { timeout: 60_000 },
    async (_, words, at, because) => {
      const next = await fleet.furnish.addImage('app-build-20990101000000', {
        'warmbake:family': 'cpu',
        'warmbake:state': 'candidate',
        'warmbake:run': 'next',
      });
      let isBack = false;
      fleet.front.intercept = async ({ action }) => {
        if (action !== at || isBack) return undefined;
        isBack = true;
        // The operator comes while the job's first write is on its way.
        await start(...ROLLBACK, '--state', directory);
        return undefined;
      };
      const job = await start('ami', ...words, '--image', next, '--state', directory);
      expect([job.exitCode, job.stderr]).toEqual([4, expect.stringMatching(because)]);
      expect(await condition()).toMatchObject({ desired: good, hold: [good, [bad]] });
      // What was on its way cannot be called back: status names it, and a roll puts it right.
      expect((await start('ami', 'roll', '--state', directory)).exitCode).toBe(0);
      expect((await stacks()).map(([, , image]) => image)).toEqual([good, good, good, good]);
    },
  );
});
