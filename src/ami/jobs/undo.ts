import { isDeepStrictEqual } from 'node:util';
import { WarmbakeError } from '../../platform/errors.ts';
import type { Host } from '../../platform/host.ts';
import { operatorOf } from '../rollback/operator.ts';
import type { UndoPlan } from '../rollback/undo-plan.ts';
import { prepareUndo, undo, type PlannedUndo, type UndoReport } from '../rollback/undo.ts';
import { withLockedAccount } from '../rollout/locked-account.ts';
import type { OpenFamily } from './open-family.ts';
import { rollError } from './roll.ts';

/** An undo that somebody asks for. */
export interface UndoRequest {
  /** As `requireReason` gives it; absent: that a rollback is undone. */
  readonly reason?: string;
  /** Only plan. */
  readonly dryRun: boolean;
  /** Is shown the plan before anything is written; what it throws ends the job. */
  readonly confirm: (planned: PlannedUndo) => Promise<void>;
}

/** How it went. */
export interface Undone {
  readonly planned: PlannedUndo;
  /** Absent where it was only planned. */
  readonly report?: UndoReport;
  /** The worst of what failed; the other stacks went on. */
  readonly error?: WarmbakeError;
}

/**
 * Puts back what the last rollback changed. It is planned again under the lock, after every question: throws `refused` where that is not
 * what was shown, another run is at work, or there is nothing to undo.
 */
export async function undoJob(host: Host, open: OpenFamily, request: UndoRequest): Promise<Undone> {
  const { family, account } = open;
  const planned = await prepareUndo(account, host, { family });
  if (request.dryRun) return { planned };
  await request.confirm(planned);

  const by = await operatorOf(account, host.env);
  const { from, to } = planned.plan;
  const { reason = `undo of the rollback to ${from}` } = request;
  const command = `warmbake ami rollback --undo --family ${family.key}`;
  const run = { job: 'undo', command, by, reason, image: to.id } as const;
  return await withLockedAccount(account, host, { ...open, run, urgent: false }, async (locked) => {
    const again = await prepareUndo(locked.account, host, { family });
    if (!isSame(planned.plan, again.plan)) {
      throw new WarmbakeError(
        'refused',
        'plan-changed',
        'what would be undone is not what was shown; nothing was written',
        { hint: 'look at `warmbake ami status`, then run this again' },
      );
    }
    const options = { family, plan: again.plan, by, reason, late: locked.late };
    const report = await undo(locked.account, host, options);
    const error = rollError(report.stacks, report.stopped);
    return { planned: again, report, ...(error === undefined ? {} : { error }) };
  });
}

function isSame(shown: UndoPlan, now: UndoPlan): boolean {
  const told = ({ undoes, from, to, hold, restores }: UndoPlan) => ({
    undoes,
    from,
    to: to.id,
    hold,
    restores: restores.map(({ id }) => id),
  });
  return isDeepStrictEqual(told(shown), told(now));
}
