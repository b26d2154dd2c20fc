import { describe, expect, test } from 'vitest';
import { canaryJob } from '../../src/ami/jobs/canary.ts';
import { publishJob } from '../../src/ami/jobs/publish.ts';
import { rollbackJob } from '../../src/ami/jobs/rollback.ts';
import { rollJob } from '../../src/ami/jobs/roll.ts';
import { stateOf } from '../../src/ami/model/machine-image.ts';
import { TAG } from '../../src/ami/model/tags.ts';
import { placeHold } from '../../src/ami/rollback/place-hold.ts';
import { revoke } from '../../src/ami/rollback/revocation.ts';
import { WarmbakeError } from '../../src/platform/errors.ts';
import type { Event } from '../../src/platform/events.ts';
import type { StateStore } from '../../src/state/store.ts';
import { FAMILY } from './family.ts';
import type { FakeAccount } from './fake/account.ts';
import { conditionOf } from './fake/condition.ts';
import { refused } from './fake/ports.ts';
import { imageOf } from './fake/furnish.ts';
import { memoryStore } from './memory-store.ts';
import { pairEnds } from './pair-ends.ts';
import { COMMANDS, desiredIn, hostFor, launchedIn, openMeeting, TAKERS } from './two-at-once.ts';

const PAIRS = [
  ['rebuild', 'rollback'],
  ['roll', 'rollback'],
  ['roll', 'rebuild'],
  ['rollback', 'rollback, one further'],
  ['rollback', 'clean'],
  ['publish', 'rollback'],
  ['publish', 'revoke today'],
  ['hold', 'rollback'],
  ['release', 'rollback'],
  ['undo', 'rollback'],
  ['rollback', 'undo'],
  ['undo', 'clean'],
  ['undo', 'release'],
  ['undo', 'hold'],
  ['undo', 'publish'],
  ['undo', 'revoke the desired one'],
  ['undo', 'roll'],
] as const;

const named = (name: string) => COMMANDS.find((command) => command.name === name)!;
const BACK = { reason: 'agents do not start', revokes: true, dryRun: false } as const;
const yes = async () => await Promise.resolve();

describe('two commands at once, without a store: one is stopped at any of its calls, the other runs whole', () => {
  test.each(PAIRS)('%s, while %s', async (stopped, whole) => {
    const { wrongs, stops } = await pairEnds(named(stopped), named(whole), {
      openStore: async () => await Promise.resolve(undefined),
    });
    expect(wrongs).toEqual([]);
    expect(stops).toBeGreaterThan(1);
  });
});

describe('a cleanup that deletes what an earlier one condemned, without a store', () => {
  const cleanUp = named('clean');
  const noStore = { openStore: async () => await Promise.resolve(undefined) };

  test.each(TAKERS)('stopped at any of its calls while somebody does: $name', async (taker) => {
    const { wrongs, stops } = await pairEnds(cleanUp, taker, noStore);
    expect(wrongs).toEqual([]);
    expect(stops).toBeGreaterThan(50);
  });

  test.each(TAKERS)('runs whole while somebody is stopped at any call: $name', async (taker) => {
    const { wrongs, stops } = await pairEnds(taker, cleanUp, noStore);
    expect(wrongs).toEqual([]);
    expect(stops).toBeGreaterThan(1);
  });
});

describe('a rollback is planned again after the question', () => {
  const goBack = async (fake: FakeAccount, confirm: () => Promise<void>) =>
    await rollbackJob(
      hostFor(fake),
      { family: FAMILY, account: fake.ports },
      { ...BACK, goal: { kind: 'last-good' }, confirm },
    );

  test('where its image was deleted meanwhile, nothing is written', async () => {
    const { fake, good } = openMeeting({ held: false });
    const asked = goBack(fake, async () => {
      await fake.ports.images.deregister(good.id);
      fake.gate.revive();
    });
    await expect(asked).rejects.toMatchObject({ kind: 'refused', code: 'plan-changed' });
    expect(fake.writes).toEqual([]);
  });

  test('where another image was published meanwhile, nothing is written', async () => {
    const { fake, today } = openMeeting({ held: false });
    const asked = goBack(fake, async () => {
      await publishJob(
        hostFor(fake),
        { family: FAMILY, account: fake.ports },
        { written: today.id, dryRun: false },
      );
      fake.gate.revive();
    });
    await expect(asked).rejects.toMatchObject({ kind: 'refused', code: 'plan-changed' });
    expect(fake.writes).toEqual([]);
  });

  test('where somebody else went back meanwhile to the same image, it is done already', async () => {
    const { fake, good } = openMeeting({ held: false });
    const { error } = await goBack(fake, async () => void (await goBack(fake, yes)));
    expect([error, desiredIn(fake)]).toEqual([undefined, good.id]);
  });

  test('where the image goes while the stacks are moved, it says so, revokes nothing, and the same command goes further back', async () => {
    const { fake, bad, good } = openMeeting({ held: false });
    fake.gate.before = ({ name }) => {
      if (name === 'groups.relaunch') fake.state.images.delete(good.id);
    };
    const { error } = await goBack(fake, yes);
    expect(error).toMatchObject({ kind: 'refused', code: 'changed-meanwhile' });
    expect(stateOf(fake.state.images.get(bad.id)!)).toBe('published');
    fake.gate.before = () => undefined;
    await goBack(fake, yes);
    expect(new Set(launchedIn(fake))).toEqual(new Set([desiredIn(fake)]));
    expect(fake.state.images.has(desiredIn(fake)!)).toBe(true);
  });
});

