import { exportAttributes, NO_OUTPUT } from '../bake/overlay.ts';
import type { Source } from '../cache/chain.ts';
import { usedText } from '../config/used.ts';
import type { BuildContext } from '../context/context.ts';
import { referenceName } from '../registry/reference.ts';
import { imageOutput } from './bake-call.ts';
import type { ImportPlan } from './import-plan.ts';
import type { BuildPlan } from './plan.ts';
import type {
  ContextDocument,
  ImportDocument,
  PlanDocument,
  PlannedTargetDocument,
  TargetRefsDocument,
} from './plan-schema.ts';
import { replacedText } from './replaced.ts';
import { switchesText } from './switches.ts';
import type { ResolvedTarget, TargetPlan } from './target-plan.ts';

/** The plan as JSON; the machine interface of `warmbake plan`. */
export function planDocument(plan: BuildPlan): PlanDocument {
  return {
    switches: plan.switches,
    ...(plan.configuration === undefined ? {} : { configuration: plan.configuration }),
    context: contextDocument(plan.context),
    targets: plan.targets.map(targetDocument),
    builder: plan.builder,
    import: importDocument(plan.import),
    definition: plan.definition,
    warnings: plan.warnings,
  };
}

/** Where layers come from, as JSON. */
export function importDocument(plan: ImportPlan): ImportDocument {
  const { way, because } = plan;
  if (way !== 'gateway' && way !== 'registry') return { way, because };
  const { used, leftOut, records } = plan.merged;
  return { way, because, order: plan.order, donors: used, leftOut, records };
}

/** The context as JSON: origin, trust and commits on one level. */
export function contextDocument(context: BuildContext): ContextDocument {
  const { origin, ...rest } = context;
  return { ...origin, ...rest };
}

function targetDocument(target: TargetPlan): PlannedTargetDocument {
  const { skip, replaced, load } = target;
  return {
    ...refsDocument(target),
    skip,
    ...(load === undefined ? {} : { load }),
    ...(replaced === undefined ? {} : { replaced }),
  };
}

/** The refs of one target as JSON. */
export function refsDocument(target: ResolvedTarget): TargetRefsDocument {
  return {
    name: target.settings.name,
    lane: target.settings.lane,
    tags: target.tags.map(referenceName),
    cacheFrom: target.sources.map(sourceDocument),
    cacheTo: target.exportTo.map((ref) => ({
      ref: referenceName(ref),
      attributes: exportAttributes(target.settings.cache),
    })),
    promote: target.promotions.map((p) => ({
      what: p.what,
      from: referenceName(p.from),
      to: referenceName(p.to),
      forwardOnly: p.forwardOnly,
      ...(p.writtenOnce === undefined ? {} : { writtenOnce: p.writtenOnce }),
    })),
    ...(target.unwritten === undefined ? {} : { unwritten: target.unwritten }),
  };
}

function sourceDocument(source: Source): TargetRefsDocument['cacheFrom'][number] {
  return { ...source, ref: referenceName(source.ref) };
}

/** The switches of this build as lines: one, or none where none is set. */
export function switchLines({ switches }: Pick<BuildPlan, 'switches'>): readonly string[] {
  const text = switchesText(switches);
  return text === undefined ? [] : [`switches ${text}`];
}

/** Where the configuration comes from, as lines: one, or none where it is a file as it lies there. */
export function configurationLines({ configuration }: Pick<BuildPlan, 'configuration'>): readonly string[] {
  const text = configuration === undefined ? undefined : usedText(configuration);
  return text === undefined ? [] : [`config   ${text}`];
}

/** What this build is, in one or two lines. */
export function contextLines(context: BuildContext): readonly string[] {
  const { commit, parent, mergeBase } = context;
  const short = (sha: string | undefined): string => sha?.slice(0, 12) ?? 'unknown';
  const trust = `${context.trusted ? 'trusted' : 'untrusted'}: ${context.because}`;
  return [
    `build    ${originText(context)}, ${trust}`,
    `commit   ${short(commit)}, parent ${short(parent)}${mergeBase === undefined ? '' : `, merge base ${short(mergeBase)}`}`,
  ];
}

function originText({ origin }: BuildContext): string {
  switch (origin.kind) {
    case 'main':
    case 'branch':
      return `branch ${origin.branch}`;
    case 'pull-request':
      return `pull request ${origin.number} of ${origin.branch} into ${origin.base}`;
    case 'merge-queue':
      return `merge queue of ${origin.base}`;
    case 'tag':
      return `tag ${origin.tag}`;
    case 'local':
      return `local${origin.branch === undefined ? '' : ` on ${origin.branch}`}`;
  }
}

/** The names that a target's image gets. */
export function imageLines(target: ResolvedTarget): readonly string[] {
  const further = target.promotions.filter((p) => p.what === 'image');
  const names = (once: boolean) =>
    further.filter((p) => (p.writtenOnce === true) === once).map((p) => referenceName(p.to));
  const [images, once] = [names(false), names(true)];
  return [
    `push     ${target.tags.length === 0 ? 'nothing' : target.tags.map(referenceName).join(', ')}`,
    ...(images.length === 0 ? [] : [`then     ${images.join(', ')} (forward only)`]),
    ...(once.length === 0 ? [] : [`then     ${once.join(', ')} (written once)`]),
    ...unwrittenLines(target),
  ];
}

/** What of the configuration's further tags is not written: a line for each reason. */
function unwrittenLines({ unwritten = [] }: ResolvedTarget): readonly string[] {
  const reasons = [...new Set(unwritten.map(({ because }) => because))];
  return reasons.map((because) => {
    const templates = unwritten.filter((one) => one.because === because).map(({ template }) => template);
    return `not      ${templates.join(', ')}: ${because}`;
  });
}

/** A local build without `--load` has no image to show for it. */
function outputText(target: TargetPlan): string {
  const output = imageOutput(target);
  return output === NO_OUTPUT
    ? `${output}: only the builder's cache is filled (outside of CI, --load leaves the image in the engine)`
    : output;
}

/** The plan for people: the lines of one target below its chain. */
export function targetLines(target: TargetPlan): readonly string[] {
  return [
    ...imageLines(target),
    ...(target.load === undefined ? [] : [`load     ${target.load.join(', ')}`]),
    `output   ${outputText(target)}`,
    ...(target.replaced === undefined
      ? []
      : [`instead  of the bake file's ${replacedText(target.replaced)}`]),
    `decision ${target.skip.decision}: ${target.skip.because}`,
  ];
}
