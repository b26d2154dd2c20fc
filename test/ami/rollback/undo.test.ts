import { describe, expect, test } from 'vitest';
import { undoJob } from '../../../src/ami/jobs/undo.ts';
import { holdParameter, parseHold } from '../../../src/ami/model/hold.ts';
import type { ImageId } from '../../../src/ami/model/ids.ts';
import { stateOf } from '../../../src/ami/model/machine-image.ts';
import { placeHold, releaseHold } from '../../../src/ami/rollback/place-hold.ts';
import { revoke, unrevoke } from '../../../src/ami/rollback/revocation.ts';
import { FAMILY } from '../family.ts';
import type { FakeAccount } from '../fake/account.ts';
import { conditionOf } from '../fake/condition.ts';
import { imageOf, setParameter } from '../fake/furnish.ts';
import { hostOf } from '../fake/host.ts';
import { everyKillPoint } from '../fake/kill-points.ts';
import { fleetOf, goBack } from '../operations.ts';
import { hostFor } from '../two-at-once.ts';

const yes = async (): Promise<void> => await Promise.resolve();

async function undoIn(fake: FakeAccount, { dryRun = false, confirm = yes } = {}) {
  return await undoJob(hostFor(fake), { family: FAMILY, account: fake.ports }, { dryRun, confirm });
}

/** What counts for those who work with the fleet. */
function standingIn(fake: FakeAccount) {
  const hold = parseHold(fake.state.parameters.get(holdParameter(FAMILY))?.[0]?.value, fake.clock.now());
  return {
    desired: fake.state.parameters.get(FAMILY.parameter)?.[0]?.value,
    hold: hold.state === 'held' ? hold.hold : hold.state,
    stacks: FAMILY.stacks.map((stack) => imageOf(fake, stack)),
    revoked: [...fake.state.images.values()].filter((one) => stateOf(one) === 'revoked').map(({ id }) => id),
  };
}

const FURTHER = { goal: { kind: 'steps', steps: 2 } } as const;

describe('an undo', () => {
  test('puts back what the rollback changed: desired image, hold, revocation and stacks', async () => {
    const { fake, bad } = fleetOf(4);
    const before = standingIn(fake);
    await goBack(fake);
    const { report } = await undoIn(fake);
    expect(standingIn(fake)).toEqual(before);
    expect(report).toMatchObject({ parameter: 'written', hold: 'released', restored: [bad.id] });
  });

  test('knows the revocation of a rollback whose hold was made longer, for another reason', async () => {
    const { fake, bad } = fleetOf(4);
    const before = standingIn(fake);
    await goBack(fake);
    fake.clock.advance(60_000);
    const terms = { by: 'bob', reason: 'until it is understood' };
    await placeHold(fake.ports, hostOf(fake), { family: FAMILY, terms });
    const { report } = await undoIn(fake);
    expect(report).toMatchObject({ restored: [bad.id] });
    expect(standingIn(fake)).toEqual(before);
  });

  test('puts the hold back that stood before', async () => {
    const { fake } = fleetOf(4);
    const terms = { by: 'bob', reason: 'release week' };
    await placeHold(fake.ports, hostOf(fake), { family: FAMILY, terms });
    const before = standingIn(fake);
    await goBack(fake);
    await undoIn(fake);
    expect(standingIn(fake)).toEqual(before);
  });

  test('of a rollback one further leaves the first one, and then takes that back, too', async () => {
    const { fake } = fleetOf(5);
    const first = standingIn(fake);
    await goBack(fake);
    const second = standingIn(fake);
    await goBack(fake, FURTHER);
    await undoIn(fake);
    expect(standingIn(fake)).toEqual(second);
    await undoIn(fake);
    expect(standingIn(fake)).toEqual(first);
    await expect(undoIn(fake)).rejects.toMatchObject({ kind: 'refused', code: 'nothing-to-undo' });
  });

  test('of the second of two equal rollbacks knows the hold between them', async () => {
    const { fake } = fleetOf(4);
    await goBack(fake);
    await undoIn(fake);
    await placeHold(fake.ports, hostOf(fake), { family: FAMILY, terms: { by: 'bob', reason: 'week' } });
    const before = standingIn(fake);
    fake.clock.advance(60_000);
    await goBack(fake);
    await undoIn(fake);
    expect(standingIn(fake)).toEqual(before);
  });

  test('planned only changes nothing', async () => {
    const { fake, good, bad } = fleetOf(4);
    await goBack(fake);
    fake.gate.revive();
    const { planned } = await undoIn(fake, { dryRun: true });
    expect(planned.plan).toMatchObject({ from: good.id, to: { id: bad.id }, restores: [{ id: bad.id }] });
    expect(fake.writes).toEqual([]);
  });

  test.each([{}, { staleMs: 5_000 }])(
    'is finished by the same command, wherever it was killed (%j)',
    async (options) => {
      const { fake } = fleetOf(4);
      await goBack(fake);
      fake.clock.advance(60_000);
      const points = await everyKillPoint(fake, options, {
        run: async (account) => {
          await undoIn(account).catch((error: unknown) => {
            // Whoever was killed after its last write finds nothing to do.
            if ((error as { readonly code?: string }).code !== 'nothing-to-undo') throw error;
          });
        },
        condition: (account) =>
          JSON.stringify(conditionOf(account)).replaceAll(
            /\d{4}-\d\d-\d\dT[\d:.]+Z|\\"by\\":\\"person-\d+\\"/g,
            '',
          ),
      });
      expect(points).toBeGreaterThan(20);
    },
  );
});