describe('a state store that fails after the lock was taken', () => {
  const outOfReach = async () =>
    await Promise.reject(new WarmbakeError('outside', 'aws-no-answer', 's3 does not answer'));
  /** Fails once the journal has begun. */
  function failing(): StateStore {
    const store = memoryStore();
    let writes = 0;
    return {
      ...store,
      read: async (key) => (writes >= 2 ? await outOfReach() : await store.read(key)),
      write: async (...args) => ((writes += 1) > 2 ? await outOfReach() : await store.write(...args)),
    };
  }

  test('does not stop a rollback: it says so once, and goes on', async () => {
    const { fake, good } = openMeeting({ held: false });
    const events: Event[] = [];
    const open = { family: FAMILY, account: fake.ports, store: failing() };
    const { error } = await rollbackJob(hostFor(fake, events), open, {
      ...BACK,
      goal: { kind: 'last-good' },
      confirm: yes,
    });
    expect([error, ...launchedIn(fake)]).toEqual([undefined, ...FAMILY.stacks.map(() => good.id)]);
    const codes = events.flatMap((event) => (event.type === 'warning' ? [event.warning.code] : []));
    expect(codes.filter((code) => code === 'state-unreachable')).toHaveLength(1);
  });

  test('stops every other job before its next write', async () => {
    const { fake } = openMeeting({ held: false });
    const open = { family: FAMILY, account: fake.ports, store: failing() };
    const { error } = await rollJob(hostFor(fake), open, { stacks: [], dryRun: false });
    expect(error).toMatchObject({ kind: 'refused', code: 'lock-unknown' });
    expect(fake.writes).toEqual([]);
  });
});

describe('a gate that fails while the canary is watched', () => {
  const tryToday = async ({ fake, today }: ReturnType<typeof openMeeting>) =>
    await canaryJob(
      hostFor(fake),
      { family: FAMILY, account: fake.ports },
      { written: today.id, dryRun: false },
    );

  test.each([
    [
      'a hold',
      async (fake: FakeAccount) =>
        void (await placeHold(fake.ports, hostFor(fake), {
          family: FAMILY,
          terms: { by: 'cleo', reason: 'no' },
        })),
    ],
    [
      'a revocation',
      async (fake: FakeAccount) => {
        const image = [...fake.state.images.values()].at(-1)!;
        await revoke(fake.ports, hostFor(fake), { image, family: FAMILY, by: 'cleo', reason: 'no' });
      },
    ],
  ])('%s: the canary launches what it launched before, and the run says so', async (_, intervene) => {
    const met = openMeeting({ held: false });
    const { fake, bad } = met;
    const other = fake.beside();
    fake.gate.before = async ({ name }) => {
      if (name !== 'groups.activities') return;
      fake.gate.before = () => undefined;
      await intervene(other);
    };
    await expect(tryToday(met)).rejects.toMatchObject({ kind: 'refused', code: 'changed-meanwhile' });
    expect(imageOf(fake, FAMILY.canary!.stack)).toBe(bad.id);
  });
});

describe('publishing', () => {
  test('an image that is gone by now is refused, and nothing is written', async () => {
    const { fake, today } = openMeeting({ held: false });
    const before = conditionOf(fake);
    let looks = 0;
    fake.gate.before = ({ name, args }) => {
      if (name === 'images.find' && args[0] === today.id && (looks += 1) === 2)
        fake.state.images.delete(today.id);
    };
    const open = { family: FAMILY, account: fake.ports };
    const publishing = publishJob(hostFor(fake), open, { written: today.id, dryRun: false });
    await expect(publishing).rejects.toMatchObject({ kind: 'refused', code: 'image-missing' });
    expect(conditionOf(fake)).toMatchObject({ parameters: (before as { parameters: unknown }).parameters });
  });

  test('never overwrites a revocation that it saw too late', async () => {
    const { fake, today, bad } = openMeeting({ held: false });
    const other = fake.beside();
    fake.gate.before = async ({ name }) => {
      if (name !== 'tagging.set') return;
      fake.gate.before = () => undefined;
      const image = fake.state.images.get(today.id)!;
      await revoke(other.ports, hostFor(fake), { image, family: FAMILY, by: 'cleo', reason: 'no' });
    };
    const open = { family: FAMILY, account: fake.ports };
    const publishing = publishJob(hostFor(fake), open, { written: today.id, dryRun: false });
    await expect(publishing).rejects.toMatchObject({ kind: 'refused' });
    expect(fake.state.images.get(today.id)!.tags[TAG.state]).toBe('revoked');
    expect(desiredIn(fake)).toBe(bad.id);
  });
});

test('roll --image needs no SSM: what cannot be read is told, and the stacks get the image', async () => {
  const { fake, good } = openMeeting({ held: false });
  fake.gate.before = ({ name }) => {
    if (name.startsWith('parameters.')) throw refused('ssm:GetParameter', 'InternalServerError');
  };
  const open = { family: FAMILY, account: fake.ports };
  const { error } = await rollJob(hostFor(fake), open, { written: good.id, stacks: [], dryRun: false });
  expect([error, ...launchedIn(fake)]).toEqual([undefined, ...FAMILY.stacks.map(() => good.id)]);
});
