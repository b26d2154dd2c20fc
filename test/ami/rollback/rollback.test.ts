import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { holdParameter, parseHold, printHold } from '../../../src/ami/model/hold.ts';
import { stateOf } from '../../../src/ami/model/machine-image.ts';
import { placeHold, releaseHold } from '../../../src/ami/rollback/place-hold.ts';
import { publish } from '../../../src/ami/rollout/publish.ts';
import type { ImageId } from '../../../src/ami/model/ids.ts';
import { revoke } from '../../../src/ami/rollback/revocation.ts';
import { TAG } from '../../../src/ami/model/tags.ts';
import { FAMILY } from '../family.ts';
import type { FakeAccount } from '../fake/account.ts';
import { conditionOf } from '../fake/condition.ts';
import { addImage, addInstance, imageOf, setParameter } from '../fake/furnish.ts';
import { hostOf } from '../fake/host.ts';
import { fleetOf, goBack, PUBLISHED, TERMS } from '../operations.ts';

const valueOf = (fake: FakeAccount) => fake.state.parameters.get(FAMILY.parameter)?.[0]?.value;
const holdOf = (fake: FakeAccount) =>
  parseHold(fake.state.parameters.get(holdParameter(FAMILY))?.[0]?.value, fake.clock.now());
const launched = (fake: FakeAccount) => FAMILY.stacks.map((stack) => imageOf(fake, stack));
const everywhere = (id: ImageId) => FAMILY.stacks.map(() => id);

