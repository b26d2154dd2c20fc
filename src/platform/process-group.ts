import { kill } from 'node:process';

/** Time between SIGTERM and SIGKILL; shorter than the 10 s that Buildkite's agent gives a cancelled job. */
const GRACE_MS = 5_000;

/** Why a group was stopped. */
export type StopReason = 'timed-out' | 'killed';

/** Watches over one process group. */
export interface GroupWatch {
  /** Ends the watch; answers with the reason where the group was stopped. */
  end(): StopReason | undefined;
}

/**
 * Stops the process group of `pid` after `timeoutMs` or when `signal` is aborted. The whole group, because what a stopped
 * program started (the ssh of a git) would live on and keep our pipes open.
 */
export function watchGroup(
  pid: number | undefined,
  limits: { readonly timeoutMs: number | undefined; readonly signal: AbortSignal | undefined },
): GroupWatch {
  const { timeoutMs, signal } = limits;
  let reason: StopReason | undefined;
  let last: NodeJS.Timeout | undefined;
  const stop = (because: StopReason): void => {
    reason ??= because;
    signalGroup(pid, 'SIGTERM');
    last ??= setTimeout(signalGroup, GRACE_MS, pid, 'SIGKILL');
  };
  const timer = timeoutMs === undefined ? undefined : setTimeout(stop, timeoutMs, 'timed-out');
  const abort = (): void => stop('killed');
  if (signal?.aborted === true) abort();
  else signal?.addEventListener('abort', abort, { once: true });
  return {
    end: () => {
      clearTimeout(timer);
      clearTimeout(last);
      signal?.removeEventListener('abort', abort);
      return reason;
    },
  };
}

/** Sends a signal to all processes of a group; one that is gone is fine. */
export function signalGroup(pid: number | undefined, name: 'SIGTERM' | 'SIGKILL'): void {
  if (pid === undefined) return;
  try {
    kill(-pid, name);
  } catch {
    // No such process: it has ended by itself.
  }
}
