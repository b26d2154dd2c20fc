import type { Machine } from '../image-step/machine.ts';
import { type DoctorFinding, ok, warning } from './finding.ts';

/** What is expected of the machine. */
export interface ExpectedMachine {
  /** Where the marker file would be. */
  readonly marker: string;
  /** Machine images are configured. */
  readonly families: boolean;
  /** The oldest that one may get before somebody is told; absent where nobody has said. */
  readonly maximumAgeMs?: number;
}

const DAY_MS = 86_400_000;
/** Where nobody said when an image is old: main has gone on for so long. */
const STALE_MS = 7 * DAY_MS;

/** Age and warmth of the image that this machine was made of. */
export function machineFinding(
  { instance, marker }: Machine,
  expected: ExpectedMachine,
  now: Date,
): DoctorFinding {
  const check = 'machine-image';
  const on =
    instance === undefined ? 'not on EC2' : `${instance.type} in ${instance.zone}, image ${instance.image}`;
  if (marker === undefined) {
    const text = `${on}; cold: no marker file ${expected.marker}`;
    if (instance === undefined || !expected.families) return ok(check, text);
    return warning(check, {
      text,
      fix: 'make the stack of this queue one of the family (ami.*.stacks) and roll it: `warmbake ami status` shows which image it launches',
    });
  }
  const commit = marker['AMI_COMMIT'];
  const built = Date.parse(marker['AMI_BUILD_TIME'] ?? '');
  const of = commit === undefined ? '' : ` of commit ${commit.slice(0, 12)}`;
  if (Number.isNaN(built)) return ok(check, `${on}; warm${of}, of unknown age`);
  const ageMs = now.getTime() - built;
  const text = `${on}; warm${of}, ${agedText(ageMs)} old`;
  const { maximumAgeMs = STALE_MS } = expected;
  if (ageMs < -DAY_MS)
    return warning(check, {
      text: `${on}; warm${of}, made in the future`,
      fix: 'set the clock of this machine',
    });
  return ageMs <= maximumAgeMs
    ? ok(check, text)
    : warning(check, {
        text: `${text}: what main has changed since is not in its store`,
        fix: 'look at the daily job: `warmbake ami status`, then `warmbake ami rebuild`; an instance launched before the last roll is replaced when its agent ends',
      });
}

function agedText(milliseconds: number): string {
  const hours = Math.max(0, milliseconds) / 3_600_000;
  return hours < 48 ? `${hours.toFixed(1)} h` : `${(hours / 24).toFixed(1)} d`;
}
