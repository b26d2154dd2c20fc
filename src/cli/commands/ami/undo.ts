import { undoJob } from '../../../ami/jobs/undo.ts';
import { heldBecause, parseHold } from '../../../ami/model/hold.ts';
import { requireReason } from '../../../ami/rollback/operator.ts';
import type { PlannedUndo, UndoReport } from '../../../ami/rollback/undo.ts';
import type { UndoDocument } from '../../../ami/status/operation-schema.ts';
import type { FamilySettings } from '../../../config/families.ts';
import { WarmbakeError } from '../../../platform/errors.ts';
import type { PagePart } from '../../../platform/events.ts';
import type { Host } from '../../../platform/host.ts';
import { type CommandOutcome, type Input, flag, textOption } from '../../command.ts';
import { commandPart, linePart } from '../../parts.ts';
import { withProgress } from '../../progress.ts';
import { confirm } from './confirm.ts';
import { openFamily } from './family.ts';
import { rollPart, stackDocument } from './roll.ts';

/** What says where a rollback goes, which an undo reads off what was done. */
const OTHERS = { to: '--to', steps: '--steps', until: '--until', drain: '--drain' } as const;

/** `warmbake ami rollback --undo`: what the last rollback changed is as it was. */
export async function amiUndo(host: Host, input: Input): Promise<CommandOutcome> {
  for (const [name, option] of Object.entries(OTHERS)) {
    if (input.options[name] === undefined || input.options[name] === '') continue;
    throw new WarmbakeError('usage', 'two-goals', `--undo and ${option} say two things; give one of them`);
  }
  const written = textOption(input, 'reason');
  const reason = written === undefined ? {} : { reason: requireReason(written) };
  const open = await openFamily(host, input);
  const { family } = open;
  const dryRun = flag(input, 'dryRun');
  const isSure = flag(input, 'yes');
  const { planned, report, error } = await withProgress(
    host,
    `putting back ${family.stacks.length} stacks`,
    async (quiet) =>
      await undoJob(host, open, {
        ...reason,
        dryRun,
        confirm: async (shown) => {
          if (!isSure) await quiet(async () => await confirm(host, undoPlanParts(shown, family), UNDO));
        },
      }),
  );
  return {
    json: {
      family: family.key,
      undo: true,
      dryRun,
      ...documentOf(planned),
      ...(report === undefined ? {} : { report: reportDocument(report) }),
    } satisfies Omit<UndoDocument, 'schemaVersion'>,
    page:
      report === undefined ? undoPlanParts(planned, family) : undoReportParts(report, { planned, family }),
    ...(error === undefined ? {} : { error }),
  };
}

const UNDO = { text: 'Undo the rollback? [y/N] ', otherwise: 'nothing was written' } as const;

function undoPlanParts(
  { plan, parameter, stacks }: PlannedUndo,
  { parameter: name }: FamilySettings,
): readonly PagePart[] {
  const { from, to, restores } = plan;
  const lines = [
    `undo       the rollback to ${from}`,
    `back to    ${to.id} (${to.name})`,
    `hold       ${name}/hold: ${holdBeforeText(plan)}`,
    `parameter  ${name} ${parameter === 'stays' ? 'is that already' : 'is written'}`,
    ...(restores.length === 0 ? [] : [`unrevoke   ${restores.map(({ id }) => id).join(', ')}`]),
    '',
  ];
  return [...lines.map(linePart), rollPart(stacks)];
}

function holdBeforeText({ hold }: PlannedUndo['plan']): string {
  const before = heldBecause(parseHold(hold, new Date(0)));
  return before === undefined ? 'nothing is held any more' : `${before}, as before`;
}

function undoReportParts(
  { stacks, restored, hold, stopped }: UndoReport,
  { planned, family }: { readonly planned: PlannedUndo; readonly family: FamilySettings },
): readonly PagePart[] {
  const { to } = planned.plan;
  const again = `warmbake ami rollback --undo --family ${family.key}`;
  return [
    rollPart(stacks),
    linePart(
      stopped === undefined
        ? `${family.parameter} is ${to.id} (${to.name}) again`
        : `not done: ${stopped.message}`,
    ),
    ...restored.map((id) => linePart(`${id} is not revoked any more`)),
    hold === 'pending'
      ? commandPart(`its own hold stands until it is finished:  ${again}`)
      : linePart(hold === 'released' ? 'nothing is held any more' : 'the hold from before stands again'),
    commandPart(`follow the instances:  warmbake ami watch --family ${family.key}`),
  ];
}

function documentOf({ plan, parameter, stacks }: PlannedUndo) {
  return {
    from: plan.from,
    to: plan.to.id,
    plan: {
      parameter,
      ...(plan.hold === undefined ? {} : { hold: plan.hold }),
      stacks: stacks.map(stackDocument),
      unrevoke: plan.restores.map(({ id }) => id),
    },
  };
}

function reportDocument({ parameter, stacks, restored, hold }: UndoReport) {
  return { parameter, stacks: stacks.map(stackDocument), restored: [...restored], hold };
}
