import { describe, expect, test } from 'vitest';
import { rollJob } from '../../../src/ami/jobs/roll.ts';
import { TAG } from '../../../src/ami/model/tags.ts';
import { releaseImage } from '../../../src/ami/release.ts';
import { prepareRollback, rollback } from '../../../src/ami/rollback/rollback.ts';
import { leaveDisks, prepareDisks } from '../../../src/ami/rollout/fast-restore.ts';
import type { FamilySettings } from '../../../src/config/families.ts';
import type { Event } from '../../../src/platform/events.ts';
import type { Host } from '../../../src/platform/host.ts';
import { FAMILY } from '../family.ts';
import { FakeAccount } from '../fake/account.ts';
import { addImage, addInstance, addStack, setParameter } from '../fake/furnish.ts';
import { hostOf } from '../fake/host.ts';
import { everyKillPoint } from '../fake/kill-points.ts';
import { refused } from '../fake/ports.ts';

const RESTORE: FamilySettings = { ...FAMILY, disk: { kind: 'restore' } };
const ZONES = ['us-east-1a', 'us-east-1b', 'us-east-1c'];

/** A published image everywhere, an older one, and a candidate of which the canary has an instance. */
function fleet() {
  const fake = new FakeAccount();
  const tags = (run: string, state: string) => ({ [TAG.family]: 'cpu', [TAG.run]: run, [TAG.state]: state });
  const older = addImage(fake, { daysOld: 2, tags: tags('run-2', 'published') });
  const old = addImage(fake, { daysOld: 1, tags: tags('run-1', 'published') });
  const image = addImage(fake, { tags: tags('run-0', 'candidate') });
  const groups = FAMILY.stacks.map(
    (stack, i) =>
      addStack(fake, stack, { image: old.id, zones: i === 0 ? ['us-east-1a', 'us-east-1b'] : ['us-east-1c'] })
        .group,
  );
  setParameter(fake, FAMILY.parameter, older.id);
  setParameter(fake, FAMILY.parameter, old.id);
  addInstance(fake, { image: image.id, group: groups[0]! });
  return { fake, older, old, image };
}

function restored(fake: FakeAccount): readonly string[] {
  return [...fake.state.restores.values()].map(({ snapshot, zone }) => `${snapshot} ${zone}`).toSorted();
}

function inZones(image: ReturnType<typeof addImage>, zones: readonly string[] = ZONES): readonly string[] {
  return image.snapshots.flatMap(({ id }) => zones.map((zone) => `${id} ${zone}`));
}

function linesOf(events: readonly Event[]): readonly string[] {
  return events.flatMap((event) => (event.type === 'line' ? [event.text] : []));
}

async function restoreOld(fake: FakeAccount, image: ReturnType<typeof addImage>): Promise<void> {
  const options = { family: RESTORE, image: image.id, stacks: FAMILY.stacks, waitMs: 0 };
  await prepareDisks(fake.ports, hostOf(fake), options);
  fake.gate.revive();
}

