import { describe, expect, test } from 'vitest';
import { canaryJob } from '../../../src/ami/jobs/canary.ts';
import { publishJob } from '../../../src/ami/jobs/publish.ts';
import { rollJob } from '../../../src/ami/jobs/roll.ts';
import type { MachineImage } from '../../../src/ami/model/machine-image.ts';
import { TAG } from '../../../src/ami/model/tags.ts';
import { clean } from '../../../src/ami/retention/clean.ts';
import { FAMILY, HOUR } from '../family.ts';
import type { FakeAccount } from '../fake/account.ts';
import { addInstance, imageOf, setParameter } from '../fake/furnish.ts';
import { hostOf } from '../fake/host.ts';
import { refused } from '../fake/ports.ts';
import { fleetOf, goBack, PUBLISHED } from '../operations.ts';
import { desiredIn, hostFor, openMeeting } from '../two-at-once.ts';

/** Ten days of images of which the four oldest could go, and nothing is condemned yet. */
function untouched() {
  const { fake, images } = fleetOf(10);
  for (const image of images) fake.state.images.set(image.id, { ...image, tags: PUBLISHED });
  return { fake, images, oldest: images[9]! };
}

const cleanUp = async (fake: FakeAccount, dryRun = false) =>
  await clean(fake.ports, hostOf(fake), { family: FAMILY, dryRun, rollouts: [] });
const outcomes = ({ lines }: Awaited<ReturnType<typeof cleanUp>>) =>
  lines.map(({ outcome, plan }) => plan ?? outcome).slice(6);
const markOf = (fake: FakeAccount, { id }: MachineImage) => fake.state.images.get(id)?.tags[TAG.condemned];

describe('a cleanup marks first and deletes later', () => {
  test('the first run condemns what it would delete, and deletes nothing; it says when that can go', async () => {
    const { fake, oldest } = untouched();
    const report = await cleanUp(fake);
    expect(outcomes(report)).toEqual(['kept', 'condemned', 'condemned', 'condemned']);
    expect(report.lines[9]).toMatchObject({ deletableFrom: new Date('2026-08-21T13:00:00Z') });
    expect(markOf(fake, oldest)).toBe('2026-08-21T12:00:00.000Z');
    expect(fake.writes).toEqual(['tagging.set', 'tagging.set', 'tagging.set']);
  });

  test('a run within the hour deletes and condemns nothing more, and one after it does both', async () => {
    const { fake } = untouched();
    await cleanUp(fake);
    fake.clock.advance(HOUR - 1);
    fake.gate.revive();
    expect(outcomes(await cleanUp(fake))).toEqual(['kept', 'kept', 'kept', 'kept']);
    expect(fake.writes).toEqual([]);
    fake.clock.advance(1);
    expect(outcomes(await cleanUp(fake))).toEqual(['condemned', 'deleted', 'deleted', 'deleted']);
    fake.clock.advance(HOUR);
    expect(outcomes(await cleanUp(fake))).toEqual(['deleted']);
  });

  test('planned only, it says what would be condemned and what deleted', async () => {
    const { fake } = untouched();
    expect(outcomes(await cleanUp(fake, true))).toEqual(['kept', 'condemn', 'condemn', 'condemn']);
    await cleanUp(fake);
    fake.clock.advance(HOUR);
    fake.gate.revive();
    expect(outcomes(await cleanUp(fake, true))).toEqual(['condemn', 'delete', 'delete', 'delete']);
    expect(fake.writes).toEqual([]);
  });

  test('what comes into use again loses its mark, and begins anew when nobody needs it any more', async () => {
    const { fake, oldest } = untouched();
    await cleanUp(fake);
    const instance = addInstance(fake, { image: oldest.id });
    fake.clock.advance(HOUR);
    await cleanUp(fake);
    expect(markOf(fake, oldest)).toBeUndefined();
    fake.state.instances.delete(instance);
    await cleanUp(fake);
    expect(fake.state.images.has(oldest.id)).toBe(true);
    expect(markOf(fake, oldest)).toBe('2026-08-21T13:00:00.000Z');
  });

  test('where use cannot be read in full, nothing is condemned', async () => {
    const { fake } = untouched();
    fake.state.stacks.delete('main');
    await cleanUp(fake);
    expect(fake.writes).toEqual([]);
  });

  test('a mark that cannot be taken off is told', async () => {
    const { fake, oldest } = untouched();
    await cleanUp(fake);
    addInstance(fake, { image: oldest.id });
    fake.gate.before = ({ name }) => {
      if (name === 'tagging.clear') throw refused('ec2:DeleteTags', 'UnauthorizedOperation', oldest.id);
    };
    expect((await cleanUp(fake)).lines[9]).toMatchObject({ outcome: 'failed' });
  });
});

