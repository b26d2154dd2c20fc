import { requireImageId } from '../../../ami/model/unpublishable.ts';
import { requireReason } from '../../../ami/rollback/operator.ts';
import { drainJob, type Drained, type DrainRequest } from '../../../ami/jobs/drain.ts';
import type { OpenFamily } from '../../../ami/jobs/open-family.ts';
import { rollbackJob } from '../../../ami/jobs/rollback.ts';
import type { DrainResult } from '../../../ami/rollback/drain.ts';
import type { PlannedRollback, RollbackReport } from '../../../ami/rollback/rollback.ts';
import type { RollbackGoal } from '../../../ami/rollback/plan.ts';
import { usualDrainMs } from '../../../ami/status/usual-drain.ts';
import { busyByInstance } from '../../../buildkite/busy-agents.ts';
import { WarmbakeError } from '../../../platform/errors.ts';
import type { Host } from '../../../platform/host.ts';
import {
  type CommandSpec,
  type Input,
  type CommandOutcome,
  flag,
  textOption,
  unlessDryRun,
} from '../../command.ts';
import { confirm } from './confirm.ts';
import { DRY_RUN_OPTION, FAMILY_OPTIONS, openFamily } from './family.ts';
import { REASON_OPTION, holdDocument } from './hold.ts';
import { withProgress } from '../../progress.ts';
import { stackDocument } from './roll.ts';
import { drainedParts, drainParts, plannedParts, reportParts } from './rollback-text.ts';
import { amiUndo } from './undo.ts';
import { UNTIL_OPTION, untilOption } from './until.ts';
import type {
  PlannedRollbackDocument,
  RollbackReportDocument,
} from '../../../ami/status/operation-schema.ts';

/** `warmbake ami rollback`: back to a good image, and stay there. */
export const amiRollbackCommand: CommandSpec = {
  description:
    'Go back to the newest earlier image that was published, is available and not revoked: hold the parameter, write it, roll all stacks, and revoke the image that is left. Running instances are left alone, or drained with --drain. The same command twice is one rollback; one that was killed is finished. Needs nothing but AWS.',
  options: [
    ...FAMILY_OPTIONS,
    REASON_OPTION,
    { flags: '--to <ami>', help: 'go to this image' },
    { flags: '--steps <n>', help: 'go so many good images back from where the rollback began (default: 1)' },
    UNTIL_OPTION,
    { flags: '--no-revoke', help: 'leave the image that is left as it is' },
    {
      flags: '--drain',
      help: 'then drain the instances that still run what was left; asks once more, and their jobs are finished first',
    },
    {
      flags: '--undo',
      help: 'take the last rollback back: desired image, hold, revocation and stacks are as they were before it',
    },
    { flags: '--yes', help: 'do not ask; needed where nobody can answer' },
    DRY_RUN_OPTION,
  ],
  examples: [
    "warmbake ami rollback --reason 'agents do not start'",
    "warmbake ami rollback --reason 'agents do not start' --drain",
    'warmbake ami rollback --undo',
    "warmbake ami rollback --to ami-0123456789abcdef0 --reason 'disk is full after boot' --yes",
  ],
  changesShared: unlessDryRun,
  run: async (host, input) =>
    flag(input, 'undo') ? await amiUndo(host, input) : await amiRollback(host, input),
};

