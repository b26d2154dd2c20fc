import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { ImageId } from '../../src/ami/model/ids.ts';
import type { IamPolicy } from '../../src/platform/iam-policy.ts';
import { MOTO_ACCOUNT } from '../../parts/moto/server.ts';
import type { Running } from '../../parts/part.ts';
import { conformingFleet } from './conforming-fleet.ts';
import { needsMoto } from '../tiers/moto.ts';
import { authorizationsOf } from '../iam/authorizations.ts';
import { unseenActions } from '../iam/unseen.ts';
import { allows } from '../iam/simulate.ts';
import { STACKS, startFleet, useFront, type Fleet } from '../../parts/moto/fleet.ts';
import type { AwsCall } from '../../parts/moto/front.ts';

const isThere = await needsMoto();
let fleet: Fleet & Running;
let bad: ImageId;
let good: ImageId;
const recorded: AwsCall[] = [];

beforeAll(async () => {
  if (!isThere) return;
  fleet = conformingFleet(await startFleet({ days: 7 }));
  useFront(fleet.front);
  [bad = 'ami-', good = 'ami-'] = fleet.images;
  const instance = await fleet.furnish.addInstance(bad);
  await fleet.run('ami', 'publish', bad);
  const { families } = JSON.parse((await fleet.run('ami', 'status', '--json')).out) as {
    readonly families: readonly { readonly stacks: readonly { readonly group: string }[] }[];
  };
  await fleet.furnish.attach(instance, families[0]?.stacks[1]?.group ?? '');
  fleet.front.calls.length = 0;
});
afterAll(async () => {
  if (isThere) await fleet.stop();
});
beforeEach(() => {
  recorded.push(...fleet.front.calls);
  fleet.front.calls.length = 0;
});

function writes(): readonly string[] {
  return fleet.front.calls
    .map(({ action }) => action)
    .filter((action) => !/:(?:Describe|Get|List)/.test(action));
}

