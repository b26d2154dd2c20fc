import { WarmbakeError } from '../../platform/errors.ts';
import type { Host } from '../../platform/host.ts';
import { clean, type CleanReport } from '../retention/clean.ts';
import { asWriter } from './as-writer.ts';
import type { OpenFamily } from './open-family.ts';
import { worstOf } from './worst-of.ts';

/** How a cleanup went. */
export interface CleanedFamily {
  readonly report: CleanReport;
  /** Where something could not be deleted, or use could not be read. */
  readonly error?: WarmbakeError;
}

/** Deletes what the family does not need any more. Throws `refused` where another run is at work. */
export async function cleanJob(
  host: Host,
  open: OpenFamily,
  { dryRun }: { readonly dryRun: boolean },
): Promise<CleanedFamily> {
  const { family } = open;
  const job = { job: 'clean' } as const;
  return await asWriter(dryRun, host, { open, job }, async ({ account, rollouts }) => {
    const report = await clean(account, host, { family, dryRun, rollouts });
    const error = cleanError(report);
    return { report, ...(error === undefined ? {} : { error }) };
  });
}

/** What went wrong in a cleanup; absent where nothing did. */
export function cleanError({ lines, missing }: CleanReport): WarmbakeError | undefined {
  const failed = lines.filter(({ outcome }) => outcome === 'failed');
  const errors = failed.map(({ because }) => new WarmbakeError('outside', 'not-deleted', because.join('; ')));
  if (missing.length === 0) return worstOf('deletions', errors);
  return new WarmbakeError(
    'outside',
    'use-unknown',
    `nothing more was deleted, as use could not be read in full: ${missing.join('; ')}`,
  );
}
