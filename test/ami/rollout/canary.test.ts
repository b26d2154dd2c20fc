import { describe, expect, test } from 'vitest';
import type { Activity, Instance } from '../../../src/ami/model/account.ts';
import { judgeCanary, type CanaryVerdict } from '../../../src/ami/rollout/canary.ts';
import { tryCanary, type CanaryOptions } from '../../../src/ami/rollout/try-canary.ts';
import type { Event } from '../../../src/platform/events.ts';
import { FAMILY } from '../family.ts';
import { FakeAccount } from '../fake/account.ts';
import { addImage, addInstance, addStack, imageOf, setParameter } from '../fake/furnish.ts';
import { hostOf } from '../fake/host.ts';

const START = Date.parse('2026-08-21T12:00:00Z');

/** One second, as minutes. */
const SECOND = 1 / 60;

const at = (minutes: number): Date => new Date(START + minutes * 60_000);

function launch(id: string, minutes: number): Activity {
  const description = `Launching a new EC2 instance: ${id}`;
  return { startedAt: at(minutes), status: 'Successful', description, cause: 'a scale-out', message: '' };
}

function failedLaunch(message: string): Activity {
  const description = `Launching a new EC2 instance.  Status Reason: ${message}`;
  return { startedAt: at(1), status: 'Failed', description, cause: 'a scale-out', message };
}

function end(id: string, minutes: number, cause: string): Activity {
  return {
    startedAt: at(minutes),
    status: 'Successful',
    description: `Terminating EC2 instance: ${id}`,
    cause,
    message: '',
  };
}

function running(launched: number): Instance {
  return { id: 'i-0a', image: 'ami-1', state: 'running', launchedAt: at(launched) };
}

const DEAD =
  'At 2026-08-21T12:02:00Z an instance was taken out of service in response to an EC2 health check indicating it has been terminated or stopped.';
const WISHED =
  'At 2026-08-21T12:05:00Z instance i-0a was taken out of service in response to a user request.';
const RECLAIMED =
  'At 2026-08-21T12:05:00Z an instance was taken out of service in response to an EC2 Spot Instance interruption.';

describe('what a canary says of the candidate', () => {
  const CASES: readonly (readonly [
    string,
    readonly Activity[],
    readonly Instance[],
    CanaryVerdict['verdict'],
  ])[] = [
    ['nothing was launched', [], [], 'nothing-launched'],
    ['an instance has been up for three minutes', [launch('i-0a', 7)], [running(7)], 'proven'],
    [
      'an instance could still switch itself off, as one does within three minutes that cannot boot',
      [launch('i-0a', 7)],
      [running(7 + SECOND)],
      'undecided',
    ],
    ['an instance is only just up', [launch('i-0a', 9)], [running(9)], 'undecided'],
    ['an instance did its job and ended', [launch('i-0a', 1), end('i-0a', 2, WISHED)], [], 'proven'],
    ['an instance was taken back by EC2', [launch('i-0a', 1), end('i-0a', 5, RECLAIMED)], [], 'undecided'],
    ['one instance died while it booted', [launch('i-0a', 1), end('i-0a', 3, DEAD)], [], 'undecided'],
    [
      'two instances died while they booted',
      [launch('i-0a', 1), end('i-0a', 3, DEAD), launch('i-0b', 4), end('i-0b', 6, DEAD)],
      [],
      'image-fault',
    ],
    [
      'two instances died while they booted, and the health check took minutes to see it',
      [launch('i-0a', 0), end('i-0a', 8, DEAD), launch('i-0b', 0), end('i-0b', 9, DEAD)],
      [],
      'image-fault',
    ],
    [
      'instances died long after they booted',
      [launch('i-0a', 0), end('i-0a', 11, DEAD), launch('i-0b', 0), end('i-0b', 12, DEAD)],
      [],
      'undecided',
    ],
    [
      'the image is gone',
      [failedLaunch("The image id '[ami-0a]' does not exist. Launching EC2 instance failed.")],
      [],
      'image-fault',
    ],
    [
      'the image is not ready',
      [failedLaunch('AMI ami-0a is pending, and cannot be run. Launching EC2 instance failed.')],
      [],
      'image-fault',
    ],
    [
      'the image is of another architecture',
      [
        failedLaunch(
          "The architecture 'arm64' of the specified instance type does not match the architecture 'x86_64' of the specified AMI.",
        ),
      ],
      [],
      'image-fault',
    ],
    [
      'its volume is too small for it',
      [failedLaunch("Volume of size 8GB is smaller than snapshot 'snap-0a', expect size>= 512GB.")],
      [],
      'image-fault',
    ],
    [
      'its key may not be used',
      [failedLaunch('Client.InternalError: Client error on launch.')],
      [],
      'image-fault',
    ],
    [
      'there are no machines',
      [
        failedLaunch(
          'We currently do not have sufficient r6in.large capacity in the Availability Zone you requested (us-east-1a).',
        ),
      ],
      [],
      'no-capacity',
    ],
    [
      'the account has reached a limit',
      [failedLaunch('You have requested more vCPU capacity than your current vCPU limit of 64 allows.')],
      [],
      'no-capacity',
    ],
    [
      'there were no machines at first, then one came up',
      [failedLaunch('Could not launch Spot Instances. InsufficientInstanceCapacity'), launch('i-0a', 2)],
      [running(2)],
      'proven',
    ],
  ];

  test.each(CASES)('%s', (_, activities, instances, verdict) => {
    expect(judgeCanary({ activities, instances, now: at(10) }).verdict).toBe(verdict);
  });
});

