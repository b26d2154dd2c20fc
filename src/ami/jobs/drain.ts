import type { WarmbakeError } from '../../platform/errors.ts';
import type { Host } from '../../platform/host.ts';
import type { Instance } from '../model/account.ts';
import { drain, drainable, type DrainResult } from '../rollback/drain.ts';
import { operatorOf } from '../rollback/operator.ts';
import { withLockedAccount } from '../rollout/locked-account.ts';
import type { OpenFamily } from './open-family.ts';
import type { RolledBack } from './rollback.ts';
import { worstOf } from './worst-of.ts';

/** A drain that somebody asks for. */
export interface DrainRequest {
  /** The rollback that was done. */
  readonly planned: RolledBack['planned'];
  readonly report: NonNullable<RolledBack['report']>;
  readonly reason: string;
  /** Is shown the instances before any of them is drained; what it throws ends the job. */
  readonly confirm: (instances: readonly Instance[]) => Promise<void>;
}

/** How it went. */
export interface Drained {
  readonly instances: readonly DrainResult[];
  /** The worst of what failed; the other instances went on. */
  readonly error?: WarmbakeError;
}

/**
 * Drains what still runs an image that a rollback has left, in the stacks that it brought back. Which instances these are is read anew.
 * Throws `refused` where something else is desired or held by now.
 */
export async function drainJob(host: Host, open: OpenFamily, request: DrainRequest): Promise<Drained> {
  const { family, account } = open;
  const { planned, report, reason, confirm } = request;
  const left = { leaves: planned.plan.leaves, stacks: report.stacks };
  const instances = drainable(await account.instances.list(), left);
  if (instances.length === 0) return { instances: [] };
  await confirm(instances);
  const by = await operatorOf(account, host.env);
  const image = planned.plan.to.id;
  const command = `warmbake ami rollback --drain --family ${family.key}`;
  const run = { job: 'rollback', command, by, reason, image } as const;
  return await withLockedAccount(account, host, { ...open, run, urgent: true }, async (locked) => {
    const results = await drain(locked.account, host, { family, image, instances });
    const error = worstOf(
      'instances',
      results.flatMap((result) => result.error ?? []),
    );
    return { instances: results, ...(error === undefined ? {} : { error }) };
  });
}
