import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { canaryJob } from '../../../src/ami/jobs/canary.ts';
import { cleanJob } from '../../../src/ami/jobs/clean.ts';
import type { OpenFamily } from '../../../src/ami/jobs/open-family.ts';
import { publishJob } from '../../../src/ami/jobs/publish.ts';
import { rebuildJob } from '../../../src/ami/jobs/rebuild.ts';
import { rollJob } from '../../../src/ami/jobs/roll.ts';
import { rollbackJob } from '../../../src/ami/jobs/rollback.ts';
import { holdParameter, printHold } from '../../../src/ami/model/hold.ts';
import { JOURNAL_FOLDER } from '../../../src/ami/rollout/locked-account.ts';
import { TAG } from '../../../src/ami/model/tags.ts';
import { WarmbakeError } from '../../../src/platform/errors.ts';
import { openDirectoryStore } from '../../../src/state/directory-store.ts';
import { readRuns } from '../../../src/state/journal.ts';
import { openHost, type FixtureHost } from '../../registry/fixture-host.ts';
import { FAMILY, HOUR } from '../family.ts';
import type { FakeAccount } from '../fake/account.ts';
import { conditionOf } from '../fake/condition.ts';
import { addImage, addInstance, imageOf, setParameter } from '../fake/furnish.ts';
import { refused } from '../fake/ports.ts';
import { fleetOf } from '../operations.ts';

let world: FixtureHost;
beforeEach(async () => {
  world = await openHost({ env: { WARMBAKE_CI: 'other', WARMBAKE_CI_ACTOR: 'ann' } });
});
afterEach(async () => await world[Symbol.asyncDispose]());

const everywhere = (fake: FakeAccount) => FAMILY.stacks.map((stack) => imageOf(fake, stack));

/** A week's fleet, today's candidate on an instance of the canary, and a state store. */
function opened() {
  const { fake, good, bad, stacks } = fleetOf(4);
  const tags = { [TAG.family]: 'cpu', [TAG.state]: 'candidate', [TAG.run]: 'run-0' };
  const today = addImage(fake, { tags });
  addInstance(fake, { image: today.id, group: stacks.get(FAMILY.canary!.stack)!.group });
  const store = openDirectoryStore(join(world.home, 'state'));
  const open: OpenFamily = { family: FAMILY, account: fake.ports, store };
  const host = { ...world, clock: fake.clock };
  const lastRun = async () => (await readRuns(store, JOURNAL_FOLDER, { limit: 1 }))[0];
  return { fake, good, bad, today, open, host, lastRun };
}