describe('at three in the morning', () => {
  test('status shows what runs, and finds the fleet in order', async () => {
    const { exitCode, out } = await fleet.run('ami', 'status', '--max-age', '48h', '--require-in-sync');
    expect(exitCode).toBe(0);
    expect(out).toMatch(new RegExp(`^desired +${bad} \\(app-build-\\d{14}, published, 1.0 h old\\)$`, 'm'));
    expect(out).toMatch(new RegExp(`^main +yes +${bad} +1.0 h +- +1 +1$`, 'm'));
    expect(out).toMatch(/^IMAGE +INSTANCE +STACK +STATE +UP +WORK$/m);
    expect(out).toContain('no drift');
    expect(writes()).toEqual([]);
  });

  test('list says why an image was revoked, however many use it', async () => {
    const [, , , fourth = ''] = fleet.images;
    await fleet.run('ami', 'revoke', fourth, '--reason', 'disk is full after boot');
    const { out } = await fleet.run('ami', 'list');
    expect(out).toMatch(new RegExp(`^${fourth} +revoked .*revoked by .*: disk is full after boot`, 'm'));
    await fleet.run('ami', 'unrevoke', fourth);
    fleet.front.calls.length = 0;
  });

  test('list shows every image, and what a cleanup would do', async () => {
    const { out } = await fleet.run('ami', 'list');
    expect(out.split('\n')).toHaveLength(7 + 5);
    expect(out).toMatch(/^[\d-]{10}: 105 GiB in snapshots, 0 h of building$/m);
    expect(out).toMatch(/^ami-00000000000000007 +published +condemn +.*not needed any more$/m);
  });

  test('a rollback wants a reason', async () => {
    expect(await fleet.run('ami', 'rollback', '--yes')).toMatchObject({
      exitCode: 2,
      err: expect.stringContaining('a reason is needed'),
    });
  });

  test('a rollback asks; where nobody can answer it wants --yes', async () => {
    const { exitCode, err } = await fleet.run('ami', 'rollback', '--reason', 'agents do not start');
    expect([exitCode, err, writes()]).toEqual([2, expect.stringContaining('nobody can be asked here'), []]);
  });

  test('a dry run shows the plan: image, and from where to where each stack goes', async () => {
    const { exitCode, out } = await fleet.run('ami', 'rollback', '--reason', 'x', '--dry-run');
    expect(exitCode).toBe(0);
    expect(out).toMatch(new RegExp(`^back to +${good} `, 'm'));
    expect(out).toMatch(
      new RegExp(`^main +would change +${bad} \\(version 1\\) +${good} \\(new version\\)$`, 'm'),
    );
    expect(writes()).toEqual([]);
  });

  test('the rollback brings all stacks back, and says what to do about machines that still run', async () => {
    const { exitCode, out } = await fleet.run('ami', 'rollback', '--reason', 'agents do not start', '--yes');
    expect(exitCode).toBe(0);
    for (const stack of STACKS) {
      expect(out).toMatch(
        new RegExp(`^${stack} +updated +${bad} \\(version 1\\) +${good} \\(version 2\\)$`, 'm'),
      );
    }
    expect(out).toContain(`${bad} is revoked`);
    expect(out).toContain(`the only instance runs ${bad}, which was left`);
    expect(out).toContain(`warmbake ami rollback --family cpu --to ${good} --drain --reason …`);
    expect(out).toContain(`warmbake ami rollback --family cpu --to ${fleet.images[2]} --reason …`);
    expect(new Set(writes())).toEqual(
      new Set([
        'ssm:PutParameter',
        'ec2:CreateLaunchTemplateVersion',
        'autoscaling:UpdateAutoScalingGroup',
        'ec2:CreateTags',
      ]),
    );
  });

  test('the same command again changes nothing', async () => {
    const { exitCode, out } = await fleet.run('ami', 'rollback', '--reason', 'agents do not start', '--yes');
    expect([exitCode, writes()]).toEqual([0, []]);
    expect(out).toContain(`is ${good}`);
    expect(out).toContain('already, and held');
  });

  test('--drain drains what still runs the bad image, once the rollback is done', async () => {
    const again = ['rollback', '--reason', 'agents do not start', '--drain', '--yes'];
    const { exitCode, out } = await fleet.run('ami', ...again, '--json');
    expect([exitCode, writes()]).toEqual([0, ['autoscaling:TerminateInstanceInAutoScalingGroup']]);
    expect(JSON.parse(out)).toMatchObject({ drained: [{ id: expect.stringMatching(/^i-/) }] });
  });

  test('watch ends when the old image is gone, a document a line with --json', async () => {
    const { exitCode, out } = await fleet.run('ami', 'watch', '--for', '1m', '--every', '1s', '--json');
    expect(exitCode).toBe(0);
    const lines = out.trim().split('\n');
    expect(JSON.parse(lines.at(-1) ?? '')).toMatchObject({ image: good, done: true, old: { instances: 0 } });
    expect(writes()).toEqual([]);
  });

  test('tomorrow’s job releases nothing: it says who holds and why, and exits 0', async () => {
    const next = await fleet.furnish.addImage(`app-build-${digits(new Date())}`, {
      'warmbake:family': 'cpu',
      'warmbake:state': 'candidate',
      'warmbake:run': 'next',
    });
    const { exitCode, out } = await fleet.run('ami', 'rebuild', '--image', next);
    expect([exitCode, writes()]).toEqual([0, []]);
    expect(out).toMatch(/^held by .*: agents do not start$/m);
    expect((await fleet.run('ami', 'publish', next)).exitCode).toBe(4);
  });

  test('what is no image id is a mistake of the command line, and asks nobody', async () => {
    for (const argv of [
      ['publish', 'ami-123'],
      ['revoke', 'latest', '--reason', 'x'],
      ['unrevoke', 'i-0123456789abcdef0'],
      ['roll', '--image', 'ami-x'],
      ['rollback', '--to', 'ami-x', '--reason', 'x', '--yes'],
    ])
      expect([argv, (await fleet.run('ami', ...argv)).exitCode]).toEqual([argv, 2]);
    expect(writes()).toEqual([]);
  });

  test('an impossible target writes nothing and lists the possible ones', async () => {
    const { exitCode, err } = await fleet.run('ami', 'rollback', '--to', bad, '--reason', 'x', '--yes');
    expect([exitCode, writes()]).toEqual([4, []]);
    expect(err).toContain(`${bad} was revoked by`);
    expect(err).toContain(`  ${fleet.images[2]}  app-build-`);
  });

  test('status under the hold names it, and keeps alarming about the age', async () => {
    const { exitCode, out, err } = await fleet.run('ami', 'status', '--max-age', '24h');
    expect(exitCode).toBe(1);
    expect(out).toMatch(/^hold +held by .*: agents do not start$/m);
    expect(err).toContain(`${good} is 25.0 h old; 24h is allowed`);
  });

  test('status --json is what the interface promises', async () => {
    const { out } = await fleet.run('ami', 'status', '--json');
    expect(JSON.parse(out)).toMatchObject({
      schemaVersion: 1,
      families: [
        {
          key: 'cpu',
          desired: { state: 'image', id: good },
          hold: { state: 'held', image: good, leaves: [bad], reason: 'agents do not start' },
          stacks: STACKS.map((name) => ({
            name,
            activeVersion: 2,
            activeImage: good,
            latestVersion: 2,
            inSync: true,
          })),
          images: expect.arrayContaining([
            expect.objectContaining({ id: bad, state: 'revoked', keep: true, because: expect.any(Array) }),
          ]),
          lock: { state: 'no-store' },
        },
      ],
    });
  });

  test('history tells who did what, when and why', async () => {
    const { out } = await fleet.run('ami', 'history');
    expect(out).toMatch(new RegExp(`revoked ${bad}: agents do not start$`, 'm'));
    expect(out).toMatch(new RegExp(`went back to ${good} from ${bad}$`, 'm'));
    expect(out).toMatch(new RegExp(`held ${good}: agents do not start$`, 'm'));
    expect(out).toMatch(new RegExp(`made version 2 for main: ${good} by warmbake, else as version 1$`, 'm'));
  });

  test('release lets the next job publish; hold, revoke and unrevoke do what they say', async () => {
    expect((await fleet.run('ami', 'release')).out).toContain('is released');
    expect((await fleet.run('ami', 'release')).out).toContain('is not held');
    expect((await fleet.run('ami', 'hold', '--reason', 'release week', '--until', '3d')).out).toContain(
      'is held until',
    );
    expect((await fleet.run('ami', 'hold', '--reason', 'x', '--until', 'soon')).exitCode).toBe(2);
    await fleet.run('ami', 'release');
    expect((await fleet.run('ami', 'unrevoke', bad)).out).toBe(`${bad} is published again\n`);
    expect((await fleet.run('ami', 'revoke', bad, '--reason', 'again')).out).toBe(
      `${bad} is revoked: again\n`,
    );
    await fleet.run('ami', 'unrevoke', bad);
    expect((await fleet.run('ami', 'publish', bad)).exitCode).toBe(0);
  });
});

