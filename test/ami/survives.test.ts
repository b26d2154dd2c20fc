import { describe, expect, test } from 'vitest';
import { releaseImage } from '../../src/ami/release.ts';
import { clean } from '../../src/ami/retention/clean.ts';
import { placeHold, releaseHold } from '../../src/ami/rollback/place-hold.ts';
import { revoke, unrevoke } from '../../src/ami/rollback/revocation.ts';
import { roll } from '../../src/ami/rollout/roll.ts';
import { TAG } from '../../src/ami/model/tags.ts';
import { FAMILY, HOUR } from './family.ts';
import type { FakeAccount, FakeOptions } from './fake/account.ts';
import { conditionOf } from './fake/condition.ts';
import { addImage, addInstance } from './fake/furnish.ts';
import { hostOf } from './fake/host.ts';
import { everyKillPoint } from './fake/kill-points.ts';
import { fleetOf, goBack, PUBLISHED, TERMS } from './operations.ts';

type World = ReturnType<typeof fleetOf>;
const host = hostOf;
const newest = (fake: FakeAccount) => [...fake.state.images.values()].at(-1)!;

/** Ten images and a finished candidate that one canary instance runs. */
function withCandidate(options: FakeOptions): World {
  const world = fleetOf(10, options);
  const image = addImage(world.fake, { tags: { ...PUBLISHED, [TAG.state]: 'candidate' } });
  addInstance(world.fake, { image: image.id, group: world.stacks.get('pull-requests')!.group });
  return world;
}

/** Three cleanups, one after the other: a killed run may have deleted its share already, and each deletes only so many. */
async function cleanUp(fake: FakeAccount): Promise<void> {
  for (let run = 0; run < 3; run += 1) {
    fake.clock.advance(HOUR);
    await clean(fake.ports, host(fake), { family: FAMILY, dryRun: false, rollouts: [] });
  }
}

/** The condition, but for the times that a hold or a revocation says: a run that is repeated is a little later. */
function timelessCondition(fake: FakeAccount): unknown {
  const text = JSON.stringify(conditionOf(fake));
  return JSON.parse(
    text.replaceAll(/(revoked-at":|condemned":|since\\":|at\\":)\\?"[\d-]+T[\d:.]+Z\\?"/g, '$1null'),
  );
}

/** What there is before, what runs, and how many points there are at least: fewer means that something is not tried any more. */
const SCENARIOS: readonly {
  readonly name: string;
  readonly start: (options: FakeOptions) => FakeAccount | Promise<FakeAccount>;
  readonly run: (fake: FakeAccount) => Promise<unknown>;
  readonly atLeast: number;
}[] = [
  {
    name: 'rebuild from a finished image',
    start: (options) => withCandidate(options).fake,
    run: async (fake) => {
      const image = newest(fake);
      await releaseImage(fake.ports, host(fake), {
        family: FAMILY,
        canary: FAMILY.canary!,
        image,
        dryRun: false,
      });
      await cleanUp(fake);
    },
    atLeast: 454,
  },
  {
    name: 'roll',
    start: (options) => withCandidate(options).fake,
    run: async (fake) =>
      await roll(fake.ports, host(fake), { image: newest(fake).id, stacks: FAMILY.stacks, dryRun: false }),
    atLeast: 68,
  },
  {
    name: 'rollback',
    start: (options) => fleetOf(4, options).fake,
    run: async (fake) => await goBack(fake),
    atLeast: 132,
  },
  {
    name: 'rollback, further back',
    start: async (options) => {
      const { fake } = fleetOf(5, options);
      await goBack(fake);
      return fake;
    },
    run: async (fake) => await goBack(fake, { goal: { kind: 'steps', steps: 2 } }),
    atLeast: 132,
  },
  {
    name: 'rollback, half of the stacks there already',
    start: async (options) => {
      const { fake, good } = fleetOf(4, options);
      const stacks = FAMILY.stacks.slice(0, 2);
      await roll(fake.ports, host(fake), { image: good.id, stacks, dryRun: false });
      return fake;
    },
    run: async (fake) => await goBack(fake),
    atLeast: 104,
  },
  {
    name: 'clean',
    start: (options) => fleetOf(10, options).fake,
    run: cleanUp,
    atLeast: 168,
  },
  {
    name: 'clean, with nothing condemned yet',
    start: (options) => {
      const { fake, images } = fleetOf(10, options);
      for (const image of images) fake.state.images.set(image.id, { ...image, tags: PUBLISHED });
      return fake;
    },
    run: cleanUp,
    atLeast: 168,
  },
  {
    name: 'hold',
    start: (options) => fleetOf(3, options).fake,
    run: async (fake) => await placeHold(fake.ports, host(fake), { family: FAMILY, terms: TERMS }),
    atLeast: 6,
  },
  {
    name: 'release',
    start: async (options) => {
      const { fake } = fleetOf(3, options);
      await placeHold(fake.ports, host(fake), { family: FAMILY, terms: TERMS });
      return fake;
    },
    run: async (fake) => await releaseHold(fake.ports, host(fake), { family: FAMILY, by: 'ann' }),
    atLeast: 4,
  },
  {
    name: 'revoke and unrevoke',
    start: (options) => fleetOf(3, options).fake,
    run: async (fake) => {
      await revoke(fake.ports, host(fake), { image: newest(fake), family: FAMILY, ...TERMS });
      await unrevoke(fake.ports, host(fake), { image: newest(fake), family: FAMILY, by: 'ann' });
    },
    atLeast: 6,
  },
];

const WORLDS: readonly FakeOptions[] = [{}, { staleMs: 1_500 }, { policyUpdate: 'merge-leaves' }];

describe('L6: killed at any AWS call, before it is sent or with its answer lost, and run again', () => {
  describe.each(SCENARIOS)('$name', ({ start, run, atLeast }) => {
    test.each(WORLDS)('ends like an undisturbed run (%o)', async (options) => {
      const fake = await start(options);
      fake.gate.revive();
      const points = await everyKillPoint(fake, options, {
        run: async (account) => void (await run(account)),
        condition: timelessCondition,
      });
      expect(points).toBeGreaterThanOrEqual(atLeast);
    });
  });
});
