import type { Clock } from '../platform/clock.ts';
import { WarmbakeError, messageOf } from '../platform/errors.ts';
import type { StateStore } from './store.ts';
import { jsonOrUndefined } from '../platform/json.ts';
import { oneLine } from '../platform/outside-text.ts';
import { lockSchema } from './lock-schema.ts';

/** Who writes. */
export interface LockHolder {
  /** Of this run alone. */
  readonly id: string;
  readonly by: string;
  /** Build that it runs in. */
  readonly url?: string;
  readonly command: string;
  readonly since: Date;
  /** When it may be taken over; moves on while the holder lives. */
  readonly expires: Date;
}

/** Time after which a lock that is not renewed is nobody's, in milliseconds. */
export const LEASE_MS = 5 * 60_000;
const RENEW_MS = 60_000;
const LOOK_MS = 5_000;

/** A lock that this run has. */
export interface Lease {
  /**
   * Call before each write. Throws `refused`: `lock-lost` where somebody has taken the lock, or it could not be renewed in time,
   * `lock-unknown` where the store cannot be asked.
   */
  check(): Promise<void>;
}

/** Options of {@link underLock}. */
export interface LockOptions {
  readonly key: string;
  readonly holder: Pick<LockHolder, 'id' | 'by' | 'url' | 'command'>;
  /** Take it from whoever has it. */
  readonly breaks: boolean;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

/** Who has the lock, whether or not their time is over; `undefined` where nobody does. Throws `outside`. */
export async function readLock(store: StateStore, key: string): Promise<LockHolder | undefined> {
  return (await look(store, key)).holder;
}

/**
 * Runs `work` as the only writer: the lock is renewed meanwhile and given back at the end, however that comes. An expired one
 * is taken over. Throws `refused` where somebody else has it.
 */
export async function underLock<T>(
  store: StateStore,
  options: LockOptions,
  work: (lease: Lease, broken: LockHolder | undefined) => Promise<T>,
): Promise<T> {
  const { key, clock } = options;
  const taken = await take(store, options);
  const own = { ...taken, isLost: false };
  const done = new AbortController();
  const renewing = (async () => {
    for (;;) {
      await clock.sleep(RENEW_MS, done.signal);
      const expires = new Date(clock.now().getTime() + LEASE_MS);
      const written = await put(store, key, { ...own.holder, expires }, own.version).catch(
        () => 'unreachable' as const,
      );
      // While the store is out of reach the lock runs on to its expiry.
      if (written === undefined) own.isLost = true;
      else if (written !== 'unreachable')
        Object.assign(own, { version: written, holder: { ...own.holder, expires } });
    }
  })().catch(() => undefined);
  const check = async (): Promise<void> => {
    const { holder } = await look(store, key).catch((error: unknown) => {
      throw lost('lock-unknown', `the lock cannot be read: ${messageOf(error)}`);
    });
    if (holder?.id !== own.holder.id) {
      const now = holder === undefined ? 'the lock is gone' : `the lock was taken by ${holderText(holder)}`;
      throw lost('lock-lost', now);
    }
    if (own.isLost || clock.now() >= own.holder.expires) {
      throw lost('lock-lost', 'the lock could not be renewed in time');
    }
  };
  try {
    return await work({ check }, taken.broken);
  } finally {
    done.abort();
    await renewing;
    // What is not given back runs out.
    await store
      .write(key, JSON.stringify({ state: 'free' }), { expected: own.version })
      .catch(() => undefined);
  }
}

interface Taken {
  readonly holder: LockHolder;
  readonly version: string;
  readonly broken: LockHolder | undefined;
}

async function take(store: StateStore, options: LockOptions): Promise<Taken> {
  const { key, holder: own, breaks, clock, signal } = options;
  for (;;) {
    const { holder: found, version } = await look(store, key);
    const now = clock.now();
    const alive = found !== undefined && now < found.expires ? found : undefined;
    if (alive === undefined || breaks) {
      const holder = { ...own, since: now, expires: new Date(now.getTime() + LEASE_MS) };
      const written = await put(store, key, holder, version);
      if (written !== undefined) return { holder, version: written, broken: alive };
    } else if (alive.url === undefined || alive.url !== own.url) {
      throw new WarmbakeError('refused', 'locked', `another run is at work: ${holderText(alive)}`, {
        hint: `wait for its end; if it was killed, its lock runs out at ${alive.expires.toISOString()}`,
      });
    } else {
      // An earlier try of the same build, whose agent was lost: it cannot give its lock back.
      await clock.sleep(LOOK_MS, signal);
    }
  }
}

async function put(
  store: StateStore,
  key: string,
  holder: LockHolder,
  expected: string | undefined,
): Promise<string | undefined> {
  return await store.write(key, JSON.stringify({ state: 'held', ...holder }), { expected });
}

async function look(
  store: StateStore,
  key: string,
): Promise<{ readonly holder: LockHolder | undefined; readonly version: string | undefined }> {
  const entry = await store.read(key);
  if (entry === undefined) return { holder: undefined, version: undefined };
  const read = lockSchema.safeParse(jsonOrUndefined(entry.text));
  if (!read.success) {
    throw new WarmbakeError(
      'outside',
      'lock-unreadable',
      `${store.place}/${key} is not a lock: '${entry.text.slice(0, 100)}'`,
      {
        hint: 'delete it if no run is at work',
      },
    );
  }
  if (read.data.state === 'free') return { holder: undefined, version: entry.version };
  const { state: _, ...holder } = read.data;
  return { holder, version: entry.version };
}

/** One phrase about who has it. */
export function holderText({ by, command, since, url }: LockHolder): string {
  return oneLine(
    `'${command}' by ${by} since ${since.toISOString()}${url === undefined || by.includes(url) ? '' : ` (${url})`}`,
  );
}

function lost(code: 'lock-lost' | 'lock-unknown', because: string): WarmbakeError {
  return new WarmbakeError('refused', code, `${because}; nothing more was written`, {
    hint: 'look at `warmbake ami status`, then run this again',
  });
}