async function amiRollback(host: Host, input: Input): Promise<CommandOutcome> {
  const reason = requireReason(textOption(input, 'reason'));
  const until = untilOption(input, host.clock.now());
  const goal = goalOf(input);
  const open = await openFamily(host, input);
  const { family } = open;
  const revokes = input.options['revoke'] !== false;
  const dryRun = flag(input, 'dryRun');
  const isSure = flag(input, 'yes');
  const what = `bringing back ${family.stacks.length} stacks`;
  const done = await withProgress(
    host,
    what,
    async (quiet) =>
      await rollbackJob(host, open, {
        goal,
        reason,
        revokes,
        dryRun,
        ...(until === undefined ? {} : { until }),
        confirm: async (shown) => {
          if (!isSure)
            await quiet(async () => await confirm(host, plannedParts(shown, { family, revokes }), ROLL_BACK));
        },
      }),
  );
  const { planned, report } = done;
  if (report === undefined) {
    return {
      json: { family: family.key, dryRun, ...rollbackDocument(planned) },
      page: plannedParts(planned, { family, revokes }),
    };
  }
  const [work, usualMs] =
    report.remaining.length === 0
      ? [new Map(), undefined]
      : await Promise.all([busyByInstance(host), usualDrainMs(family, open.store)]);
  const context = { family, planned, work, usualDrainMs: usualMs, now: host.clock.now() };
  const parts = reportParts(report, context);
  const isDraining = flag(input, 'drain') && done.error === undefined;
  const drained = isDraining
    ? await drainAfter(host, open, {
        planned,
        report,
        reason,
        confirm: async (instances) => {
          if (!isSure) await confirm(host, [...parts, ...drainParts(instances, context)], DRAIN);
        },
      })
    : undefined;
  const error = done.error ?? drained?.error;
  return {
    json: {
      family: family.key,
      dryRun,
      ...rollbackDocument(planned),
      ...reportDocument(report),
      ...(drained?.instances === undefined ? {} : { drained: drained.instances.map(drainDocument) }),
    },
    page: [...parts, ...drainedParts(drained?.instances ?? [], context)],
    ...(error === undefined ? {} : { error }),
  };
}

/** The rollback is done: where its drain is refused, both are told. */
async function drainAfter(host: Host, open: OpenFamily, request: DrainRequest): Promise<Partial<Drained>> {
  try {
    const { confirm: asks } = request;
    return await withProgress(host, `draining ${request.report.remaining.length} instances`, async (quiet) =>
      drainJob(host, open, {
        ...request,
        confirm: async (instances) => await quiet(async () => await asks(instances)),
      }),
    );
  } catch (error) {
    if (error instanceof WarmbakeError) return { error };
    throw error;
  }
}

/** An empty `--to` is none: that is what a pipeline's empty field gives. */
function goalOf(input: Input): RollbackGoal {
  const to = textOption(input, 'to') ?? '';
  const steps = textOption(input, 'steps');
  if (to !== '' && steps !== undefined) {
    throw new WarmbakeError('usage', 'two-goals', '--to and --steps say two things; give one of them');
  }
  if (to !== '') return { kind: 'image', id: requireImageId(to) };
  if (steps === undefined) return { kind: 'last-good' };
  if (/^[1-9]\d?$/.test(steps)) return { kind: 'steps', steps: Number(steps) };
  throw new WarmbakeError('usage', 'bad-steps', `'${steps}' is not a number of steps; write 1 or more`);
}

const ROLL_BACK = { text: 'Roll back? [y/N] ', otherwise: 'nothing was written' };
const DRAIN = { text: 'Drain them? [y/N] ', otherwise: 'nothing was drained' };

function rollbackDocument({ plan, parameter, hold, stacks }: PlannedRollback): PlannedRollbackDocument {
  return {
    to: plan.to.id,
    leaves: plan.leaves,
    further: plan.further?.id,
    plan: {
      parameter,
      hold: holdDocument(hold),
      stacks: stacks.map(stackDocument),
      revoke: plan.unrevoked.map(({ id }) => id),
    },
  };
}

function reportDocument({
  hold,
  parameter,
  stacks,
  revoked,
  instances,
  remaining,
}: RollbackReport): RollbackReportDocument {
  return { hold, parameter, stacks: stacks.map(stackDocument), revoked, instances, remaining };
}

function drainDocument({ id, outcome, error }: DrainResult) {
  return {
    id,
    outcome,
    ...(error === undefined ? {} : { error: { code: error.code, message: error.message } }),
  };
}