describe('a rollback', () => {
  test('brings the last good image to all stacks, holds it, and revokes the bad one', async () => {
    const { fake, bad, good } = fleetOf(4);
    const report = await goBack(fake);
    expect([valueOf(fake), launched(fake)]).toEqual([good.id, everywhere(good.id)]);
    expect(holdOf(fake)).toMatchObject({
      state: 'held',
      hold: { image: good.id, leaves: [bad.id], by: 'ann', reason: 'agents do not start' },
    });
    expect(stateOf(fake.state.images.get(bad.id)!)).toBe('revoked');
    expect(fake.state.images.get(bad.id)!.tags).toMatchObject({
      [TAG.revokedBy]: 'ann',
      [TAG.reason]: 'agents do not start',
    });
    expect(report).toMatchObject({ hold: 'written', parameter: 'written', revoked: [bad.id] });
  });

  test('L8: holds before it writes, so that no job writes in between', async () => {
    const { fake } = fleetOf(4);
    await goBack(fake);
    expect(
      fake.gate.calls
        .filter(({ writes }) => writes)
        .map(({ name, args }) => [name, args[0]])
        .slice(0, 2),
    ).toEqual([
      ['parameters.put', holdParameter(FAMILY)],
      ['parameters.put', FAMILY.parameter],
    ]);
  });

  test('twice is once, and the second one writes nothing', async () => {
    const { fake } = fleetOf(4);
    await goBack(fake);
    const after = conditionOf(fake);
    fake.gate.revive();
    const report = await goBack(fake, { terms: { by: 'bob', reason: 'me too' } });
    expect([fake.writes, conditionOf(fake)]).toEqual([[], after]);
    expect(report).toMatchObject({ hold: 'unchanged', parameter: 'unchanged', revoked: [] });
  });

  test('tomorrow’s job does not undo it', async () => {
    const { fake, good } = fleetOf(4);
    await goBack(fake);
    fake.clock.advance(24 * 3_600_000);
    const next = addImage(fake, { tags: { ...PUBLISHED, [TAG.state]: 'candidate' } });
    const publishing = publish(fake.ports, hostOf(fake), { family: FAMILY, image: next, dryRun: false });
    await expect(publishing).rejects.toMatchObject({ kind: 'refused', code: 'held' });
    expect(valueOf(fake)).toBe(good.id);
  });

  test.each([
    ['--steps 2', { kind: 'steps', steps: 2 } as const],
    ['--to', { kind: 'image', id: 'ami-00000000000000003' } as const],
  ])('%s goes further back from the first one, and twice is once again', async (_, goal) => {
    const { fake, images } = fleetOf(5);
    await goBack(fake);
    for (let time = 1; time <= 2; time += 1) {
      await goBack(fake, { goal });
      expect(valueOf(fake)).toBe(images[2]!.id);
    }
    // And the plain command finishes that one: it does not go forward again.
    await goBack(fake);
    expect(valueOf(fake)).toBe(images[2]!.id);
    expect(images.map(({ id }) => stateOf(fake.state.images.get(id)!))).toEqual([
      'revoked',
      'revoked',
      'published',
      'published',
      'published',
    ]);
  });

  test('after a release, the next bad image is left for the same good one', async () => {
    const { fake, good } = fleetOf(4);
    await goBack(fake);
    await releaseHold(fake.ports, hostOf(fake), { family: FAMILY, by: 'ann' });
    fake.clock.advance(3_600_000);
    const next = addImage(fake, { tags: { ...PUBLISHED, [TAG.state]: 'candidate' } });
    await publish(fake.ports, hostOf(fake), { family: FAMILY, image: next, dryRun: false });
    await goBack(fake);
    expect(valueOf(fake)).toBe(good.id);
  });

  test('does not revoke when told not to, and goes forward without revoking what is older', async () => {
    const { fake, bad, good } = fleetOf(4);
    await goBack(fake, { revokes: false });
    expect(stateOf(fake.state.images.get(bad.id)!)).toBe('published');
    await goBack(fake, { goal: { kind: 'image', id: bad.id } });
    expect(valueOf(fake)).toBe(bad.id);
    expect(stateOf(fake.state.images.get(good.id)!)).toBe('published');
  });

  test('replaces a hold that somebody else placed', async () => {
    const { fake, good } = fleetOf(4);
    await placeHold(fake.ports, hostOf(fake), {
      family: FAMILY,
      terms: { by: 'bob', reason: 'release week' },
    });
    await goBack(fake);
    expect(holdOf(fake)).toMatchObject({ hold: { image: good.id, by: 'ann' } });
  });

  test('skips images that are revoked, not available, never published, of another family or account', async () => {
    const { fake, images } = fleetOf(7);
    const change = (index: number, to: object): void => {
      const image = images[index]!;
      fake.state.images.set(image.id, { ...image, ...to });
    };
    change(1, { tags: { ...PUBLISHED, [TAG.state]: 'revoked' } });
    change(2, { availability: 'disabled' });
    change(3, { owner: '999900001111' });
    change(4, { tags: { ...PUBLISHED, [TAG.family]: 'gpu' } });
    const history = fake.state.parameters.get(FAMILY.parameter)!;
    fake.state.parameters.set(
      FAMILY.parameter,
      history.filter(({ value }) => value !== images[5]!.id),
    );
    change(5, { tags: { ...PUBLISHED, [TAG.state]: 'candidate' } });
    await goBack(fake);
    expect(valueOf(fake)).toBe(images[6]!.id);
  });

  test('takes an image that was desired, though the run that published it died before it could say so', async () => {
    const { fake, good } = fleetOf(4);
    fake.state.images.set(good.id, { ...good, tags: { ...PUBLISHED, [TAG.state]: 'candidate' } });
    await goBack(fake);
    expect([valueOf(fake), stateOf(fake.state.images.get(good.id)!)]).toEqual([good.id, 'published']);
  });

  test('does not take an image whose run died between making and tagging it', async () => {
    const { fake, good } = fleetOf(4);
    const orphan = addImage(fake, { daysOld: 0.5 });
    fake.state.images.set(orphan.id, { ...orphan, description: 'warmbake run 0198-4711' });
    await goBack(fake);
    expect(valueOf(fake)).toBe(good.id);
  });

  test('lists what still runs the bad image, and counts all that the stacks have', async () => {
    const { fake, bad, good, stacks } = fleetOf(4);
    const { group } = stacks.get('main')!;
    const old = addInstance(fake, { image: bad.id, group });
    addInstance(fake, { image: good.id, group });
    addInstance(fake, { image: bad.id, group, state: 'shutting-down' });
    addInstance(fake, { image: good.id, group: 'of-somebody-else' });
    const { remaining, instances } = await goBack(fake);
    expect([remaining.map(({ id }) => id), instances]).toEqual([[old], 2]);
  });

  test('L10: a stack that cannot be moved does not stop the others, and the same command finishes it', async () => {
    const { fake, good } = fleetOf(4);
    const main = fake.state.stacks.get('main')!;
    fake.state.stacks.set('main', { ...main, status: 'UPDATE_IN_PROGRESS' });
    const { stacks } = await goBack(fake);
    expect(stacks.map(({ outcome }) => outcome)).toEqual(['updated', 'failed', 'updated', 'updated']);
    fake.state.stacks.set('main', main);
    await goBack(fake);
    expect(launched(fake)).toEqual(everywhere(good.id));
    expect(fake.writes.filter((name) => !/parameters|groups|templates|tagging/.test(name))).toEqual([]);
  });
});