describe('the jobs, called as a library', () => {
  test('the daily job brings a finished image to every stack, under the lock and in the journal', async () => {
    const { fake, today, open, host, lastRun } = opened();
    const request = { image: { written: today.id }, canary: {}, dryRun: false };
    const rebuilt = await rebuildJob(host, open, request);
    expect(rebuilt).toMatchObject({
      report: { outcome: 'rolled', canary: { verdict: { verdict: 'proven' } } },
    });
    expect(everywhere(fake)).toEqual(FAMILY.stacks.map(() => today.id));
    expect(await lastRun()).toMatchObject({
      by: 'ann',
      command: 'warmbake ami rebuild --family cpu',
      job: 'rebuild',
      image: today.id,
      ended: { outcome: 'done' },
    });
  });

  test('a plan of the daily job writes nothing, not even the journal', async () => {
    const { fake, today, open, host, lastRun } = opened();
    const request = { image: { written: today.id }, canary: {}, dryRun: true };
    expect(await rebuildJob(host, open, request)).toMatchObject({ report: { outcome: 'planned' } });
    expect(fake.writes).toEqual([]);
    expect(await lastRun()).toBeUndefined();
  });

  describe('the same run again after a failed canary', () => {
    const failing = () => {
      const met = opened();
      const { fake } = met;
      fake.state.instances.clear();
      const group = [...fake.state.groups.keys()].find((name) => name.startsWith(FAMILY.canary!.stack))!;
      fake.state.activities.set(group, [
        {
          startedAt: fake.clock.now(),
          status: 'Failed',
          description: 'Launching a new EC2 instance.',
          cause: 'a scale-out',
          message: "The image id '[ami-0a]' does not exist.",
        },
      ]);
      // A lock is renewed by the clock, which runs ahead here.
      const open: OpenFamily = { family: FAMILY, account: fake.ports };
      return { ...met, open, repair: () => fake.state.activities.clear(), group };
    };
    const request = ({ today }: ReturnType<typeof failing>) => ({
      image: { written: today.id },
      canary: {},
      dryRun: false,
    });

    test('writes nothing, says so, and what to do', async () => {
      const met = failing();
      const { fake, open, host, bad } = met;
      const failed = { kind: 'check', code: 'canary-fault' };
      await expect(rebuildJob(host, open, request(met))).rejects.toMatchObject(failed);
      fake.gate.revive();
      fake.clock.advance(HOUR);
      const before = conditionOf(fake);
      await expect(rebuildJob(host, open, request(met))).rejects.toMatchObject({
        kind: 'check',
        code: 'canary-failed-before',
        message: expect.stringMatching(
          /failed on its canary at 2026-.*Z: The image id '\[ami-0a\]' does not exist\.; nothing was written/,
        ),
        hint: expect.stringContaining(`warmbake ami canary ${met.today.id} --family cpu`),
      });
      expect([fake.writes, conditionOf(fake)]).toEqual([[], before]);
      expect(everywhere(fake)).toEqual(FAMILY.stacks.map(() => bad.id));
    });

    test('under a hold it is held, as every other image', async () => {
      const met = failing();
      const { fake, open, host, bad } = met;
      await expect(rebuildJob(host, open, request(met))).rejects.toMatchObject({ kind: 'check' });
      const hold = { image: bad.id, by: 'ann', reason: 'no', since: fake.clock.now() };
      setParameter(fake, holdParameter(FAMILY), printHold(hold));
      expect(await rebuildJob(host, open, request(met))).toMatchObject({ report: { outcome: 'held' } });
    });

    test('goes on where somebody has tried the image once more, and it was proved', async () => {
      const met = failing();
      const { fake, open, host, today, group } = met;
      await expect(rebuildJob(host, open, request(met))).rejects.toMatchObject({ kind: 'check' });
      met.repair();
      addInstance(fake, { image: today.id, group });
      await canaryJob(host, open, { written: today.id, dryRun: false });
      await rebuildJob(host, open, request(met));
      expect(everywhere(fake)).toEqual(FAMILY.stacks.map(() => today.id));
    });

    test('tries again where the canary could not be put back', async () => {
      const met = failing();
      const { fake, open, host, bad } = met;
      let rolled = 0;
      fake.gate.before = ({ name }) => {
        if (name === 'groups.relaunch' && (rolled += 1) === 2)
          throw refused('autoscaling:UpdateAutoScalingGroup', 'AccessDenied');
      };
      const failed = { kind: 'check', code: 'canary-fault' };
      await expect(rebuildJob(host, open, request(met))).rejects.toMatchObject(failed);
      await expect(rebuildJob(host, open, request(met))).rejects.toMatchObject(failed);
      expect(everywhere(fake)).toEqual(FAMILY.stacks.map(() => bad.id));
    });

    test('tries again where nothing was proved for want of machines', async () => {
      const met = failing();
      const { host } = met;
      const open = {
        ...met.open,
        family: { ...FAMILY, canary: { ...FAMILY.canary!, requireProof: true } },
      };
      met.repair();
      const unproven = { kind: 'check', code: 'canary-unproven' };
      await expect(rebuildJob(host, open, request(met))).rejects.toMatchObject(unproven);
      await expect(rebuildJob(host, open, request(met))).rejects.toMatchObject(unproven);
    });
  });

  test('a build without an id of its run is refused before anything is asked', async () => {
    const { fake, open, host } = opened();
    const settings = async () => await Promise.reject(new Error('asked'));
    const request = { image: { build: { settings } }, canary: {}, dryRun: false };
    await expect(rebuildJob(host, open, request)).rejects.toMatchObject({ kind: 'usage', code: 'bad-run' });
    expect(fake.writes).toEqual([]);
  });

  test('a stack that fails is the error of the roll, and the journal says that it failed', async () => {
    const { fake, open, host, lastRun } = opened();
    const [first = '', second = ''] = FAMILY.stacks;
    fake.state.stacks.delete(second);
    const rolled = await rollJob(host, open, { stacks: [first, second], dryRun: false });
    expect(rolled.stacks.map(({ outcome }) => outcome)).toEqual(['unchanged', 'failed']);
    expect(rolled.error?.message).toContain(second);
    expect((await lastRun())?.ended?.outcome).toBe('failed');
  });

  test('a stack that is named twice is rolled once, and is not the whole family', async () => {
    const { open, host } = opened();
    const [first = ''] = FAMILY.stacks;
    const stacks = FAMILY.stacks.map(() => first);
    const rolled = await rollJob(host, open, { stacks, dryRun: false });
    expect(rolled.stacks.map(({ stack }) => stack)).toEqual([first]);
  });

  test('a stack of nobody is refused', async () => {
    const { open, host } = opened();
    await expect(rollJob(host, open, { stacks: ['other'], dryRun: true })).rejects.toMatchObject({
      code: 'stack-unknown',
    });
  });

  test('under a hold the canary is refused, and publishing is', async () => {
    const { fake, today, open, host } = opened();
    const since = fake.clock.now();
    setParameter(fake, holdParameter(FAMILY), printHold({ by: 'ann', reason: 'release week', since }));
    const request = { written: today.id, dryRun: false };
    await expect(canaryJob(host, open, request)).rejects.toMatchObject({ kind: 'refused', code: 'held' });
    await expect(publishJob(host, open, request)).rejects.toMatchObject({ kind: 'refused' });
    expect(everywhere(fake)).not.toContain(today.id);
  });

  test('the watch of the canary can be another one: with none nothing is watched', async () => {
    const { today, open, host } = opened();
    const request = { written: today.id, dryRun: false, watchMs: 0 };
    expect((await canaryJob(host, open, request)).report.verdict).toEqual({ verdict: 'not-watched' });
  });

  test('a rollback that is not confirmed writes nothing; confirmed, it goes back everywhere', async () => {
    const { fake, good, bad, open, host, lastRun } = opened();
    const request = {
      goal: { kind: 'last-good' },
      reason: "agents don't start",
      revokes: true,
      dryRun: false,
    } as const;
    const no = async () => await Promise.reject(new Error('no'));
    await expect(rollbackJob(host, open, { ...request, confirm: no })).rejects.toThrow('no');
    expect(fake.writes).toEqual([]);
    const { report } = await rollbackJob(host, open, { ...request, confirm: async () => undefined });
    expect(report?.revoked).toEqual([bad.id]);
    expect(everywhere(fake)).toEqual(FAMILY.stacks.map(() => good.id));
    expect(await lastRun()).toMatchObject({ job: 'rollback', image: good.id, reason: "agents don't start" });
  });

  test('a cleanup that could not read what is in use says so as its error', async () => {
    const { fake, open, host } = opened();
    const blind = {
      ...fake.ports,
      instances: {
        ...fake.ports.instances,
        list: async () => await Promise.reject(new WarmbakeError('outside', 'aws-denied', 'denied')),
      },
    };
    const { report, error } = await cleanJob(host, { ...open, account: blind }, { dryRun: false });
    expect(report.lines.every(({ outcome }) => outcome === 'kept')).toBe(true);
    expect(error).toMatchObject({ kind: 'outside', code: 'use-unknown' });
  });
});

