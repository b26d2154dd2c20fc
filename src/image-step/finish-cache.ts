import type { StreamRecord } from '../bake/record.ts';
import { readCacheManifest } from '../cache/cache-manifest.ts';
import { roofed } from '../cache/roofed.ts';
import { isCommitSha } from '../ci/commit-sha.ts';
import { type BuildContext } from '../context/context.ts';
import { type Digest, type Reference, referenceName } from '../registry/reference.ts';
import type { Manifest } from '../registry/registry.ts';
import { digestOf } from '../registry/digest.ts';
import { warn } from '../platform/events.ts';
import { markManifest, readMarks } from './marks.ts';
import { promote } from './promote-manifest.ts';
import {
  type JudgedPromotion,
  judgePromotion,
  type NamingServices,
  type Promoted,
  type PromotedManifest,
} from './promotion.ts';
import { openReadAhead, type ReadAhead } from './read-ahead.ts';
import type { Promotion, TargetPlan } from './target-plan.ts';
import type { Verified } from './verify.ts';

/** What became of a target's cache export. */
export interface CacheResult {
  readonly exported: readonly Verified[];
  readonly promoted: readonly Promoted[];
}

/**
 * Checks that each export landed (its manifest, seen in the progress stream, is under the ref), marks the manifest with
 * the commit and gives it its further names. Whatever fails here is a warning by name: the image stands.
 */
export async function finishCache(
  services: NamingServices,
  context: BuildContext,
  options: {
    readonly target: Pick<TargetPlan, 'exportTo' | 'promotions'>;
    readonly record: Pick<StreamRecord, 'exports'>;
    /** What was read of the exports while bake ended. */
    readonly ahead?: ReadAhead;
  },
): Promise<CacheResult> {
  const { target, record, ahead = openReadAhead(services.registry) } = options;
  const { emit } = services.host;
  for (const failed of record.exports.filter((e) => e.state !== 'written')) {
    warn(emit, 'cache-export-failed', `the cache was not exported: ${failed.error ?? failed.state}`);
  }
  const manifests = record.exports.filter((e) => e.state === 'written').flatMap((e) => e.manifest ?? []);
  const landings = await landed(services, target.exportTo, { written: new Set(manifests), ahead });
  const exported = landings.map(({ ref, digest }) => ({ ref, digest }));
  const [main] = landings;
  if (main === undefined || main.ref !== target.exportTo[0]) return { exported, promoted: [] };
  const names = target.promotions.filter((p) => p.what === 'cache');
  const named = await markAndName(services, context, { exported: main, names, ahead });
  if (named === undefined) return { exported, promoted: [] };
  const { digest, promoted } = named;
  return { exported: [{ ref: main.ref, digest }, ...exported.slice(1)], promoted };
}

/** Gives an image that stands its further names; the image is read at the promotion's source. */
export async function promoteImage(
  services: NamingServices,
  context: BuildContext,
  promotions: readonly Promotion[],
): Promise<readonly Promoted[]> {
  const [first] = promotions;
  if (first === undefined) return [];
  const image = await readMarks(services.registry, first.from, services.settings.bake.annotations);
  if (image.state !== 'found') {
    warn(
      services.host.emit,
      'promotion-failed',
      `${referenceName(first.from)} cannot be read: ${image.state}`,
    );
    return [];
  }
  return await promoteAll(services, promotions, { manifest: { ...image, ...identity(context) } });
}

/**
 * Gives a cache that an earlier build of this commit exported its further names. Without a cache there is nothing to name: a build that
 * may not export writes none.
 */
export async function repairCacheNames(
  services: NamingServices,
  context: BuildContext,
  promotions: readonly Promotion[],
): Promise<readonly Promoted[]> {
  const [first] = promotions;
  if (first === undefined) return [];
  const cache = await readMarks(services.registry, first.from, services.settings.bake.annotations);
  if (cache.state !== 'found' || cache.kind !== 'cache') return [];
  if (cache.marks.revision === context.commit) {
    return await promoteAll(services, promotions, { manifest: { ...cache, ...identity(context) } });
  }
  const exported = { ...cache, ref: first.from };
  const ahead = openReadAhead(services.registry);
  return (await markAndName(services, context, { exported, names: promotions, ahead }))?.promoted ?? [];
}

/** Puts the mark, and then the names; what they hold is looked at meanwhile. `undefined` where the mark could not be put. */
async function markAndName(
  services: NamingServices,
  context: BuildContext,
  {
    exported,
    names,
    ahead,
  }: { readonly exported: Landed; readonly names: readonly Promotion[]; readonly ahead: ReadAhead },
): Promise<{ readonly digest: Digest; readonly promoted: readonly Promoted[] } | undefined> {
  const manifest = await markedFor(services, context, { exported, ahead });
  if (manifest === undefined) return undefined;
  const judged = names.map(async (promotion) => await judgePromotion(services, promotion, manifest));
  for (const one of judged) one.catch(() => undefined);
  if (!(await putMark(services, exported.ref, manifest))) return undefined;
  return { digest: manifest.digest, promoted: await promoteAll(services, names, { manifest, judged }) };
}