describe('whoever takes an image into use takes the mark off', () => {
  const TAKERS: readonly (readonly [string, (fake: FakeAccount, id: string) => Promise<unknown>])[] = [
    [
      'publish',
      async (fake, written) =>
        await publishJob(hostFor(fake), { family: FAMILY, account: fake.ports }, { written, dryRun: false }),
    ],
    [
      'roll',
      async (fake, written) => {
        const open = { family: FAMILY, account: fake.ports };
        const { error } = await rollJob(hostFor(fake), open, { written, stacks: [], dryRun: false });
        if (error !== undefined) throw error;
      },
    ],
    [
      'rollback',
      async (fake, id) => await goBack(fake, { goal: { kind: 'image', id: id as `ami-${string}` } }),
    ],
  ];

  /** The oldest image is condemned, and may be deleted. */
  function condemned() {
    const { fake, images } = fleetOf(10);
    return { fake, oldest: images[9]! };
  }

  test.each(TAKERS)('%s', async (_, take) => {
    const { fake, oldest } = condemned();
    await take(fake, oldest.id);
    expect(markOf(fake, oldest)).toBeUndefined();
  });

  test.each(TAKERS)('%s, in the middle of its deletion: it is not deleted', async (_, take) => {
    const { fake, oldest } = condemned();
    const other = fake.beside();
    fake.gate.before = async ({ name, args }) => {
      // Its use has been read by then.
      if (name !== 'images.find' || args[0] !== oldest.id) return;
      fake.gate.before = () => undefined;
      await take(other, oldest.id).catch(() => undefined);
    };
    const { lines } = await cleanUp(fake);
    expect(fake.state.images.has(oldest.id)).toBe(true);
    expect(lines[9]).toMatchObject({
      outcome: 'kept',
      because: ['somebody has taken the mark off it meanwhile'],
    });
    // The attempt is over: nobody has to wait for it.
    await take(fake, oldest.id);
  });

  test.each(TAKERS)('%s is refused while the request that deletes it is on its way', async (_, take) => {
    const { fake, oldest } = condemned();
    const other = fake.beside();
    let refusal: unknown;
    fake.gate.before = async ({ name, args }) => {
      if (name !== 'images.deregister' || args[0] !== oldest.id) return;
      refusal = await take(other, oldest.id).catch((error: unknown) => error);
    };
    await cleanUp(fake);
    expect(refusal).toMatchObject({ kind: 'refused' });
    expect(String(refusal)).toContain(`a cleanup began to delete ${oldest.id} at 2026-08-21T12:00:00.000Z`);
    expect([desiredIn(fake), imageOf(fake, 'main')]).not.toContain(oldest.id);
  });

  test.each(TAKERS)('%s is refused once it is gone', async (_, take) => {
    const { fake, oldest } = condemned();
    await cleanUp(fake);
    await expect(take(fake, oldest.id)).rejects.toMatchObject({ kind: 'refused' });
  });

  test('a cleanup that was killed after it said that it deletes an image keeps others from it for a quarter of an hour', async () => {
    const { fake, oldest } = condemned();
    const [publish] = TAKERS;
    await fake.ports.tagging.set([oldest.id], { [TAG.tried]: fake.clock.now().toISOString() });
    fake.clock.advance(15 * 60_000 - 1);
    await expect(publish![1](fake, oldest.id)).rejects.toMatchObject({ code: 'image-being-deleted' });
    fake.clock.advance(1);
    await publish![1](fake, oldest.id);
    expect(desiredIn(fake)).toBe(oldest.id);
  });

  test('a cleanup that took longer than ten minutes over what is in use does not delete', async () => {
    const { fake, oldest } = condemned();
    fake.gate.before = ({ name }) => {
      if (name === 'images.find') fake.clock.advance(10 * 60_000);
    };
    await cleanUp(fake);
    expect(fake.state.images.has(oldest.id)).toBe(true);
  });
});

