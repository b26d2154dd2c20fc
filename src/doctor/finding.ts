import { WarmbakeError, messageOf } from '../platform/errors.ts';
import { OutOfTime } from '../platform/time-limit.ts';
import { CHECK_CODES, type CheckCode } from './checks.ts';

/** What one check came to. `failed`: something that this run plans will not work. A `warning` costs time, or may fail later. */
export type DoctorFinding =
  | { readonly check: CheckCode; readonly state: 'ok'; readonly text: string }
  /** `text` is the reason. */
  | { readonly check: CheckCode; readonly state: 'skipped'; readonly text: string }
  | Trouble;

/** All that was found. */
export interface Examination {
  readonly findings: readonly DoctorFinding[];
  /** Repositories (`host/path`) that they name. */
  readonly repositories: readonly string[];
}

/** A finding that somebody should do something about; `fix` says what, in one sentence. */
export interface Trouble {
  readonly check: CheckCode;
  readonly state: 'warning' | 'failed';
  readonly text: string;
  readonly fix: string;
}

/** What is wrong, and what to do next. */
export type Advice = Pick<Trouble, 'text' | 'fix'>;

/** All is well. */
export function ok(check: CheckCode, text: string): DoctorFinding {
  return { check, state: 'ok', text };
}

/** It was not looked at, and why. */
export function skipped(check: CheckCode, text: string): DoctorFinding {
  return { check, state: 'skipped', text };
}

/** It costs time, or may fail later. */
export function warning(check: CheckCode, advice: Advice): Trouble {
  return { check, state: 'warning', ...advice };
}

/** Something that is planned will not work. */
export function failed(check: CheckCode, advice: Advice): Trouble {
  return { check, state: 'failed', ...advice };
}

/** What was thrown, as a finding: the rest of the checks go on. */
export function thrown(check: CheckCode, error: unknown, state: Trouble['state'] = 'failed'): Trouble {
  const text = messageOf(error);
  if (error instanceof OutOfTime) return { check, state, text, fix: SILENT };
  const hint = error instanceof WarmbakeError ? (error.hint ?? PLAN) : 'this is a defect of warmbake';
  return { check, state, text, fix: hint };
}

const SILENT = 'check that this machine reaches it (network, proxy, firewall), and run this again';
const PLAN = 'put right what the message names, and run this again';

/** In the order of {@link CHECK_CODES}; findings of one check stay in theirs. */
export function inOrder(findings: readonly DoctorFinding[]): readonly DoctorFinding[] {
  return CHECK_CODES.flatMap((code) => findings.filter(({ check }) => check === code));
}

/** How many findings there are of each state. */
export function countsOf(
  findings: readonly DoctorFinding[],
): Readonly<Record<DoctorFinding['state'], number>> {
  const count = (state: DoctorFinding['state']) => findings.filter((one) => one.state === state).length;
  return { ok: count('ok'), warning: count('warning'), failed: count('failed'), skipped: count('skipped') };
}
