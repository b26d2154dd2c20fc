import { WarmbakeError } from '../../platform/errors.ts';
import type { Host } from '../../platform/host.ts';
import { operatorOf } from '../rollback/operator.ts';
import { tellingOfRoll } from '../rollback/without-parameters.ts';
import { planChange, type RollbackGoal } from '../rollback/plan.ts';
import {
  prepareRollback,
  rollback,
  type PlannedRollback,
  type RollbackReport,
} from '../rollback/rollback.ts';
import { withLockedAccount, type LockedAccount } from '../rollout/locked-account.ts';
import type { OpenFamily } from './open-family.ts';
import { rollError } from './roll.ts';

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
 * Back to a good image, and stay there. Takes the lock from whoever has it, and does without a state store that is out of reach. It is
 * planned again under the lock, after every question: throws `refused` where that is not what was shown, or there is no image to go to.
 */
export async function rollbackJob(
  host: Host,
  open: OpenFamily,
  request: RollbackRequest,
): Promise<RolledBack> {
  const { family, account } = open;
  const { goal, reason, until, revokes, dryRun, confirm } = request;
  const planned = await tellingOfRoll(
    { family },
    async () => await prepareRollback(account, host, { family, goal }),
  );
  if (dryRun) return { planned };
  await confirm(planned);

  const by = await operatorOf(account, host.env);
  const command = `warmbake ami rollback --family ${family.key}`;
  const run = { job: 'rollback', command, by, reason, image: planned.plan.to.id } as const;
  const goBack = async (locked: LockedAccount): Promise<RolledBack> => {
    const { late } = locked;
    const again = await prepareRollback(locked.account, host, { family, goal });
    const change = planChange(planned.plan, again.plan);
    if (change !== undefined) {
      throw new WarmbakeError('refused', 'plan-changed', `${change}; nothing was written`, {
        hint: 'look at `warmbake ami status`, then run this again, with --to where you know the image',
      });
    }
    const terms = { by, reason, ...(until === undefined ? {} : { until }) };
    const report = await rollback(locked.account, host, { family, plan: again.plan, terms, revokes, late });
    const error = rollError(report.stacks, report.stopped);
    return { planned: again, report, ...(error === undefined ? {} : { error }) };
  };
  return await tellingOfRoll(
    { family, image: planned.plan.to.id },
    async () => await withLockedAccount(account, host, { ...open, run, urgent: true }, goBack),
  );
}