describe('what becomes desired or launched again, since something better failed, loses its mark', () => {
  const mark = (fake: FakeAccount, { id }: MachineImage) =>
    fake.state.images.set(id, {
      ...fake.state.images.get(id)!,
      tags: { ...fake.state.images.get(id)!.tags, [TAG.condemned]: '2026-08-20T12:00:00.000Z' },
    });
  const revokeToday = (fake: FakeAccount, { today }: ReturnType<typeof openMeeting>) =>
    fake.state.images.set(today.id, { ...today, tags: { ...today.tags, [TAG.state]: 'revoked' } });

  test('the desired image of before, where the one that was just published was revoked meanwhile', async () => {
    const met = openMeeting({ held: false });
    const { fake, bad, today } = met;
    fake.gate.before = ({ name, args }) => {
      if (name !== 'parameters.put' || args[0] !== FAMILY.parameter) return;
      fake.gate.before = () => undefined;
      revokeToday(fake, met);
      mark(fake, bad);
    };
    const open = { family: FAMILY, account: fake.ports };
    const publishing = publishJob(hostFor(fake), open, { written: today.id, dryRun: false });
    await expect(publishing).rejects.toMatchObject({ kind: 'refused' });
    expect([desiredIn(fake), markOf(fake, bad)]).toEqual([bad.id, undefined]);
  });

  test('the image of the canary, where its candidate was revoked meanwhile', async () => {
    const met = openMeeting({ held: false });
    const { fake, bad, today } = met;
    fake.gate.before = ({ name }) => {
      if (name !== 'groups.activities') return;
      revokeToday(fake, met);
      mark(fake, bad);
    };
    const open = { family: FAMILY, account: fake.ports };
    const trying = canaryJob(hostFor(fake), open, { written: today.id, dryRun: false });
    await expect(trying).rejects.toMatchObject({ kind: 'refused' });
    expect([imageOf(fake, FAMILY.canary!.stack), markOf(fake, bad)]).toEqual([bad.id, undefined]);
  });

  test('an image that a cleanup is deleting is not given to the canary again', async () => {
    const met = openMeeting({ held: false });
    const { fake, bad, today } = met;
    fake.gate.before = ({ name }) => {
      if (name !== 'groups.activities') return;
      revokeToday(fake, met);
      const tags = { ...bad.tags, [TAG.tried]: fake.clock.now().toISOString() };
      fake.state.images.set(bad.id, { ...bad, tags });
    };
    const open = { family: FAMILY, account: fake.ports };
    const trying = canaryJob(hostFor(fake), open, { written: today.id, dryRun: false });
    await expect(trying).rejects.toThrow(/still launches it: a cleanup began to delete/);
  });
});

test('what comes into use while it is condemned loses its mark in the same run', async () => {
  const { fake, oldest } = untouched();
  fake.gate.before = ({ name }) => {
    if (name !== 'tagging.set') return;
    fake.gate.before = () => undefined;
    addInstance(fake, { image: oldest.id });
  };
  const { lines } = await cleanUp(fake);
  expect(lines[9]).toMatchObject({ outcome: 'kept', because: [expect.stringContaining('instance')] });
  expect(markOf(fake, oldest)).toBeUndefined();
});

test('what somebody else made desired while the request was on its way is found by the last look, and its snapshots stay', async () => {
  const { fake, images } = fleetOf(10);
  const oldest = images[9]!;
  fake.gate.before = ({ name, args }) => {
    if (name === 'images.deregister' && args[0] === oldest.id)
      setParameter(fake, FAMILY.parameter, oldest.id);
  };
  const { lines } = await cleanUp(fake);
  expect(lines[9]).toMatchObject({ outcome: 'failed' });
  expect(lines[9]!.because[0]).toContain(
    'became desired while it was deleted, and is gone; its snapshots stay',
  );
  fake.gate.before = () => undefined;
  await cleanUp(fake);
  expect(fake.state.snapshots.has(oldest.snapshots[0]!.id)).toBe(true);
});

test('a rollback whose image goes after its stacks were moved says so', async () => {
  const { fake, good } = fleetOf(4);
  fake.gate.before = ({ name }) => {
    if (name === 'instances.list') fake.state.images.delete(good.id);
  };
  expect(await goBack(fake)).toMatchObject({ stopped: { kind: 'refused', code: 'changed-meanwhile' } });
});
