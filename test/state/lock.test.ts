import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { LEASE_MS, readLock, underLock, type Lease, type LockOptions } from '../../src/state/lock.ts';
import { openDirectoryStore } from '../../src/state/directory-store.ts';
import type { StateStore } from '../../src/state/store.ts';
import { handClock, type HandClock } from './hand-clock.ts';

const KEY = 'cpu/lock.json';
let directory: string;
let store: StateStore;
let clock: HandClock;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'warmbake-lock-'));
  store = openDirectoryStore(directory);
  clock = handClock();
});
afterEach(async () => await rm(directory, { recursive: true, force: true }));

function options(id: string, change: Partial<LockOptions> & { url?: string } = {}): LockOptions {
  const { url, ...rest } = change;
  const holder = {
    id,
    by: `person ${id}`,
    command: 'warmbake ami roll',
    ...(url === undefined ? {} : { url }),
  };
  return { key: KEY, holder, breaks: false, clock, signal: new AbortController().signal, ...rest };
}

/** Takes the lock and keeps it until it is told to end. */
async function hold(id: string, change?: Parameters<typeof options>[1]) {
  let end = (): void => undefined;
  const until = new Promise<void>((resolve) => (end = resolve));
  let take: (lease: Lease) => void;
  const taken = new Promise<Lease>((resolve) => (take = resolve));
  const ended = underLock(store, options(id, change), async (lease) => {
    take(lease);
    await until;
  });
  return {
    lease: await Promise.race([taken, ended.then(() => Promise.reject(new Error('ended')))]),
    end: async () => (end(), await ended),
  };
}

describe('a lock', () => {
  test('keeps a second writer out, and says who is at work and until when', async () => {
    const first = await hold('a');
    await expect(hold('b')).rejects.toMatchObject({
      kind: 'refused',
      code: 'locked',
      message: "another run is at work: 'warmbake ami roll' by person a since 2026-08-21T12:00:00.000Z",
      hint: expect.stringContaining('2026-08-21T12:05:00.000Z'),
    });
    await first.end();
    await (await hold('b')).end();
  });

  test('is given back when the work fails', async () => {
    await expect(
      underLock(store, options('a'), async () => await Promise.reject(new Error('broken'))),
    ).rejects.toThrow('broken');
    expect(await readLock(store, KEY)).toBeUndefined();
  });

  test('is renewed while its holder works', async () => {
    const first = await hold('a');
    for (let minute = 0; minute < 12; minute += 1) await clock.advance(60_000);
    await first.lease.check();
    await expect(hold('b')).rejects.toMatchObject({ code: 'locked' });
    await first.end();
  });

  test('is taken over once a killed holder’s time is over, not before', async () => {
    const killed = { ...clock, sleep: async () => await new Promise<void>(() => undefined) };
    const first = await hold('a', { clock: killed });
    await clock.advance(LEASE_MS - 1);
    await expect(hold('b')).rejects.toMatchObject({ code: 'locked' });
    await clock.advance(1);
    const second = await hold('b');
    // One that was only asleep wakes up, and finds that it must not write.
    await expect(first.lease.check()).rejects.toMatchObject({ kind: 'refused', code: 'lock-lost' });
    await second.lease.check();
    await second.end();
  });

  test('is broken by a rollback: the job stops before its next write, and gives nothing back that is not its own', async () => {
    const job = await hold('a');
    const rollback = await hold('b', { breaks: true });
    await expect(job.lease.check()).rejects.toThrow('the lock was taken by');
    await job.end();
    expect((await readLock(store, KEY))?.id).toBe('b');
    await rollback.end();
    expect(await readLock(store, KEY)).toBeUndefined();
  });

  test('lets a later try of the same build wait for the one whose agent was lost', async () => {
    const url = 'https://buildkite.com/acme/ami/builds/7';
    const killed = { ...clock, sleep: async () => await new Promise<void>(() => undefined) };
    await hold('a', { clock: killed, url });
    const second = hold('b', { url });
    await clock.somebodySleeps();
    for (let seconds = 0; seconds < 5 * 60; seconds += 30) await clock.advance(30_000);
    await (await second).end();
    expect(await readLock(store, KEY)).toBeUndefined();
  });

  test('that cannot be read or renewed any more counts as lost', async () => {
    const first = await hold('a');
    await rm(directory, { recursive: true });
    await expect(first.lease.check()).rejects.toMatchObject({ code: 'lock-lost' });
    await first.end();
  });

  test('that could not be renewed is good until its time is over, and not a moment longer, though nobody has taken it', async () => {
    const whole = store;
    let up = true;
    store = {
      ...whole,
      write: async (...args) =>
        up ? await whole.write(...args) : await Promise.reject(new Error('out of reach')),
    };
    const first = await hold('a');
    up = false;
    await clock.advance(LEASE_MS - 1);
    await first.lease.check();
    await clock.advance(1);
    expect((await readLock(store, KEY))?.id).toBe('a');
    await expect(first.lease.check()).rejects.toMatchObject({
      kind: 'refused',
      code: 'lock-lost',
      message: 'the lock could not be renewed in time; nothing more was written',
    });
    await first.end();
  });

  test('that was written behind its holder’s back is lost at once, even where it still names the holder', async () => {
    const first = await hold('a');
    const { text, version } = (await store.read(KEY))!;
    await store.write(KEY, `${text} `, { expected: version });
    await clock.advance(60_000);
    await expect(first.lease.check()).rejects.toMatchObject({ kind: 'refused', code: 'lock-lost' });
    await first.end();
  });

  test('that cannot be read is not overwritten', async () => {
    await store.write(KEY, 'hands off', { expected: undefined });
    await expect(hold('a')).rejects.toMatchObject({ kind: 'outside', code: 'lock-unreadable' });
    expect((await store.read(KEY))?.text).toBe('hands off');
  });
});
