import { existsSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { imageOf } from '../fake/furnish.ts';
import type { Running } from '../../../parts/part.ts';
import { MAIN, startLargeFleet, type Cost, type LargeFleet, type LargeOptions } from './fleet.ts';

const STACKS = 100;
const ROLLBACK = ['ami', 'rollback', '--reason', 'agents do not start', '--yes'] as const;
const fleets: Running[] = [];

beforeEach(({ skip }) => {
  if (!existsSync(MAIN)) skip('dist/ is missing: npm run build');
});
afterEach(async () => {
  for (const fleet of fleets.splice(0)) await fleet.stop();
});

async function start(options: Partial<LargeOptions> = {}): Promise<LargeFleet> {
  const fleet = await startLargeFleet({ stacks: STACKS, images: 10, ...options });
  fleets.push(fleet);
  return fleet;
}

/** Prints what a command cost, for the table in docs/machine-image.md; seconds depend on the machine, so calls alone are held to a bound. */
function shown(what: string, cost: Cost): Cost {
  const { calls, throttled, seconds, cpuSeconds, megabytes } = cost;
  const refused = throttled === 0 ? '' : `, ${throttled} of them refused`;
  process.stdout.write(
    `${what}: ${calls} calls${refused}, ${seconds.toFixed(1)} s, ${cpuSeconds.toFixed(1)} s of CPU, ${megabytes} MB\n`,
  );
  return cost;
}

function launched({ fake }: LargeFleet): ReadonlySet<string | undefined> {
  return new Set([...fake.state.stacks.keys()].map((stack) => imageOf(fake, stack)));
}

describe('a fleet of a hundred stacks, 40 ms away', () => {
  test('status takes 60 calls at most, in sync and after a rollback', async () => {
    const fleet = await start();
    const before = shown('status', await fleet.run('ami', 'status'));
    expect([before.exitCode, before.calls <= 60]).toEqual([0, true]);
    await fleet.run(...ROLLBACK);
    expect(shown('status after a rollback', await fleet.run('ami', 'status')).calls).toBeLessThanOrEqual(60);
  });

  test('a roll takes 3 calls a stack that is in sync, and 6 one that moves', async () => {
    const fleet = await start();
    const same = shown('roll, all in sync', await fleet.run('ami', 'roll'));
    expect([same.exitCode, same.calls <= 3 * STACKS]).toEqual([0, true]);
    const [, second = 'ami-'] = fleet.images;
    const moved = shown('roll, all move', await fleet.run('ami', 'roll', '--image', second));
    expect([moved.exitCode, moved.calls <= 6 * STACKS, [...launched(fleet)]]).toEqual([0, true, [second]]);
  });

  test.each([
    ['with new versions', false],
    ['with versions that are there', true],
  ])('a rollback %s takes 700 calls at most', async (how, hasVersions) => {
    const fleet = await start({ hasVersions });
    const { exitCode, calls } = shown(`rollback ${how}`, await fleet.run(...ROLLBACK));
    expect([exitCode, calls <= 700, [...launched(fleet)]]).toEqual([0, true, [fleet.images[1]]]);
  });

  test('a cleanup of 20,000 images reads them in pages of 1,000', async () => {
    const fleet = await start({ images: 20_000 });
    const { exitCode } = shown('clean of 20,000 images', await fleet.run('ami', 'clean'));
    const pages = fleet.front.calls.filter(({ action }) => action === 'ec2:DescribeImages');
    expect([exitCode, pages.length <= 25]).toEqual([0, true]);
  });

  test('a cleanup of 20,000 images does with 80 MB of heap', async () => {
    const fleet = await start({ images: 20_000, node: ['--max-old-space-size=80'] });
    expect(shown('clean with 80 MB of heap', await fleet.run('ami', 'clean')).exitCode).toBe(0);
  });
});

describe('throttled is slow, not failed', () => {
  test.each([
    ['CloudFormation', 'cloudformation', 10, STACKS],
    ['CloudFormation', 'cloudformation', 5, STACKS],
    ['CloudFormation', 'cloudformation', 1, 20],
    ['EC2', 'ec2', 5, STACKS],
    ['Auto Scaling', 'autoscaling', 5, STACKS],
    ['SSM', 'ssm', 5, STACKS],
  ])(
    'one rollback brings every stack back with %s (%s) at %i calls a second: %i stacks',
    async (name, service, perSecond, stacks) => {
      const fleet = await start({ stacks });
      fleet.front.allowances.set(service, { perSecond, burst: perSecond });
      const what = `rollback of ${stacks} stacks, ${name} at ${perSecond} calls a second`;
      const { exitCode, err } = shown(what, await fleet.run(...ROLLBACK));
      expect([exitCode, [...launched(fleet)]]).toEqual([0, [fleet.images[1]]]);
      expect(err).toContain(`… ${name} takes fewer requests than there are: going on at its pace`);
    },
    900_000,
  );

  test('a service that never answers is asked twice, and each stack says so', async () => {
    const fleet = await start();
    fleet.front.silent.add('cloudformation');
    const { exitCode, out, calls } = shown('status, CloudFormation silent', await fleet.run('ami', 'status'));
    expect(out).toContain('cloudformation:DescribeStacks (all stacks) got no answer in 2 attempts');
    expect([exitCode, calls <= 60]).toEqual([0, true]);
  });
});