describe('an impossible target writes nothing and lists the possible ones', () => {
  test.each([
    ['that is revoked', (fake: FakeAccount, id: ImageId) => tag(fake, id, 'revoked'), 'was revoked by'],
    ['that is gone', (fake: FakeAccount, id: ImageId) => fake.state.images.delete(id), 'there is no image'],
    [
      'that was never published',
      (fake: FakeAccount, id: ImageId) => {
        tag(fake, id, 'candidate');
        fake.state.parameters.delete(FAMILY.parameter);
        setParameter(fake, FAMILY.parameter, 'ami-00000000000000001');
      },
      'was never published',
    ],
  ])('an image %s', async (_, spoil, because) => {
    const { fake, images } = fleetOf(4);
    spoil(fake, images[2]!.id);
    const refused = goBack(fake, { goal: { kind: 'image', id: images[2]!.id } });
    await expect(refused).rejects.toMatchObject({ kind: 'refused', code: 'no-way-back' });
    await expect(refused).rejects.toThrow(because);
    await expect(refused).rejects.toThrow(`  ${images[3]!.id}  ${images[3]!.name}`);
    expect(fake.writes).toEqual([]);
  });

  test.each([
    [3, 3, '3 steps back are too many: there are 2 earlier good images'],
    [2, 9, '9 steps back are too many: there is 1 earlier good image;'],
    [1, 9, 'there is no earlier image that is published, available and not revoked'],
  ])('of %i images, %i steps back: says how many there are', async (days, steps, because) => {
    const { fake } = fleetOf(days);
    await expect(goBack(fake, { goal: { kind: 'steps', steps } })).rejects.toThrow(because);
    expect(fake.writes).toEqual([]);
  });

  test('a revoked one names the command that takes the revocation back, another one does not', async () => {
    const { fake, images } = fleetOf(4);
    const hintOf = async (id: ImageId) =>
      await goBack(fake, { goal: { kind: 'image', id } }).then(
        () => undefined,
        (error: unknown) => (error as { readonly hint?: string }).hint,
      );
    tag(fake, images[2]!.id, 'revoked');
    expect(await hintOf(images[2]!.id)).toContain(`warmbake ami unrevoke ${images[2]!.id} --family cpu`);
    expect(await hintOf('ami-0000000000000beef')).not.toContain('unrevoke');
  });

  test('of sixty possible images names five, and how many there are besides', async () => {
    const { fake } = fleetOf(60);
    const refused = goBack(fake, { goal: { kind: 'image', id: 'ami-0000000000000beef' } });
    await expect(refused).rejects.toThrow('and 54 more: warmbake ami list --family cpu');
    const lines = await refused.catch((error: unknown) => String(error).split('\n').length);
    expect(lines).toBe(1 + 5 + 1);
  });
});

function tag(fake: FakeAccount, id: ImageId, state: string): void {
  fake.state.images.set(id, { ...fake.state.images.get(id)!, tags: { ...PUBLISHED, [TAG.state]: state } });
}