describe('trying a candidate', () => {
  function world() {
    const fake = new FakeAccount();
    const old = addImage(fake, { daysOld: 1 });
    const { id: image } = addImage(fake);
    const { group } = addStack(fake, 'pull-requests', { image: old.id });
    addStack(fake, 'main', { image: old.id });
    setParameter(fake, FAMILY.parameter, old.id);
    return { fake, old: old.id, image, group };
  }

  async function tryIt({ fake, image }: ReturnType<typeof world>, change: Partial<CanaryOptions> = {}) {
    const events: Event[] = [];
    const options = { family: FAMILY, canary: FAMILY.canary!, image, dryRun: false, ...change };
    const report = await tryCanary(fake.ports, hostOf(fake, events), options);
    return { report, events };
  }

  function say(fake: FakeAccount, group: string, activity: Activity): void {
    fake.state.activities.set(group, [activity, ...(fake.state.activities.get(group) ?? [])]);
  }

  test('gives it to the canary alone, and is content when an instance stays up', async () => {
    const fixture = world();
    addInstance(fixture.fake, { image: fixture.image, group: fixture.group });
    const { report } = await tryIt(fixture);
    expect(report.verdict.verdict).toBe('proven');
    expect([imageOf(fixture.fake, 'pull-requests'), imageOf(fixture.fake, 'main')]).toEqual([
      fixture.image,
      fixture.old,
    ]);
    expect(fixture.fake.clock.now().getTime() - START).toBeLessThanOrEqual(4 * 60_000);
  });

  test('takes it off the canary when its launches fail for its sake, and stops', async () => {
    const fixture = world();
    say(fixture.fake, fixture.group, failedLaunch("The image id '[ami-0a]' does not exist."));
    await expect(tryIt(fixture)).rejects.toMatchObject({
      kind: 'check',
      code: 'canary-fault',
      message: `${fixture.image} failed on canary 'pull-requests': The image id '[ami-0a]' does not exist.; 'pull-requests' launches ${fixture.old} again`,
    });
    expect(imageOf(fixture.fake, 'pull-requests')).toBe(fixture.old);
    expect(fixture.fake.state.templates.get('lt-00000000000000001')).toHaveLength(2);
  });

  test('goes on with a warning when there is no capacity, or nothing to launch', async () => {
    const fixture = world();
    const { report, events } = await tryIt(fixture);
    expect(report.verdict).toEqual({ verdict: 'nothing-launched' });
    expect(events).toContainEqual(expect.objectContaining({ type: 'warning' }));
    expect(imageOf(fixture.fake, 'pull-requests')).toBe(fixture.image);
    expect(fixture.fake.clock.now().getTime() - START).toBe(10 * 60_000);
  });

  test('stops without proof where proof is required', async () => {
    const fixture = world();
    const canary = { ...FAMILY.canary!, requireProof: true };
    await expect(tryIt(fixture, { canary })).rejects.toMatchObject({
      kind: 'check',
      code: 'canary-unproven',
    });
    expect(imageOf(fixture.fake, 'pull-requests')).toBe(fixture.old);
  });

  test('does not wait where nothing shall be watched', async () => {
    const fixture = world();
    const { report } = await tryIt(fixture, { canary: { ...FAMILY.canary!, watchMs: 0 } });
    expect(report.verdict.verdict).toBe('not-watched');
    expect(fixture.fake.clock.now().getTime()).toBe(START);
  });

  test('believes a job on an instance of the candidate more than an instance that is up', async () => {
    const fixture = world();
    addInstance(fixture.fake, { image: fixture.image, group: fixture.group });
    let cancelled = false;
    const sendProbe = async () => ({
      answer: async () =>
        fixture.fake.clock.now().getTime() < START + 5 * 60_000
          ? undefined
          : ({ verdict: 'image-fault', because: 'the store is cold: 3 steps executed' } as const),
      cancel: async () => void (cancelled = true),
    });
    await expect(tryIt(fixture, { sendProbe })).rejects.toThrow('the store is cold: 3 steps executed');
    expect([imageOf(fixture.fake, 'pull-requests'), cancelled]).toEqual([fixture.old, true]);
  });

  test('says so where there is nothing to go back to', async () => {
    const fixture = world();
    setParameter(fixture.fake, FAMILY.parameter, fixture.image);
    say(fixture.fake, fixture.group, failedLaunch('AMI ami-0a is pending, and cannot be run.'));
    await expect(tryIt(fixture)).rejects.toThrow('still launches it, as no earlier image is known');
  });

  test('does not begin where the canary stack cannot be moved', async () => {
    const fixture = world();
    fixture.fake.state.stacks.delete('pull-requests');
    await expect(tryIt(fixture)).rejects.toMatchObject({ code: 'stack-missing' });
  });
});
