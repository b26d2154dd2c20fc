import { describe, expect, test } from 'vitest';
import { holdParameter } from '../../../src/ami/model/hold.ts';
import { revocationsParameter } from '../../../src/ami/model/revocations.ts';
import { placeHold, releaseHold } from '../../../src/ami/rollback/place-hold.ts';
import { revoke, unrevoke } from '../../../src/ami/rollback/revocation.ts';
import { readUsage } from '../../../src/ami/retention/inventory.ts';
import { historyOf } from '../../../src/ami/status/history.ts';
import type { Event } from '../../../src/platform/events.ts';
import { DAY, FAMILY } from '../family.ts';
import type { FakeAccount } from '../fake/account.ts';
import { setParameter } from '../fake/furnish.ts';
import { hostOf } from '../fake/host.ts';
import { refused } from '../fake/ports.ts';
import { fleetOf, goBack, TERMS } from '../operations.ts';

/** What was done to images and holds, newest first, as lines. */
async function toldIn({ ports, state }: FakeAccount): Promise<readonly string[]> {
  const { parameters } = ports;
  const entries = historyOf({
    desired: [],
    holds: await parameters.history(holdParameter(FAMILY)),
    revocations: await parameters.history(revocationsParameter(FAMILY)),
    images: [...state.images.values()],
    versions: [],
    runs: [],
  });
  return entries.map(({ what, by, why }) => `${by}: ${what}${why === undefined ? '' : ` (${why})`}`);
}

describe('history', () => {
  test('tells a revocation once while tag and note are there, and still when the image is deleted', async () => {
    const { fake, bad } = fleetOf(4);
    await goBack(fake);
    const told = await toldIn(fake);
    expect(told.filter((line) => line.includes('revoked'))).toEqual([
      `ann: revoked ${bad.id} (agents do not start)`,
    ]);
    fake.state.images.delete(bad.id);
    expect(await toldIn(fake)).toEqual(told);
  });

  test('tells who took a revocation back, and what was taken back', async () => {
    const { fake, bad } = fleetOf(4);
    const host = hostOf(fake);
    await revoke(fake.ports, host, { image: bad, family: FAMILY, ...TERMS });
    fake.clock.advance(DAY);
    await unrevoke(fake.ports, host, { image: fake.state.images.get(bad.id)!, family: FAMILY, by: 'bob' });
    expect(await toldIn(fake)).toEqual([
      `bob: took the revocation of ${bad.id} back`,
      `ann: revoked ${bad.id} (agents do not start)`,
    ]);
  });

  test('tells of holds that are over', async () => {
    const { fake, bad } = fleetOf(4);
    const host = hostOf(fake);
    await placeHold(fake.ports, host, { family: FAMILY, terms: { by: 'ann', reason: 'release week' } });
    fake.clock.advance(DAY);
    await releaseHold(fake.ports, host, { family: FAMILY, by: 'bob' });
    expect(await toldIn(fake)).toEqual(['bob: released the hold', `ann: held ${bad.id} (release week)`]);
  });

  test('a revocation from before there were notes is told by its tags', async () => {
    const { fake, bad } = fleetOf(4);
    await revoke(fake.ports, hostOf(fake), { image: bad, family: FAMILY, ...TERMS });
    fake.state.parameters.delete(revocationsParameter(FAMILY));
    expect(await toldIn(fake)).toEqual([`ann: revoked ${bad.id} (agents do not start)`]);
  });

  test('something else among the notes is shown as what it is', async () => {
    const { fake } = fleetOf(4);
    setParameter(fake, revocationsParameter(FAMILY), 'by hand');
    expect((await toldIn(fake))[0]).toContain("wrote 'by hand' among the revocations");
  });
});

describe('the notes of revocations', () => {
  test('are no use of the image: it is cleaned in its time', async () => {
    const { fake, images } = fleetOf(9);
    const old = images[8]!;
    await revoke(fake.ports, hostOf(fake), { image: old, family: FAMILY, ...TERMS });
    const terms = { family: FAMILY, rollouts: [], forDeletion: true };
    const usage = await readUsage(fake.ports, hostOf(fake), terms);
    expect([usage.complete, usage.complete && usage.images.has(old.id)]).toEqual([true, false]);
  });

  test('that cannot be written are a warning: the image is revoked all the same', async () => {
    const { fake, bad } = fleetOf(4);
    fake.gate.before = ({ name }) => {
      if (name === 'parameters.put') throw refused('ssm:PutParameter', 'AccessDenied');
    };
    const events: Event[] = [];
    const outcome = await revoke(fake.ports, hostOf(fake, events), { image: bad, family: FAMILY, ...TERMS });
    expect(outcome).toBe('revoked');
    expect(events).toMatchObject([{ type: 'warning', warning: { code: 'revocation-unwritten' } }]);
  });
});