describe('a rollback and a job at the same time', () => {
  test('L8: whenever the rollback comes while a job publishes, the parameter ends where the rollback put it', async () => {
    const { fake } = fleetOf(4);
    fake.clock.advance(3_600_000);
    const next = addImage(fake, { tags: { ...PUBLISHED, [TAG.state]: 'candidate' } });
    const job = async (account: FakeAccount) =>
      await publish(account.ports, hostOf(account), { family: FAMILY, image: next, dryRun: false }).catch(
        () => undefined,
      );
    const undisturbed = fake.copy();
    await job(undisturbed);
    const { length } = undisturbed.gate.calls;
    expect(length).toBeGreaterThanOrEqual(8);
    for (let at = 1; at <= length; at += 1) {
      const account = fake.copy();
      account.gate.before = async ({ number }) => {
        if (number !== at) return;
        account.gate.before = () => undefined;
        await goBack(account);
      };
      await job(account);
      const value = valueOf(account);
      const held = holdOf(account);
      // A rollback that came after the publication left that image; earlier ones left the one before. Both hold what they wrote.
      expect({ at, held: held.state === 'held' && held.hold.image === value }).toEqual({ at, held: true });
      expect({ at, value: value === next.id }).toEqual({ at, value: false });
    }
  });

  test('L8: an image that is revoked while its canary is watched is not published', async () => {
    const { fake, bad } = fleetOf(4);
    const next = addImage(fake, { tags: { ...PUBLISHED, [TAG.state]: 'candidate' } });
    await revoke(fake.ports, hostOf(fake), { image: next, family: FAMILY, ...TERMS });
    const publishing = publish(fake.ports, hostOf(fake), { family: FAMILY, image: next, dryRun: false });
    await expect(publishing).rejects.toMatchObject({ kind: 'refused', code: 'image-revoked' });
    expect(valueOf(fake)).toBe(bad.id);
  });
});

test('any sequence of operators and jobs: a revoked image is never desired by a job, and a hold is never overrun', async () => {
  const command = fc.constantFrom('rollback', 'further', 'release', 'publish', 'hold', 'revoke-newest');
  await fc.assert(
    fc.asyncProperty(fc.array(command, { maxLength: 12 }), async (commands) => {
      const { fake } = fleetOf(5);
      for (const name of commands) {
        fake.clock.advance(3_600_000);
        const before = { value: valueOf(fake), hold: holdOf(fake) };
        const newest = [...fake.state.images.values()].at(-1)!;
        const work = {
          rollback: async () => await goBack(fake),
          further: async () => await goBack(fake, { goal: { kind: 'steps', steps: 2 } }),
          release: async () => await releaseHold(fake.ports, hostOf(fake), { family: FAMILY, by: 'x' }),
          hold: async () => await placeHold(fake.ports, hostOf(fake), { family: FAMILY, terms: TERMS }),
          'revoke-newest': async () =>
            await revoke(fake.ports, hostOf(fake), { image: newest, family: FAMILY, ...TERMS }),
          publish: async () => {
            const image = addImage(fake, { tags: { ...PUBLISHED, [TAG.state]: 'candidate' } });
            await publish(fake.ports, hostOf(fake), { family: FAMILY, image, dryRun: false });
          },
        }[name];
        const thrown = await work().then(
          () => ({ kind: 'refused' }),
          (error: unknown) => error,
        );
        expect(thrown).toMatchObject({ kind: 'refused' });
        const isMoved = valueOf(fake) !== before.value;
        const isOverrun = name === 'publish' && before.hold.state === 'held' && isMoved;
        const now = stateOf(fake.state.images.get(valueOf(fake) as ImageId)!);
        expect({ name, isOverrun, wrong: isMoved && now !== 'published' }).toEqual({
          name,
          isOverrun: false,
          wrong: false,
        });
      }
    }),
    { numRuns: 60 },
  );
});

test('a hold keeps what a rollback remembers', async () => {
  const { fake, bad, good } = fleetOf(4);
  await goBack(fake);
  const until = new Date('2026-08-28T12:00:00Z');
  await placeHold(fake.ports, hostOf(fake), {
    family: FAMILY,
    terms: { by: 'bob', reason: 'longer', until },
  });
  expect(holdOf(fake)).toMatchObject({ hold: { image: good.id, leaves: [bad.id], by: 'bob', until } });
  fake.gate.revive();
  await placeHold(fake.ports, hostOf(fake), {
    family: FAMILY,
    terms: { by: 'bob', reason: 'longer', until },
  });
  expect(fake.writes).toEqual([]);
});

test('what a hold says survives printing and reading', () => {
  fc.assert(
    fc.property(
      fc.string(),
      fc.string(),
      fc.option(fc.integer({ min: 1, max: 1e9 }), { nil: undefined }),
      (by, reason, ms) => {
        const since = new Date('2026-08-21T12:00:00Z');
        const until = ms === undefined ? {} : { until: new Date(since.getTime() + ms) };
        const hold = {
          by,
          reason,
          since,
          image: 'ami-00000000000000001',
          leaves: ['ami-00000000000000002'],
          ...until,
        } as const;
        expect(parseHold(printHold(hold), since)).toEqual({ state: 'held', hold });
      },
    ),
  );
});
