import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { roll } from '../../../src/ami/rollout/roll.ts';
import {
  withLockedAccount,
  JOURNAL_FOLDER,
  LOCK_KEY,
  type WriterJob,
} from '../../../src/ami/rollout/locked-account.ts';
import { WarmbakeError } from '../../../src/platform/errors.ts';
import type { Event } from '../../../src/platform/events.ts';
import { openDirectoryStore } from '../../../src/state/directory-store.ts';
import { readRuns } from '../../../src/state/journal.ts';
import { readLock } from '../../../src/state/lock.ts';
import type { StateStore } from '../../../src/state/store.ts';
import { handClock } from '../../state/hand-clock.ts';
import { FAMILY } from '../family.ts';
import type { FakeAccount } from '../fake/account.ts';
import { conditionOf } from '../fake/condition.ts';
import { Killed } from '../fake/gate.ts';
import { imageOf } from '../fake/furnish.ts';
import { hostOf } from '../fake/host.ts';
import { fleetOf } from '../operations.ts';

let directory: string;
let store: StateStore;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'warmbake-writer-'));
  store = openDirectoryStore(directory);
});
afterEach(async () => await rm(directory, { recursive: true, force: true }));

const UNREACHABLE: StateStore = {
  place: 's3://state',
  read: async () => await Promise.reject(new WarmbakeError('outside', 'aws-no-answer', 's3 does not answer')),
  write: async () =>
    await Promise.reject(new WarmbakeError('outside', 'aws-no-answer', 's3 does not answer')),
  keys: async () => await Promise.reject(new WarmbakeError('outside', 'aws-no-answer', 's3 does not answer')),
};

let number = 0;
function host(events: Event[] = []) {
  const signal = new AbortController().signal;
  // Every process is another holder.
  const random = () => (number += 1) / 1000;
  return { clock: handClock(), signal, random, env: {}, emit: (event: Event) => void events.push(event) };
}

function job(change: Partial<WriterJob> = {}): WriterJob {
  const run = {
    job: 'roll',
    command: 'warmbake ami roll',
    by: 'ann',
    image: 'ami-00000000000000002',
  } as const;
  return { store, run, urgent: false, ...change };
}

const rollIn = async (fake: FakeAccount, account = fake.ports) =>
  await roll(account, hostOf(fake), { image: 'ami-00000000000000002', stacks: FAMILY.stacks, dryRun: false });

describe('a job that changes the family', () => {
  test('works under the lock, writes down what it writes, and leaves the lock free', async () => {
    const { fake } = fleetOf(4);
    await withLockedAccount(fake.ports, host(), job(), async ({ account }) => {
      expect((await readLock(store, LOCK_KEY))?.by).toBe('ann');
      return await rollIn(fake, account);
    });
    const [run] = await readRuns(store, JOURNAL_FOLDER, { limit: 1 });
    expect(run?.writes.filter(({ what }) => what.startsWith('groups.relaunch'))).toHaveLength(4);
    expect(run?.ended?.outcome).toBe('done');
    expect(await readLock(store, LOCK_KEY)).toBeUndefined();
  });

  test('stops before its next write when a rollback has broken its lock', async () => {
    const { fake } = fleetOf(4);
    const stopped = withLockedAccount(fake.ports, host(), job(), async ({ account }) => {
      await withLockedAccount(fake.ports, host(), job({ urgent: true }), async () => ({}));
      return { results: await rollIn(fake, account) };
    });
    const { results } = await stopped;
    expect(results.map((result) => result.outcome === 'failed' && result.error.code)).toEqual(
      FAMILY.stacks.map(() => 'lock-lost'),
    );
    expect(fake.writes).toEqual([]);
  });

  test('does not run without the state store that is configured', async () => {
    const { fake } = fleetOf(4);
    const refused = withLockedAccount(
      fake.ports,
      host(),
      job({ store: UNREACHABLE }),
      async ({ account }) => await rollIn(fake, account),
    );
    await expect(refused).rejects.toMatchObject({ kind: 'refused', code: 'state-unreachable' });
    expect(fake.writes).toEqual([]);
  });

  test('goes on without it where it is a rollback, and says so', async () => {
    const { fake, good } = fleetOf(4);
    const events: Event[] = [];
    await withLockedAccount(
      fake.ports,
      host(events),
      job({ store: UNREACHABLE, urgent: true }),
      async ({ account }) => await rollIn(fake, account),
    );
    expect(imageOf(fake, 'main')).toBe(good.id);
    expect(events).toContainEqual({
      type: 'warning',
      warning: expect.objectContaining({ code: 'state-unreachable' }),
    });
  });

  test('tells the next one which image an interrupted run was bringing: it counts as in use', async () => {
    const { fake } = fleetOf(4);
    const dying = withLockedAccount(
      fake.ports,
      host(),
      job(),
      async () => await Promise.reject(new Killed()),
    );
    await expect(dying).rejects.toBeInstanceOf(Killed);
    const { rollouts } = await withLockedAccount(
      fake.ports,
      host(),
      job(),
      async (services) => await Promise.resolve(services),
    );
    expect(rollouts).toEqual(['ami-00000000000000002']);
  });

  test('L6: converges from AWS alone: with the journal lost, a rerun ends the same', async () => {
    const { fake } = fleetOf(4);
    const undisturbed = fake.copy();
    await rollIn(undisturbed);
    fake.gate.kill = { call: 30, when: 'answer-lost' };
    await expect(
      withLockedAccount(fake.ports, host(), job(), async ({ account }) => await rollIn(fake, account)),
    ).rejects.toBeInstanceOf(Killed);
    fake.gate.revive();
    await rm(directory, { recursive: true });
    await withLockedAccount(fake.ports, host(), job(), async ({ account }) => await rollIn(fake, account));
    expect(conditionOf(fake)).toEqual(conditionOf(undisturbed));
  });
});