async function promoteAll(
  services: NamingServices,
  promotions: readonly Promotion[],
  {
    manifest,
    judged = [],
  }: { readonly manifest: PromotedManifest; readonly judged?: readonly Promise<JudgedPromotion>[] },
): Promise<readonly Promoted[]> {
  // Beside each other: names that are looked at again cost a moment each.
  const all = await Promise.all(
    promotions.map(async (one, i) => await promote(services, one, { manifest, judged: judged[i] })),
  );
  for (const { promotion, ...promoted } of all) {
    const name = referenceName(promotion.to);
    if (promoted.action === 'failed')
      warn(services.host.emit, 'promotion-failed', `${name}: ${promoted.because}`);
    if (promoted.warning !== undefined)
      warn(services.host.emit, 'promotion-unsure', `${name}: ${promoted.warning}`);
  }
  return all;
}

type Landed = Verified & Manifest;

async function landed(
  { registry, host }: NamingServices,
  refs: readonly Reference[],
  { written, ahead }: { readonly written: ReadonlySet<string>; readonly ahead: ReadAhead },
): Promise<readonly Landed[]> {
  const checked = await Promise.all(
    refs.map(async (ref) => {
      const early = await ahead.manifest(ref);
      const isWritten = early?.state === 'found' && written.has(early.digest);
      return { ref, found: isWritten ? early : await registry.manifest(ref) };
    }),
  );
  return checked.flatMap(({ ref, found }): readonly Landed[] => {
    if (found.state === 'found' && written.has(found.digest)) return [{ ...found, ref }];
    const holds =
      found.state === 'found' ? `it holds ${found.digest}, which this build did not write` : found.state;
    // A failed export has been told already, in BuildKit's words.
    if (written.size > 0) warn(host.emit, 'cache-export-unverified', `${referenceName(ref)}: ${holds}`);
    return [];
  });
}

/** The manifest that takes the place of the exported one. */
async function markedFor(
  services: NamingServices,
  context: BuildContext,
  { exported: { ref, ...exported }, ahead }: { readonly exported: Landed; readonly ahead: ReadAhead },
): Promise<PromotedManifest | undefined> {
  const marks = identity(context);
  if (marks.commit === undefined) return undefined;
  const manifest = markManifest(
    await underRoof(services, ref, { manifest: exported, ahead }),
    { ...marks, revision: marks.commit, ...buildId(context) },
    services.settings.bake.annotations,
  );
  return { ...manifest, digest: digestOf(manifest.body), ...marks };
}

async function putMark(
  { registry, host }: NamingServices,
  ref: Reference,
  manifest: PromotedManifest,
): Promise<boolean> {
  const put = await registry.putManifest(ref, manifest);
  if (put.state === 'written') return true;
  warn(host.emit, 'cache-mark-failed', `${referenceName(ref)} could not be marked: ${put.state}`);
  return false;
}

/**
 * The manifest with one leaf instead of several, where it has several: whoever imports it as it is loses links at random (BuildKit
 * 0.25 to 0.32, `addItemToStorage` in cache/remotecache/v1/cachestorage.go). It stays as it is where that cannot be done.
 */
async function underRoof(
  { registry, host }: NamingServices,
  ref: Reference,
  { manifest, ahead }: { readonly manifest: Manifest; readonly ahead: ReadAhead },
): Promise<Manifest> {
  const cache = readCacheManifest(manifest.body);
  if (cache.kind !== 'cache') return manifest;
  const config = await ahead.config(ref, cache.config.digest);
  const better = config.state === 'found' ? roofed(manifest, config.body) : undefined;
  if (better === undefined) return manifest;
  const put = await registry.putBlob(ref, better.config.body);
  if (put.state === 'written') return better.manifest;
  warn(host.emit, 'cache-roof-failed', `${referenceName(ref)} keeps several leaves: ${put.state}`);
  return manifest;
}

function identity({ commit, build }: BuildContext): Pick<PromotedManifest, 'commit' | 'buildNumber'> {
  return {
    ...(commit !== undefined && isCommitSha(commit) ? { commit } : {}),
    ...(build === undefined ? {} : { buildNumber: build.number }),
  };
}

function buildId({ build }: BuildContext): { readonly buildId?: string } {
  return build === undefined ? {} : { buildId: build.id };
}
