import { WarmbakeError } from '../platform/errors.ts';
import type { Host } from '../platform/host.ts';
import { within } from '../platform/time-limit.ts';
import type { CheckCode } from './checks.ts';
import { type DoctorFinding, type Trouble, thrown } from './finding.ts';

/** How long one check may take, in milliseconds, unless it says otherwise: an endpoint that is silent costs no more. */
export const CHECK_MS = 10_000;

/** One check: which, and what it is when it throws. */
export interface BoundedCheck {
  readonly check: CheckCode;
  /** Default {@link CHECK_MS}. */
  readonly ms?: number;
  /** Default `failed`. */
  readonly otherwise?: Trouble['state'];
}

/**
 * The findings of `work`; one finding where it throws or takes too long. `work` gets a host whose signal ends with its time. Throws what
 * ends the whole run: its signal, and a command line that cannot be meant.
 */
export async function boundedFindings(
  host: Host,
  { check, ms = CHECK_MS, otherwise = 'failed' }: BoundedCheck,
  work: (host: Host) => Promise<readonly DoctorFinding[]>,
): Promise<readonly DoctorFinding[]> {
  try {
    return await within(ms, async (signal) => await work({ ...host, signal }), host);
  } catch (error) {
    host.signal.throwIfAborted();
    if (error instanceof WarmbakeError && error.kind === 'usage') throw error;
    return [thrown(check, error, otherwise)];
  }
}
