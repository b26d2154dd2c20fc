import type { Settings, TargetSettings } from '../config/settings.ts';
import { NO_TAG, canGive, isOfRelease, isWrittenOnce, reservedTag } from '../config/tag-template.ts';
import { type TemplateValues, expand, namesIn } from '../config/template.ts';
import type { BuildContext } from '../context/context.ts';
import { WarmbakeError } from '../platform/errors.ts';
import { type Reference, type Tag, isTag } from '../registry/reference.ts';
import { type RepositoryOwner, imageRepositories } from './repositories.ts';
import { endsInLane, laneSuffix } from './tag-name.ts';

/** The configuration's further tags of one target's image, in one build. */
export interface ExtraTags {
  /** Of this build or release alone: never moved to another image. */
  readonly once: readonly Reference[];
  /** Follow the trusted branch, forward only, as `latest` does. */
  readonly moving: readonly Reference[];
  readonly unwritten: readonly UnwrittenTag[];
}

/** A template that gives no tag in this build, and why. */
export interface UnwrittenTag {
  readonly template: string;
  readonly because: string;
}

/** What {@link extraTags} needs besides context and target. */
export interface ExtraTagOptions {
  readonly settings: Pick<Settings, 'images' | 'targets'>;
  /** UTC day of the commit, `2000-01-31`; absent where git does not know it. */
  readonly day?: string | undefined;
}

/**
 * The further tags that this build gives to a target's image: those of its release in the build of a git tag, all others in a build of the
 * trusted branch, none in any other build. Like every name they end in the lane. Throws `config` where a value of this build makes a
 * name of what is no tag, or could be another build's name (law L2).
 */
export function extraTags(
  context: BuildContext,
  target: Pick<TargetSettings, 'name' | 'lane' | 'image' | 'variantOf'> & RepositoryOwner,
  { settings, day }: ExtraTagOptions,
): ExtraTags {
  const { tags: templates = [], push } = target.image;
  if (!push || templates.length === 0) return { once: [], moving: [], unwritten: [] };
  const values = valuesOf(context, target.variantOf ?? target.name, day);
  const sorted = templates.map((template) => ({ template, because: obstacle(template, context, values) }));
  const repository = imageRepositories(settings, target).trusted;
  const lanes = settings.targets.map(({ lane }) => lane);
  const named = sorted
    .filter(({ because }) => because === undefined)
    .map(({ template }) => ({
      template,
      ref: { ...repository, tag: tagOf(template, { values, lane: target.lane, lanes }) },
    }));
  requireDistinct(named);
  requireApart(named, templates, values);
  const refs = (once: boolean): readonly Reference[] => {
    const all = named.filter(({ template }) => isWrittenOnce(template) === once).map(({ ref }) => ref);
    return [...new Map(all.map((ref) => [ref.tag, ref])).values()];
  };
  return {
    once: refs(true),
    moving: refs(false),
    unwritten: sorted.flatMap(({ template, because }) =>
      because === undefined ? [] : [{ template, because }],
    ),
  };
}

function valuesOf(
  { origin, commit, build }: BuildContext,
  target: string,
  day: string | undefined,
): TemplateValues {
  return {
    target,
    ...(commit === undefined ? {} : { commit, shortCommit: commit.slice(0, 12) }),
    ...(build === undefined ? {} : { buildNumber: build.number }),
    ...(day === undefined ? {} : { date: day }),
    ...(origin.kind === 'tag' ? { tag: origin.tag, version: origin.tag.replace(/^v(?=\d)/, '') } : {}),
  };
}

/** Why this build does not write it. */
function obstacle(
  template: string,
  { trusted, origin }: BuildContext,
  values: TemplateValues,
): string | undefined {
  if (!trusted) return 'only trusted builds write it';
  const isRelease = origin.kind === 'tag';
  if (isOfRelease(template) !== isRelease) {
    return isRelease ? 'builds of the trusted branch write it' : 'only the build of a release tag writes it';
  }
  const unknown = namesIn(template).find((name) => values[name] === undefined);
  if (unknown === undefined) return undefined;
  return unknown === 'date' ? 'git does not know the day of the commit' : `this build has no ${unknown}`;
}

interface LaneOptions {
  readonly values: TemplateValues;
  readonly lane: string;
}

function tagOf(
  template: string,
  { values, lane, lanes }: LaneOptions & { readonly lanes: readonly string[] },
): Tag {
  const text = expand(template, values);
  const tag = text + laneSuffix(lane);
  const fault =
    reservedTag(text) ??
    (endsInLane(text, lanes) ? `'${text}' ends like the tag of another lane` : undefined) ??
    (isTag(text) ? undefined : `'${text}' ${NO_TAG}`);
  if (fault === undefined && isTag(tag)) return tag;
  throw refused(template, fault ?? `'${tag}' ${NO_TAG}`);
}

interface NamedTag {
  readonly template: string;
  readonly ref: Reference;
}

/** One name cannot stay and move. */
function requireDistinct(named: readonly NamedTag[]): void {
  for (const { template, ref } of named) {
    const other = named.find(
      (one) => one.ref.tag === ref.tag && isWrittenOnce(one.template) !== isWrittenOnce(template),
    );
    if (other !== undefined) throw refused(template, `'${ref.tag}' is also what '${other.template}' gives`);
  }
}

/** Whoever pushes a git tag must not choose a name that a build of the trusted branch, this or a later one, gives. */
function requireApart(
  named: readonly NamedTag[],
  templates: readonly string[],
  values: TemplateValues,
): void {
  for (const { template } of named.filter((one) => isOfRelease(one.template))) {
    const text = expand(template, values);
    const other = templates.find((one) => !isOfRelease(one) && canGive(one, text, values.target ?? ''));
    if (other !== undefined) {
      throw refused(template, `'${text}' is what '${other}' can give to builds of the trusted branch`);
    }
  }
}

function refused(template: string, because: string): WarmbakeError {
  return new WarmbakeError('config', 'bad-image-tag', `images.tags: '${template}': ${because}`, {
    hint: 'change the template, or build another git tag',
  });
}
