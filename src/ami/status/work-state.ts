import type { FamilySettings } from '../../config/families.ts';
import { messageOf } from '../../platform/errors.ts';
import { warn } from '../../platform/events.ts';
import type { Host } from '../../platform/host.ts';
import { readRuns, unfinishedRun, type RunRecord } from '../../state/journal.ts';
import { readLock, type LockHolder } from '../../state/lock.ts';
import type { StateStore } from '../../state/store.ts';
import { finishCommand } from '../rollout/finish-command.ts';
import { JOURNAL_FOLDER, LOCK_KEY } from '../rollout/locked-account.ts';

/** What the state store tells about runs. */
export interface WorkState {
  readonly lock: LockView;
  /** The newest run, where it was killed or has failed. */
  readonly unfinished?: UnfinishedRun;
}

/** A run, and the command that finishes it, where the journal says enough for one. */
export interface UnfinishedRun extends RunRecord {
  readonly finish?: string;
}

/** Who is at work, as far as that can be known. */
export type LockView =
  | { readonly state: 'no-store' }
  | { readonly state: 'unknown'; readonly because: string }
  | { readonly state: 'free' }
  | { readonly state: 'held' | 'expired'; readonly holder: LockHolder };

/** Reads lock and journal. A store that is out of reach is a warning. */
export async function readWorkState(
  store: StateStore | undefined,
  host: Pick<Host, 'clock' | 'emit'>,
  family: FamilySettings,
): Promise<WorkState> {
  if (store === undefined) return { lock: { state: 'no-store' } };
  try {
    const [holder, runs] = await Promise.all([
      readLock(store, LOCK_KEY),
      readRuns(store, JOURNAL_FOLDER, { limit: 1 }),
    ]);
    const isAlive = holder !== undefined && host.clock.now() < holder.expires;
    const unfinished = unfinishedRun(runs, isAlive ? holder.id : undefined);
    const finish = unfinished === undefined ? undefined : finishCommand(family, unfinished);
    return {
      lock: holder === undefined ? { state: 'free' } : { state: isAlive ? 'held' : 'expired', holder },
      ...(unfinished === undefined
        ? {}
        : { unfinished: { ...unfinished, ...(finish === undefined ? {} : { finish }) } }),
    };
  } catch (error) {
    warn(host.emit, 'state-unreachable', `lock and journal are not known: ${messageOf(error)}`);
    return { lock: { state: 'unknown', because: messageOf(error) } };
  }
}