describe('fast restore', () => {
  test('is on in the zones of all stacks before a release moves the first one, which waits for it; and off on the image that it leaves', async () => {
    const { fake, old, image } = fleet();
    await restoreOld(fake, old);
    const began = fake.clock.now().getTime();
    const events: Event[] = [];
    await releaseImage(fake.ports, hostOf(fake, events), {
      family: RESTORE,
      canary: FAMILY.canary!,
      image,
      dryRun: false,
    });
    expect(restored(fake)).toEqual(inZones(image));
    const enabled = fake.writes.indexOf('fastRestores.enable');
    expect(fake.writes.slice(0, enabled)).toEqual(['tagging.set']);
    const moved = fake.writes.lastIndexOf('groups.relaunch');
    expect(fake.writes.indexOf('fastRestores.disable')).toBeGreaterThan(moved);
    expect(fake.clock.now().getTime() - began).toBeGreaterThanOrEqual(30 * 60_000);
    expect(linesOf(events)).toEqual(
      expect.arrayContaining([
        expect.stringMatching(
          new RegExp(
            `^fast restore of ${image.id} is on in us-east-1a, us-east-1b, us-east-1c: 3 zone-hours`,
          ),
        ),
        `fast restore of ${old.id} is off`,
      ]),
    );
    expect(fake.state.images.get(image.id)?.tags[TAG.fastRestore]).toMatch(
      /^us-east-1a us-east-1b us-east-1c since 2026/,
    );
    expect(fake.state.images.get(old.id)?.tags[TAG.fastRestore]).toBe('off');
  });

  test('goes off again with an image that fails on the canary', async () => {
    const { fake, old, image } = fleet();
    await restoreOld(fake, old);
    const sendProbe = async () => ({
      answer: async () => ({ verdict: 'image-fault', because: 'cold' }) as const,
      cancel: async () => undefined,
    });
    const canary = FAMILY.canary!;
    const options = { family: RESTORE, canary, image, dryRun: false, sendProbe };
    await expect(releaseImage(fake.ports, hostOf(fake), options)).rejects.toMatchObject({
      code: 'canary-fault',
    });
    expect(restored(fake)).toEqual(inZones(old));
  });

  test('follows a rollback, which does not wait', async () => {
    const { fake, older, old } = fleet();
    await restoreOld(fake, old);
    const host = hostOf(fake);
    const { plan } = await prepareRollback(fake.ports, host, {
      family: RESTORE,
      goal: { kind: 'last-good' },
    });
    const began = fake.clock.now().getTime();
    const terms = { by: 'sre', reason: 'agents do not start' };
    await rollback(fake.ports, host, { family: RESTORE, plan, terms, revokes: true });
    expect(plan.to.id).toBe(older.id);
    expect(restored(fake)).toEqual(inZones(older));
    expect(fake.clock.now().getTime() - began).toBeLessThan(60_000);
  });

  test('asked for twice is on once, and nothing is written again', async () => {
    const { fake, image } = fleet();
    await restoreOld(fake, image);
    const options = { family: RESTORE, image: image.id, stacks: FAMILY.stacks, waitMs: 0 };
    await prepareDisks(fake.ports, hostOf(fake), options);
    expect(fake.writes).toEqual([]);
    expect(restored(fake)).toEqual(inZones(image));
  });

  test('goes off when the configuration does not want it any more, also on the image that stays', async () => {
    const { fake, old } = fleet();
    await restoreOld(fake, old);
    const host = { ...hostOf(fake), env: {} } as unknown as Host;
    const open = { family: FAMILY, account: fake.ports };
    await rollJob(host, open, { stacks: [], dryRun: false });
    expect(restored(fake)).toEqual([]);
  });

  test('stays on where only some stacks were asked for, as others launch what is left', async () => {
    const { fake, old, image } = fleet();
    await restoreOld(fake, old);
    const host = { ...hostOf(fake), env: {} } as unknown as Host;
    const open = { family: RESTORE, account: fake.ports };
    await rollJob(host, open, { written: image.id, stacks: ['main'], dryRun: false });
    expect(restored(fake)).toEqual([...inZones(old), ...inZones(image, ['us-east-1c'])]);
  });

  test('that EC2 refuses is a warning, and the roll goes on', async () => {
    const { fake, image } = fleet();
    fake.gate.before = ({ name }) => {
      if (name === 'fastRestores.enable')
        throw refused('ec2:EnableFastSnapshotRestores', 'FastSnapshotRestoreLimitExceeded');
    };
    const events: Event[] = [];
    const options = { family: RESTORE, image: image.id, stacks: FAMILY.stacks, waitMs: 60_000 };
    await prepareDisks(fake.ports, hostOf(fake, events), options);
    expect(events).toMatchObject([{ type: 'warning', warning: { code: 'restore-not-enabled' } }]);
  });

  test('that takes too long is gone on without, and that is said', async () => {
    const { fake, image } = fleet();
    const events: Event[] = [];
    const options = { family: RESTORE, image: image.id, stacks: FAMILY.stacks, waitMs: 60_000 };
    await prepareDisks(fake.ports, hostOf(fake, events), options);
    expect(linesOf(events).at(-1)).toMatch(/^going on while EC2 prepares/);
  });

  test('is nothing that other families are asked about', async () => {
    const { fake, image } = fleet();
    const options = { family: FAMILY, image: image.id, stacks: FAMILY.stacks, waitMs: 60_000 };
    await prepareDisks(fake.ports, hostOf(fake), options);
    expect(fake.gate.calls).toEqual([]);
    await leaveDisks(fake.ports, hostOf(fake), { family: FAMILY, keep: [] });
    expect(fake.gate.calls.map(({ name }) => name)).toEqual(['images.list']);
  });

  test('L6: killed at any call and run again, it is on where it is paid for, and nowhere else', async () => {
    const { fake, old, image } = fleet();
    await restoreOld(fake, old);
    const points = await everyKillPoint(
      fake,
      {},
      {
        run: async (account) => {
          const host = hostOf(account);
          const options = { family: RESTORE, image: image.id, stacks: FAMILY.stacks, waitMs: 0 };
          await prepareDisks(account.ports, host, options);
          await leaveDisks(account.ports, host, { family: RESTORE, keep: [image.id] });
        },
        condition: restored,
      },
    );
    expect(points).toBeGreaterThan(20);
  });
});

