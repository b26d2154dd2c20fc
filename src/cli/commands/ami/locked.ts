import { operatorOf } from '../../../ami/rollback/operator.ts';
import { withLockedAccount, type LockedAccount } from '../../../ami/rollout/locked-account.ts';
import type { Host } from '../../../platform/host.ts';
import type { OpenFamily } from './family.ts';

/** A command that changes the family. */
export interface LockedJob {
  /** Its last word: `roll`. */
  readonly command: string;
  /** Words after `warmbake ami` that finish it where it was interrupted. */
  readonly finish: string;
  /** The image that it brings to the stacks. */
  readonly image?: string;
}

/** Runs `work` as the family's only writer, or without lock and journal where it only plans. */
export async function lockedUnless<T extends object>(
  dryRun: boolean,
  host: Host,
  { open, job }: { readonly open: OpenFamily; readonly job: LockedJob },
  work: (services: LockedAccount) => Promise<T>,
): Promise<T> {
  const { family, account, store } = open;
  // Without a store nobody needs to know who asks.
  if (dryRun || store === undefined) return await work({ account, rollouts: [] });
  const by = await operatorOf(account, host.env);
  const command = `warmbake ami ${job.command} --family ${family.key}`;
  const finish = `warmbake ami ${job.finish} --family ${family.key}`;
  return await withLockedAccount(
    account,
    host,
    { family, store, run: { ...job, by, command, finish }, urgent: false },
    work,
  );
}
