import type { WarmbakeError } from '../../platform/errors.ts';
import type { Host } from '../../platform/host.ts';
import { operatorOf } from '../rollback/operator.ts';
import type { RollbackGoal } from '../rollback/plan.ts';
import {
  prepareRollback,
  rollback,
  type PlannedRollback,
  type RollbackReport,
} from '../rollback/rollback.ts';
import { withLockedAccount } from '../rollout/locked-account.ts';
import type { OpenFamily } from './open-family.ts';
import { stackErrors } from './roll.ts';
import { worstOf } from './worst-of.ts';

/** A rollback that somebody asks for. */
export interface RollbackRequest {
  readonly goal: RollbackGoal;
  /** As `requireReason` gives it. */
  readonly reason: string;
  /** When the hold ends by itself; absent: it stands until it is released. */
  readonly until?: Date;
  /** Whether the images that are left are revoked. */
  readonly revokes: boolean;
  /** Only plan. */
  readonly dryRun: boolean;
  /** Is shown the plan before anything is written; what it throws ends the job. */
  readonly confirm: (planned: PlannedRollback) => Promise<void>;
}

/** How it went. */
export interface RolledBack {
  readonly planned: PlannedRollback;
  /** Absent where it was only planned. */
  readonly report?: RollbackReport;
  /** The worst of what failed; the other stacks went on. */
  readonly error?: WarmbakeError;
}

/**
 * Back to a good image, and stay there. Takes the lock from whoever has it, and does without a state store that is out of reach.
 * Throws `refused` where there is no image to go to.
 */
export async function rollbackJob(
  host: Host,
  open: OpenFamily,
  request: RollbackRequest,
): Promise<RolledBack> {
  const { family, account } = open;
  const { goal, reason, until, revokes, dryRun, confirm } = request;
  const planned = await prepareRollback(account, host, { family, goal });
  if (dryRun) return { planned };
  await confirm(planned);

  const { plan } = planned;
  const by = await operatorOf(account, host.env);
  const command = `warmbake ami rollback --family ${family.key}`;
  const run = { job: 'rollback', command, by, reason, image: plan.to.id } as const;
  return await withLockedAccount(account, host, { ...open, run, urgent: true }, async (locked) => {
    const terms = { by, reason, ...(until === undefined ? {} : { until }) };
    const report = await rollback(locked.account, host, { family, plan, terms, revokes });
    const error = worstOf('stacks', stackErrors(report.stacks));
    return { planned, report, ...(error === undefined ? {} : { error }) };
  });
}
