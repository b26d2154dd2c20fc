import type { Promised } from '../bake/agreement.ts';
import { type TargetDefinition, parseEntry } from '../bake/definition.ts';
import {
  type BuildValues,
  NO_OUTPUT,
  exportAttributes,
  pushOutput,
  sccacheArguments,
} from '../bake/overlay.ts';
import type { Source } from '../cache/chain.ts';
import { writtenRefs } from '../refs/written-refs.ts';
import type { Settings, TargetSettings } from '../config/settings.ts';
import { expand } from '../config/template.ts';
import type { BuildContext } from '../context/context.ts';
import { repositoryPart } from '../refs/repositories.ts';
import { type UnwrittenTag, extraTags } from '../refs/extra-tags.ts';
import { imageNames } from '../refs/image-names.ts';
import { type Reference, referenceName } from '../registry/reference.ts';
import type { Replaced } from './replaced.ts';
import type { SkipDecision } from './skip.ts';

/** A further name for what the build wrote; given after the build, without a second upload of layers. */
export interface Promotion {
  /** A cache manifest is marked with its commit on the way; an image stays as it is. */
  readonly what: 'cache' | 'image';
  readonly from: Reference;
  readonly to: Reference;
  /** `latest` moves forward only; the name of a pull request or branch follows its last build. */
  readonly forwardOnly: boolean;
  /** Belongs to one build or release: given to an image once, and never to one of another commit. */
  readonly writtenOnce?: true;
}

/** What a build may write for one target: decided by context and settings alone (law L1). */
export interface Writes {
  readonly settings: TargetSettings;
  /** Image tags that bake pushes; the set that is probed for skipping and read back afterwards. */
  readonly tags: readonly Reference[];
  /** Refs that bake exports the cache to. */
  readonly exportTo: readonly Reference[];
  readonly promotions: readonly Promotion[];
  /** Further tags of the configuration that this build does not write; absent where that is none. */
  readonly unwritten?: readonly UnwrittenTag[];
  /** Names in the engine of this machine, where the image is to be left there; then nothing is pushed. */
  readonly load?: readonly string[];
}

/** One target with its cache sources: all that bake needs to know. */
export interface ResolvedTarget extends Writes {
  readonly sources: readonly Source[];
}

/** The plan for one target. */
export interface TargetPlan extends ResolvedTarget {
  readonly skip: SkipDecision;
  /** What its bake files say about results, and the build does not do; absent where that is nothing. */
  readonly replaced?: Replaced;
}

/** What the engine calls an image that is left in it: as the bake files do, else by the target. */
export function loadedNames(
  brought: Pick<TargetDefinition, 'tags'> | undefined,
  target: string,
): readonly string[] {
  const own = (brought?.tags ?? []).filter((tag) => tag !== '');
  return own.length > 0 ? own : [`${repositoryPart(target)}:latest`];
}

/** The refs that this build may write for `target`. */
export function writesOf(
  context: BuildContext,
  target: TargetSettings,
  options: { readonly settings: Settings; readonly push: boolean; readonly day?: string | undefined },
): Writes {
  const images = imageNames(context, target, options);
  const extra = extraTags(context, target, options);
  const cache =
    target.variantOf === undefined
      ? writtenRefs(context, target, options)
      : { promoteTo: [], alsoExport: [] };
  const [image] = images.push;
  const named = (
    what: Promotion['what'],
    from: Reference | undefined,
    to: readonly Reference[],
  ): Promotion[] =>
    from === undefined ? [] : to.map((ref) => ({ what, from, to: ref, forwardOnly: context.trusted }));
  return {
    settings: target,
    tags: images.push,
    exportTo: [...(cache.exportTo === undefined ? [] : [cache.exportTo]), ...cache.alsoExport],
    promotions: [
      ...named('image', image, [...images.moving, ...extra.moving]),
      ...named('image', image, extra.once).map(
        (p) => ({ ...p, forwardOnly: false, writtenOnce: true }) as const,
      ),
      ...named('cache', cache.exportTo, cache.promoteTo),
    ],
    ...(extra.unwritten.length === 0 ? {} : { unwritten: extra.unwritten }),
  };
}

/** The values of the overlay's variables for one build. Sources are no part of what the files are evaluated with. */
export function buildValues(context: BuildContext, targets: readonly Writes[]): BuildValues {
  return {
    commit: context.commit ?? '',
    buildNumber: context.build?.number ?? '',
    buildId: context.build?.id ?? '',
    branch: 'branch' in context.origin ? (context.origin.branch ?? '') : '',
    targets: targets.map((t) => ({
      name: t.settings.name,
      cacheFrom: [],
      cacheTo: t.exportTo.map(referenceName),
      tags: t.tags.map(referenceName),
    })),
  };
}

/** What bake must resolve for a target, if the overlay does what it is meant to do. */
export function promisedBy(settings: Settings, target: TargetSettings, values: BuildValues): Promised {
  const own = values.targets.find((t) => t.name === target.name);
  const lane = { lane: target.lane, laneSuffix: target.lane === '' ? '' : `-${target.lane}` };
  const templates = { ...settings.bake.args, ...target.args };
  const args = Object.entries(templates).map(
    ([key, text]) => [key, expand(text, { ...values, ...lane })] as const,
  );
  const { buildNumber, buildId, revision } = settings.bake.annotations;
  const annotations = [
    [buildNumber, values.buildNumber],
    [buildId, values.buildId],
    [revision, values.commit],
  ] as const;
  const tags = own?.tags ?? [];
  return {
    name: target.name,
    tags,
    cacheTo: (own?.cacheTo ?? []).map((ref) => ({
      ...parseEntry(exportAttributes(target.cache)),
      type: 'registry',
      ref,
    })),
    output: [parseEntry(tags.length === 0 ? NO_OUTPUT : pushOutput(target.image))],
    args: Object.fromEntries([...sccacheArguments(settings.sccache), ...args]),
    annotations: annotations
      .filter(([, value]) => value !== '')
      .map(([key, value]) => `index,manifest:${key}=${value}`),
  };
}
