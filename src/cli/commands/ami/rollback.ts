import { requireImageId } from '../../../ami/model/unpublishable.ts';
import { drainCommand } from '../../../ami/rollback/drain.ts';
import { holdText } from '../../../ami/model/hold.ts';
import { requireReason } from '../../../ami/rollback/operator.ts';
import { rollbackJob } from '../../../ami/jobs/rollback.ts';
import type { PlannedRollback, RollbackReport } from '../../../ami/rollback/rollback.ts';
import type { RollbackGoal } from '../../../ami/rollback/plan.ts';
import type { FamilySettings } from '../../../config/families.ts';
import { WarmbakeError } from '../../../platform/errors.ts';
import type { PagePart } from '../../../platform/events.ts';
import type { Host } from '../../../platform/host.ts';
import {
  type CommandSpec,
  type Input,
  type CommandOutcome,
  flag,
  textOption,
  unlessDryRun,
} from '../../command.ts';
import { DRY_RUN_OPTION, FAMILY_OPTIONS, openFamily } from './family.ts';
import { REASON_OPTION, holdDocument } from './hold.ts';
import { exactPart, linePart } from '../../parts.ts';
import { rollPart, stackDocument } from './roll.ts';
import { UNTIL_OPTION, untilOption } from './until.ts';
import type {
  PlannedRollbackDocument,
  RollbackReportDocument,
} from '../../../ami/status/operation-schema.ts';

/** `warmbake ami rollback`: back to a good image, and stay there. */
export const amiRollbackCommand: CommandSpec = {
  description:
    'Go back to the newest earlier image that was published, is available and not revoked: hold the parameter, write it, roll all stacks, and revoke the image that is left. Running instances are left alone; the command that drains them is printed. The same command twice is one rollback; one that was killed is finished. Needs nothing but AWS.',
  options: [
    ...FAMILY_OPTIONS,
    REASON_OPTION,
    { flags: '--to <ami>', help: 'go to this image' },
    { flags: '--steps <n>', help: 'go so many good images back from where the rollback began (default: 1)' },
    UNTIL_OPTION,
    { flags: '--no-revoke', help: 'leave the image that is left as it is' },
    { flags: '--yes', help: 'do not ask; needed where nobody can answer' },
    DRY_RUN_OPTION,
  ],
  examples: [
    "warmbake ami rollback --reason 'agents do not start'",
    "warmbake ami rollback --to ami-0123456789abcdef0 --reason 'disk is full after boot' --yes",
  ],
  changesShared: unlessDryRun,
  run: amiRollback,
};

async function amiRollback(host: Host, input: Input): Promise<CommandOutcome> {
  const reason = requireReason(textOption(input, 'reason'));
  const until = untilOption(input, host.clock.now());
  const goal = goalOf(input);
  const open = await openFamily(host, input);
  const { family } = open;
  const revokes = input.options['revoke'] !== false;
  const dryRun = flag(input, 'dryRun');
  const { planned, report, error } = await rollbackJob(host, open, {
    goal,
    reason,
    revokes,
    dryRun,
    ...(until === undefined ? {} : { until }),
    confirm: async (shown) => {
      if (!flag(input, 'yes')) await confirm(host, planParts(shown, { family, revokes }));
    },
  });
  return {
    json: {
      family: family.key,
      dryRun,
      ...rollbackDocument(planned),
      ...(report === undefined ? {} : reportDocument(report)),
    },
    page:
      report === undefined
        ? planParts(planned, { family, revokes })
        : reportParts(report, { family, planned }),
    ...(error === undefined ? {} : { error }),
  };
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

async function confirm({ ask }: Host, plan: readonly PagePart[]): Promise<void> {
  if (ask === undefined) {
    throw new WarmbakeError('usage', 'not-confirmed', 'nobody can be asked here; nothing was written', {
      hint: 'give --yes, or look first with --dry-run',
    });
  }
  // With the question: a live display shows events at its next frame, which would be after it.
  const answer = await ask([...plan, linePart('')], 'Roll back? [y/N] ');
  if (/^y(?:es)?$/i.test(answer.trim())) return;
  throw new WarmbakeError('refused', 'not-confirmed', 'not confirmed; nothing was written');
}

interface RollbackSurroundings {
  readonly family: FamilySettings;
  readonly revokes: boolean;
}

function planParts(
  { plan, parameter, hold, stacks }: PlannedRollback,
  { family, revokes }: RollbackSurroundings,
): readonly PagePart[] {
  const { to, unrevoked } = plan;
  const revoked =
    revokes && unrevoked.length > 0 ? [`revoke     ${unrevoked.map(({ id }) => id).join(', ')}`] : [];
  const standing = hold.state === 'held' ? `  (now ${holdText(hold.hold)})` : '';
  const lines = [
    `back to    ${to.id} (${to.name})`,
    `hold       ${family.parameter}/hold${standing}`,
    `parameter  ${family.parameter} ${parameter === 'stays' ? 'is that already' : 'is written'}`,
    ...revoked,
    '',
  ];
  return [...lines.map(linePart), rollPart(stacks)];
}

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
  remaining,
}: RollbackReport): RollbackReportDocument {
  return { hold, parameter, stacks: stacks.map(stackDocument), revoked, remaining };
}

function reportParts(
  report: RollbackReport,
  { family, planned }: { readonly family: FamilySettings; readonly planned: PlannedRollback },
): readonly PagePart[] {
  const { to, further } = planned.plan;
  const isNews =
    report.parameter === 'written' ||
    report.revoked.length > 0 ||
    report.stacks.some(({ outcome }) => outcome !== 'unchanged');
  const option = `--family ${family.key}`;
  const goOn =
    further === undefined
      ? 'there is no good image before it'
      : `one further back:  warmbake ami rollback ${option} --to ${further.id} --reason …`;
  return [
    rollPart(report.stacks),
    linePart(
      report.stopped === undefined
        ? `\n${family.parameter} is ${to.id} (${to.name})${isNews ? '' : ' already'}, and held`
        : `\nnot done: ${report.stopped.message}`,
    ),
    ...report.revoked.map((id) => linePart(`${id} is revoked`)),
    ...remainingParts(report, family),
    exactPart(goOn),
    exactPart(`when a good image is there:  warmbake ami release ${option}`),
  ];
}

function remainingParts({ remaining }: RollbackReport, family: FamilySettings): readonly PagePart[] {
  if (remaining.length === 0) return [];
  const rows = remaining.map(({ id, image, group = 'no group' }) => [id, image, group]);
  const command = drainCommand(remaining, family);
  const drain =
    command === undefined
      ? []
      : [linePart('drain them; their jobs are finished first:'), exactPart(`  ${command}`)];
  return [linePart('still running what was left:'), { type: 'table', head: [], rows, indent: 2 }, ...drain];
}