describe('what the disk brought', () => {
  test.each([
    [{ firstBuild: 4, readable: 43 }, 'restore first-build=4s readable=43s'],
    [{ firstBuild: 4, unreadAfter: 120 }, 'restore first-build=4s readable>120s'],
    [{ firstBuild: 4 }, 'restore first-build=4s'],
  ])('as a job on the canary measured it (%o) stays with the image', async (measured, tag) => {
    const { fake, image } = fleet();
    const sendProbe = async () => ({
      answer: async () => ({ verdict: 'proven', because: 'warm', measured }) as const,
      cancel: async () => undefined,
    });
    const canary = FAMILY.canary!;
    await releaseImage(fake.ports, hostOf(fake), {
      family: RESTORE,
      canary,
      image,
      dryRun: false,
      sendProbe,
    });
    expect(fake.state.images.get(image.id)?.tags[TAG.disk]).toBe(tag);
  });

  test.each([
    ['of the first job stays, as a later one finds its disk loaded', RESTORE, 'restore first-build=9s'],
    ['of another kind of disk is written over it', FAMILY, 'lazy first-build=4s'],
  ])('%s', async (_, family, kept) => {
    const { fake, image } = fleet();
    await fake.ports.tagging.set([image.id], { [TAG.disk]: 'restore first-build=9s' });
    const sendProbe = async () => ({
      answer: async () => ({ verdict: 'proven', because: 'warm', measured: { firstBuild: 4 } }) as const,
      cancel: async () => undefined,
    });
    const canary = FAMILY.canary!;
    await releaseImage(fake.ports, hostOf(fake), { family, canary, image, dryRun: false, sendProbe });
    expect(fake.state.images.get(image.id)?.tags[TAG.disk]).toBe(kept);
  });

  test('that cannot be written stops nothing', async () => {
    const { fake, image } = fleet();
    fake.gate.before = ({ name, args }) => {
      if (name === 'tagging.set' && JSON.stringify(args).includes(TAG.disk))
        throw refused('ec2:CreateTags', 'UnauthorizedOperation');
    };
    const sendProbe = async () => ({
      answer: async () => ({ verdict: 'proven', because: 'warm', measured: { firstBuild: 4 } }) as const,
      cancel: async () => undefined,
    });
    const canary = FAMILY.canary!;
    const options = { family: FAMILY, canary, image, dryRun: false, sendProbe };
    expect(await releaseImage(fake.ports, hostOf(fake), options)).toMatchObject({ outcome: 'rolled' });
  });
});
