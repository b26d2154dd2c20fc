import { holdText } from '../../../ami/model/hold.ts';
import type { Instance } from '../../../ami/model/account.ts';
import type { DrainResult } from '../../../ami/rollback/drain.ts';
import type { PlannedRollback, RollbackReport } from '../../../ami/rollback/rollback.ts';
import { countOf, type WorkOfInstances } from '../../../ami/status/fleet-counts.ts';
import { drainLeftMs } from '../../../ami/status/usual-drain.ts';
import type { FamilySettings } from '../../../config/families.ts';
import type { PagePart } from '../../../platform/events.ts';
import { commandPart, linePart } from '../../parts.ts';
import { ageText } from './age.ts';
import { stillText } from './count-text.ts';
import { rollPart } from './roll.ts';

/** What a rollback would do. */
export function plannedParts(
  { plan, parameter, hold, stacks }: PlannedRollback,
  { family, revokes }: { readonly family: FamilySettings; readonly revokes: boolean },
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

/** What a report is told with. */
export interface ReportContext {
  readonly family: FamilySettings;
  readonly planned: PlannedRollback;
  readonly work: WorkOfInstances;
  /** How long a drain usually takes, in milliseconds. */
  readonly usualDrainMs: number | undefined;
  readonly now: Date;
}

/** What a rollback did, what still runs, and what can be done next. */
export function reportParts(report: RollbackReport, context: ReportContext): readonly PagePart[] {
  const { family, planned } = context;
  const { to, further } = planned.plan;
  const isNews =
    report.parameter === 'written' ||
    report.revoked.length > 0 ||
    report.stacks.some(({ outcome }) => outcome !== 'unchanged');
  const option = `--family ${family.key}`;
  const goOn =
    further === undefined
      ? linePart('there is no good image before it')
      : commandPart(`one further back:  warmbake ami rollback ${option} --to ${further.id} --reason …`);
  return [
    ...remainingParts(report, context),
    rollPart(report.stacks),
    linePart(
      report.stopped === undefined
        ? `${family.parameter} is ${to.id} (${to.name})${isNews ? '' : ' already'}, and held`
        : `not done: ${report.stopped.message}`,
    ),
    ...report.revoked.map((id) => linePart(`${id} is revoked`)),
    goOn,
    commandPart(`when a good image is there:  warmbake ami release ${option}`),
  ];
}

/** As many instances as a screen has room for beside the rest. */
const FEW = 6;

function remainingParts(
  { remaining, instances, parameter, stacks }: RollbackReport,
  { family, work, now, planned, usualDrainMs: usualMs }: ReportContext,
): readonly PagePart[] {
  if (remaining.length === 0) return [];
  const images = [...new Set(remaining.map(({ image }) => image))];
  const what = images.length === 1 ? `${images.join('')}, which was left` : 'images that were left';
  const counted = countOf(remaining.map(countedAt(now)), work);
  const since = parameter === 'written' ? now : planned.since;
  const isRolled = stacks.every(({ outcome }) => outcome !== 'failed');
  const drain = { usualMs, leftMs: drainLeftMs({ usualMs, since, now, isRolled }) };
  const line = stillText(counted, { of: instances, what, drain });
  const rows = remaining.map(({ id, image, group = 'no group' }) => [id, image, group]);
  const whole: readonly PagePart[] = [{ type: 'table', head: [], rows, indent: 2 }];
  const short = rows.length <= FEW ? whole : [];
  const command = `warmbake ami rollback --family ${family.key} --to ${planned.plan.to.id} --drain --reason …`;
  return [
    linePart(line),
    { type: 'two-ways', whole, short },
    ...(remaining.some(({ group }) => group !== undefined)
      ? [commandPart(`drain them; their jobs are finished first:  ${command}`)]
      : []),
    linePart(''),
  ];
}

/** An instance as it is counted: its group stands for its stack. */
export function countedAt(now: Date) {
  return ({ id, image, group, launchedAt }: Instance) => ({
    id,
    image,
    ...(group === undefined ? {} : { stack: group }),
    upMs: now.getTime() - launchedAt.getTime(),
  });
}

/** What would be drained. */
export function drainParts(
  instances: readonly Instance[],
  { work, now, planned }: ReportContext,
): readonly PagePart[] {
  const { instances: count, busy, oldestMs } = countOf(instances.map(countedAt(now)), work);
  const who = busy === undefined ? 'who is busy is not known' : `${busy} of them are busy`;
  return [
    linePart(''),
    linePart(
      `drain ${count} instances (${who}, oldest ${ageText(oldestMs)}): jobs are finished first, new instances run ${planned.plan.to.id}`,
    ),
  ];
}

/** What was drained. */
export function drainedParts(
  results: readonly DrainResult[],
  { family: { key }, usualDrainMs, now }: ReportContext,
): readonly PagePart[] {
  if (results.length === 0) return [];
  const of = (outcome: DrainResult['outcome']) => results.filter((result) => result.outcome === outcome);
  const failed = of('failed').length;
  const counts = [
    `${of('draining').length} of ${results.length} instances drain`,
    ...(of('gone').length === 0 ? [] : [`${of('gone').length} were gone already`]),
    ...(failed === 0 ? [] : [`${failed} FAILED`]),
  ];
  const until = usualDrainMs === undefined ? '' : endText(now, usualDrainMs);
  return [
    linePart(''),
    linePart(`${counts.join(', ')}${until}`),
    commandPart(`follow it:  warmbake ami watch --family ${key}`),
  ];
}

function endText(now: Date, usualDrainMs: number): string {
  const end = new Date(now.getTime() + usualDrainMs).toISOString().slice(11, 16);
  return `; usual drain ${ageText(usualDrainMs)}, so until about ${end}Z`;
}