describe('an undo is refused, and writes nothing', () => {
  type World = ReturnType<typeof fleetOf>;
  const CASES: readonly (readonly [string, (world: World) => unknown, string])[] = [
    ['where no rollback was', () => undefined, 'no rollback stands: /ci/app-image is not held'],
    [
      'where the hold was released',
      async ({ fake }) => {
        await goBack(fake);
        await releaseHold(fake.ports, hostOf(fake), { family: FAMILY, by: 'bob' });
      },
      'no rollback stands',
    ],
    [
      'where somebody wrote the parameter since',
      async ({ fake, images }) => {
        await goBack(fake);
        setParameter(fake, FAMILY.parameter, images[3]!.id);
      },
      'is ami-00000000000000004 now',
    ],
    [
      'where what was desired is gone',
      async ({ fake, bad }) => {
        await goBack(fake);
        fake.state.images.delete(bad.id);
      },
      'there is no image ami-00000000000000001',
    ],
    [
      'where somebody else has revoked it for a reason of their own',
      async ({ fake, bad }) => {
        await goBack(fake);
        const host = hostOf(fake);
        await unrevoke(fake.ports, host, {
          image: fake.state.images.get(bad.id)!,
          family: FAMILY,
          by: 'bob',
        });
        await revoke(fake.ports, host, {
          image: fake.state.images.get(bad.id)!,
          family: FAMILY,
          by: 'bob',
          reason: 'leaks a key',
        });
      },
      'was revoked by bob: leaks a key',
    ],
  ];
  test.each(CASES)('%s', async (_, spoil, because) => {
    const world = fleetOf(4);
    await spoil(world);
    world.fake.gate.revive();
    await expect(undoIn(world.fake)).rejects.toMatchObject({
      kind: 'refused',
      message: expect.stringContaining(because),
    });
    expect(world.fake.writes).toEqual([]);
  });

  test('where a further rollback came while the question was asked', async () => {
    const { fake, images } = fleetOf(5);
    await goBack(fake);
    const asked = undoIn(fake, {
      confirm: async () => {
        await goBack(fake.beside(), FURTHER);
      },
    });
    await expect(asked).rejects.toMatchObject({ code: 'plan-changed' });
    expect(standingIn(fake).desired).toBe(images[2]!.id satisfies ImageId);
  });
});
