import type { Host } from '../../platform/host.ts';
import { operatorOf } from '../rollback/operator.ts';
import { withLockedAccount, type LockedAccount } from '../rollout/locked-account.ts';
import type { RunJob } from '../../state/journal.ts';
import type { OpenFamily } from './open-family.ts';

/** A job that changes the family, as its journal tells of it. */
export interface JournalledJob {
  /** Last word of the command that does the same. */
  readonly job: RunJob;
  /** The image that it brings to the stacks. */
  readonly image?: string;
  /** Only these stacks. */
  readonly stacks?: readonly string[];
}

/** Runs `work` as the family's only writer, or without lock and journal where it only plans. */
export async function asWriter<T extends object>(
  dryRun: boolean,
  host: Host,
  { open, job }: { readonly open: OpenFamily; readonly job: JournalledJob },
  work: (locked: LockedAccount) => Promise<T>,
): Promise<T> {
  const { family, account, store } = open;
  // Without a store nobody needs to know who asks.
  if (dryRun || store === undefined) return await work({ account, late: account, rollouts: [] });
  const by = await operatorOf(account, host.env);
  const command = `warmbake ami ${job.job} --family ${family.key}`;
  return await withLockedAccount(account, host, { store, run: { ...job, by, command }, urgent: false }, work);
}
