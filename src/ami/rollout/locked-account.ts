import { buildUrl } from '../../ci/build-url.ts';
import { WarmbakeError, messageOf } from '../../platform/errors.ts';
import { warn } from '../../platform/events.ts';
import type { Host } from '../../platform/host.ts';
import { openRun, readRuns, unfinishedRun, type OpenRun, type RunRecord } from '../../state/journal.ts';
import { holderText, underLock, type Lease } from '../../state/lock.ts';
import type { StateStore } from '../../state/store.ts';
import type { Account } from '../model/account.ts';
import { guardedAccount } from './guarded-account.ts';
import { parseImageId, type ImageId } from '../model/ids.ts';

/** Where the lock is in a family's part of the state store. */
export const LOCK_KEY = 'lock.json';

/** Where the runs are in a family's part of the state store. */
export const JOURNAL_FOLDER = 'runs';

/** A job that changes the family. */
export interface WriterJob {
  /** The family's; absent where none is configured: then the pipeline's concurrency group is the lock. */
  readonly store?: StateStore;
  readonly run: Pick<RunRecord, 'job' | 'command' | 'by' | 'image' | 'reason' | 'stacks'>;
  /** Takes the lock from whoever has it, and goes on without a store that is out of reach: for rollbacks. */
  readonly urgent: boolean;
}

/** What the job works with. */
export interface LockedAccount {
  /** Checks the lock and writes the journal before each request that changes something. */
  readonly account: Account;
  /** Without those checks: takes back what landed after the lock was lost. */
  readonly late: Account;
  /** Images of runs that were interrupted: they count as in use. */
  readonly rollouts: readonly ImageId[];
}

/** Runs `work` as the family's only writer; a member `error` of its result counts as failed. Throws `refused` where another run is at work, or the state store is out of reach. */
export async function withLockedAccount<T extends object>(
  account: Account,
  host: Pick<Host, 'clock' | 'signal' | 'emit' | 'env' | 'random'>,
  job: WriterJob,
  work: (services: LockedAccount) => Promise<T>,
): Promise<T> {
  const { store, run, urgent } = job;
  if (store === undefined) return await work({ account, late: account, rollouts: [] });
  const { clock, signal, emit, env } = host;
  const url = buildUrl(env);
  const id = Math.floor(host.random() * 2 ** 48).toString(36);
  const owner = { id, by: run.by, command: run.command, ...(url === undefined ? {} : { url }) };
  const lock = { key: LOCK_KEY, holder: owner, breaks: urgent, clock, signal };
  const started = { yes: false };
  const write = async (lease: Lease): Promise<T> => {
    started.yes = true;
    const folder = JOURNAL_FOLDER;
    const rollouts = await interrupted(store, folder);
    const journal = await openRun(store, host, { folder, run: { ...owner, ...run } });
    const isOurs = urgent ? unlessOutOfReach(lease, emit) : async () => await lease.check();
    const guarded = guardedAccount(account, async ({ name, subject }) => {
      await isOurs();
      journal.note(`${name} ${subject}`);
    });
    return await written(journal, async () => await work({ account: guarded, late: account, rollouts }));
  };
  try {
    return await underLock(store, lock, async (lease, broken) => {
      if (broken !== undefined) {
        warn(
          emit,
          'lock-broken',
          `the lock was taken from ${holderText(broken)}; it stops before its next write`,
        );
      }
      return await write(lease);
    });
  } catch (error) {
    const isOut = error instanceof WarmbakeError && error.kind === 'outside' && !started.yes;
    if (!isOut) throw error;
    if (!urgent) {
      throw new WarmbakeError(
        'refused',
        'state-unreachable',
        `the state store ${store.place} is out of reach: ${messageOf(error)}`,
        {
          hint: 'without it nobody knows whether another run is at work',
          cause: error,
        },
      );
    }
    warn(emit, 'state-unreachable', `going on without lock and journal: ${messageOf(error)}`);
    return await work({ account, late: account, rollouts: [] });
  }
}

/** Checks the lock until the store cannot be asked any more: then says so, and does without. */
function unlessOutOfReach(lease: Lease, emit: Host['emit']): () => Promise<void> {
  const said: string[] = [];
  return async () => {
    if (said.length > 0) return;
    try {
      await lease.check();
    } catch (error) {
      if (!(error instanceof WarmbakeError) || error.code !== 'lock-unknown') throw error;
      // Several stacks may have asked at once.
      if (said.push(error.message) > 1) return;
      warn(emit, 'state-unreachable', `going on without the lock: ${error.message}`);
    }
  };
}

async function interrupted(store: StateStore, folder: string): Promise<readonly ImageId[]> {
  const runs = await readRuns(store, folder, { limit: 1 }).catch(() => []);
  const image = unfinishedRun(runs, undefined)?.image;
  const id = image === undefined ? undefined : parseImageId(image);
  return id === undefined ? [] : [id];
}

async function written<T extends object>(journal: OpenRun, work: () => Promise<T>): Promise<T> {
  try {
    const result = await work();
    const error = 'error' in result ? result.error : undefined;
    if (error === undefined) await journal.end('done');
    else await journal.end('failed', messageOf(error));
    return result;
  } catch (error) {
    await journal.end('failed', messageOf(error));
    throw error;
  }
}
