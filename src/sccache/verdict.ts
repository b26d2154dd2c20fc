import type { SccacheSettings } from '../config/settings.ts';
import type { Checkup } from './checkup.ts';
import type { StartFailure } from './start-failure.ts';

/** What a build with these settings and credentials would meet. */
export type StoreVerdict =
  | { readonly state: 'off' }
  | { readonly state: 'starts'; readonly access: 'read-write' | 'read-only' | 'read' }
  | { readonly state: 'does-not-start'; readonly failure: StartFailure };

/** S3 refuses requests that are signed at another time; sccache does not correct its clock as the SDK does. */
export const CLOCK_LIMIT_MS = 15 * 60_000;

/** Judges whether sccache's server would start, and what it could do then. */
export function storeVerdict(checkup: Checkup, { enabled }: SccacheSettings): StoreVerdict {
  if (!enabled) return { state: 'off' };
  if (checkup.credentials?.state === 'none') {
    const failure = { cause: 'no-credentials', said: checkup.credentials.because } as const;
    return { state: 'does-not-start', failure };
  }
  if (checkup.read.state === 'refused') return { state: 'does-not-start', failure: checkup.read.failure };
  if (Math.abs(checkup.clockAheadMs ?? 0) > CLOCK_LIMIT_MS) {
    return {
      state: 'does-not-start',
      failure: { cause: 'clock', said: clockText(checkup.clockAheadMs ?? 0) },
    };
  }
  if (checkup.write === undefined) return { state: 'starts', access: 'read' };
  return { state: 'starts', access: checkup.write.state === 'refused' ? 'read-only' : 'read-write' };
}

/** What a build would meet, in one line. */
export function verdictText(verdict: StoreVerdict): string {
  switch (verdict.state) {
    case 'off':
      return 'sccache is off (sccache.enabled)';
    case 'starts':
      return `sccache would start: ${verdict.access === 'read' ? 'reading; writing was not tried' : verdict.access}`;
    case 'does-not-start':
      return `sccache would not start (${verdict.failure.cause}): ${verdict.failure.said}`;
  }
}

/** How far the store's clock is ahead of ours. */
export function clockText(aheadMs: number): string {
  const seconds = Math.round(Math.abs(aheadMs) / 1000);
  if (seconds <= 1) return 'agrees';
  return `${seconds} s ${aheadMs > 0 ? 'behind' : 'ahead of'} the store`;
}
