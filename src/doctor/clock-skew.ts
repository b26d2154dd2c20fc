import { type DoctorFinding, failed, ok, skipped, warning } from './finding.ts';

/** What one server's `Date` said: its clock minus ours, in milliseconds. Whole seconds, and as late as the answer was. */
export interface HeardTime {
  readonly host: string;
  readonly aheadMs: number;
}

/** AWS refuses what was signed at another time (AWS General Reference, "Signature Version 4": 15 minutes; most services 5). */
const REFUSED_MS = 5 * 60_000;
const NOTABLE_MS = 60_000;

const FIX = 'set the clock of this machine and keep it set (chrony, systemd-timesyncd)';

/**
 * Judges this machine's clock by what servers said. One that agrees is believed: a proxy can have a clock of its own, and ours would be
 * wrong by the same chance only.
 */
export function skewFinding(heard: readonly HeardTime[]): DoctorFinding {
  const check = 'clock';
  const [closest] = heard.toSorted((a, b) => Math.abs(a.aheadMs) - Math.abs(b.aheadMs));
  if (closest === undefined) return skipped(check, 'no answer of a registry or of AWS said what time it is');
  const apartMs = Math.abs(closest.aheadMs);
  const seconds = Math.round(apartMs / 1000);
  if (apartMs < NOTABLE_MS) return ok(check, `agrees with ${closest.host}`);
  const text = `${seconds} s ${closest.aheadMs > 0 ? 'behind' : 'ahead of'} ${closest.host}`;
  return apartMs < REFUSED_MS
    ? warning(check, { text: `${text}: from 5 minutes on AWS refuses signatures`, fix: FIX })
    : failed(check, {
        text: `${text}: AWS refuses what is signed at another time, and logins seem to have run out`,
        fix: FIX,
      });
}
