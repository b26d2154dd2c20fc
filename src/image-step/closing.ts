import type { Failure } from '../bake/failure.ts';
import { type FailureClass, ruleOf } from '../bake/failure-classes.ts';
import type { StepSummary } from '../bake/record.ts';
import type { BuildPlan } from './plan.ts';
import type { BuildResult, TargetResult } from './result.ts';
import type { TargetPlan } from './target-plan.ts';

/** What {@link closingOf} tells about. */
export type ClosedBuild = Pick<BuildResult, 'seconds'> & {
  readonly targets: readonly Pick<
    TargetResult,
    'name' | 'outcome' | 'verified' | 'promoted' | 'record' | 'failures'
  >[];
  readonly plan: { readonly targets: readonly Pick<TargetPlan, 'settings' | 'load'>[] };
};

type ClosedTarget = ClosedBuild['targets'][number];

/** What a build did, in one sentence: the last line of its log. Digests are cut to 12 digits; whole ones stand above and in the record. */
export function closingOf(build: ClosedBuild): string {
  const of = (outcome: TargetResult['outcome']) =>
    build.targets.filter((target) => target.outcome === outcome);
  const [failed, built, skipped] = [of('failed'), of('built'), of('skipped')];
  const rest = [
    ...(of('canceled').length === 0 ? [] : [`${namesOf(of('canceled'))} canceled`]),
    ...(of('not-started').length === 0 ? [] : [`${namesOf(of('not-started'))} not started`]),
  ];
  const time = timeText(build.seconds);
  if (failed.length > 0) {
    const others = [
      ...(built.length === 0 ? [] : [`${namesOf(built)} built`]),
      ...(skipped.length === 0 ? [] : [`${namesOf(skipped)} skipped`]),
    ];
    return [`failed after ${time}: ${failureText(failed)}`, ...others, ...rest].join('; ');
  }
  if (built.length === 0) {
    const exist = skipped.length === 1 ? 'it exists' : 'they exist';
    return [
      `skipped ${namesOf(skipped)} in ${time}: ${exist} already`,
      ...movedText(skipped),
      ...digestsText(skipped),
    ].join('; ');
  }
  return [
    `built ${namesOf(built)} in ${time}: ${stepsText(built)}`,
    ...(skipped.length === 0 ? [] : [`skipped ${namesOf(skipped)}`]),
    ...rest,
    ...resultText(build),
  ].join('; ');
}

/** The same for a plan, which did nothing. */
export function planClosing({ targets }: Pick<BuildPlan, 'targets'>): string {
  const of = (decision: TargetPlan['skip']['decision']) =>
    targets.filter(({ skip }) => skip.decision === decision).map(({ settings }) => settings);
  const would = [
    ['build', of('build')],
    ['skip', of('skip')],
    ['skip, and move the names of,', of('repair')],
  ] as const;
  const said = would.flatMap(([verb, some]) => (some.length === 0 ? [] : [`${verb} ${namesOf(some)}`]));
  return `planned only: would ${said.join('; ')}; nothing was done`;
}

/** Most that are told by name. */
const MOST = 4;

function namesOf(targets: readonly { readonly name: string }[]): string {
  return listText(targets.map(({ name }) => name));
}

function listText(texts: readonly string[]): string {
  const told = texts.length > MOST ? [...texts.slice(0, MOST - 1), `${texts.length - MOST + 1} more`] : texts;
  const last = told.at(-1) ?? '';
  return told.length < 2 ? last : `${told.slice(0, -1).join(', ')} and ${last}`;
}

function timeText(seconds: number): string {
  if (seconds < 119.95) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  return `${Math.floor(whole / 60)} min ${whole % 60} s`;
}

/** Each step once, however many targets share it. */
function stepsText(targets: readonly ClosedTarget[]): string {
  const steps = new Map<string, StepSummary>();
  for (const step of targets.flatMap(({ record }) => record?.steps ?? [])) {
    if (steps.get(step.id)?.verdict !== 'executed') steps.set(step.id, step);
  }
  if (steps.size === 0) return 'done';
  const count = (...verdicts: readonly StepSummary['verdict'][]): number =>
    [...steps.values()].filter(({ verdict }) => verdicts.includes(verdict)).length;
  const executed = count('executed');
  return `${executed} ${executed === 1 ? 'step' : 'steps'} executed, ${count('loaded', 'pruned')} from the cache`;
}

/** What there is to show for it. */
function resultText({ targets, plan }: ClosedBuild): readonly string[] {
  const stand = targets.filter(({ outcome }) => outcome === 'built' || outcome === 'skipped');
  const digests = digestsText(stand);
  if (digests.length > 0) return digests;
  const loaded = plan.targets.flatMap(({ load = [] }) => load);
  return [loaded.length > 0 ? `loaded as ${listText(loaded)}` : 'nothing pushed'];
}

function digestsText(targets: readonly ClosedTarget[]): readonly string[] {
  const told = targets.flatMap(({ name, verified: [image] }) =>
    image === undefined ? [] : [`${name} ${image.digest.slice(0, 'sha256:'.length + 12)}`],
  );
  return told.length === 0
    ? []
    : [told.length > MOST ? `${told.slice(0, MOST).join(', ')}, …` : told.join(', ')];
}

function movedText(targets: readonly ClosedTarget[]): readonly string[] {
  const moved = targets.flatMap(({ promoted }) => promoted).filter(({ action }) => action === 'move');
  const tags = [...new Set(moved.map(({ promotion }) => promotion.to.tag))];
  return tags.length === 0 ? [] : [`${listText(tags)} moved`];
}

/** For classes whose rule has no advice: what has to be done stands in the output. */
const TO_DO: Readonly<Partial<Record<FailureClass, string>>> = {
  compile: 'see what the step said above',
  definition: 'correct what the error names',
  unknown: 'see the error above',
};

function failureText(failed: readonly ClosedTarget[]): string {
  const [failure] = failed.flatMap(({ failures }) => failures.slice(-1));
  const names = namesOf(failed);
  if (failure === undefined) return names;
  const step = failure.step === undefined ? '' : ` at ${stepText(failure.step.name)}`;
  const advice = failure.hint ?? ruleOf(failure.class).hint ?? TO_DO[failure.class];
  return `${names}${step} (${classText(failure)})${advice === undefined ? '' : `: ${advice}`}`;
}

function classText({ class: failureClass }: Failure): string {
  return failureClass.replaceAll('-', ' ');
}

/** A step by its place and the beginning of what it does. */
function stepText(name: string): string {
  const line = name.replaceAll(/\s+/g, ' ');
  return line.length > 60 ? `${line.slice(0, 59)}…` : line;
}