describe('where SSM fails', () => {
  const request = { goal: { kind: 'last-good' }, reason: 'x', revokes: true, dryRun: false } as const;
  const failing = (fake: FakeAccount, method: string) => {
    fake.gate.before = ({ name }) => {
      if (name === method) throw refused('ssm:GetParameter', 'InternalServerError');
    };
  };
  const confirm = async (): Promise<void> => await Promise.resolve();

  test('a rollback that cannot read the parameter says that roll --image still works', async () => {
    const { fake, open, host } = opened();
    failing(fake, 'parameters.get');
    await expect(rollbackJob(host, open, { ...request, confirm })).rejects.toMatchObject({
      kind: 'outside',
      hint: expect.stringContaining('warmbake ami roll --image AMI --family cpu'),
    });
  });

  test('one that cannot write it names the image, and that command moves the stacks', async () => {
    const { fake, good, open, host } = opened();
    failing(fake, 'parameters.put');
    await expect(rollbackJob(host, open, { ...request, confirm })).rejects.toMatchObject({
      kind: 'outside',
      hint: expect.stringContaining(`warmbake ami roll --image ${good.id} --family cpu`),
    });
    failing(fake, 'parameters.get');
    const rolled = await rollJob(host, open, { written: good.id, stacks: [], dryRun: false });
    expect(rolled.error).toBeUndefined();
    expect(everywhere(fake)).toEqual(FAMILY.stacks.map(() => good.id));
  });

  test('another outage says nothing of the kind', async () => {
    const { fake, open, host } = opened();
    fake.gate.before = ({ name }) => {
      if (name === 'images.list') throw refused('ec2:DescribeImages', 'InternalError');
    };
    const failed = await rollbackJob(host, open, { ...request, confirm }).catch((error: unknown) => error);
    expect(String((failed as WarmbakeError).hint)).not.toContain('roll --image');
  });
});