describe('the policy of an operator', () => {
  const printed = async (role: string) => {
    const { out } = await fleet.run('iam', role, '--account', MOTO_ACCOUNT);
    return JSON.parse(out) as IamPolicy;
  };

  test('allows what these commands did', async () => {
    const policy = await printed('operator');
    const tags = { 'warmbake:family': 'cpu' };
    const asked = recorded.flatMap((call) => authorizationsOf(call, { account: MOTO_ACCOUNT, tags }));
    expect(asked.filter((one) => !allows(policy, one))).toEqual([]);
  });

  test('allows nothing else; what Auto Scaling checks is not seen', async () => {
    expect(unseenActions(await printed('operator'), recorded)).toEqual(['ec2:RunInstances', 'iam:PassRole']);
  });

  test('that of a monitor allows status, list and history, and nothing else', async () => {
    const calls: AwsCall[] = [];
    for (const command of ['status', 'list', 'history']) {
      fleet.front.calls.length = 0;
      expect((await fleet.run('ami', command)).exitCode).toBe(0);
      calls.push(...fleet.front.calls);
    }
    const policy = await printed('monitor');
    const asked = calls.flatMap((call) => authorizationsOf(call, { account: MOTO_ACCOUNT, tags: {} }));
    expect(asked.filter((one) => !allows(policy, one))).toEqual([]);
    expect(unseenActions(policy, calls)).toEqual([]);
  });
});

function digits(date: Date): string {
  return date.toISOString().replaceAll(/\D/g, '').slice(0, 14);
}
