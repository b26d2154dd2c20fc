import { digestOf } from '../registry/digest.ts';
import type { Digest } from '../registry/reference.ts';
import { type Descriptor, type FoundCacheManifest, IMPORT_LIMIT } from './cache-manifest.ts';
import { doubtedAmong } from './merge/believed.ts';
import type { CacheGraph, CacheRecord, Outcome } from './merge/cache-graph.ts';
import { canonical } from './merge/canonical.ts';
import { Blobs } from './merge/blobs.ts';
import { type Statement, statementOf } from './merge/contradiction.ts';
import { LayerTable } from './merge/layer-table.ts';
import { readCacheConfig } from './merge/read-config.ts';
import { roofOver, withoutRoof } from './merge/roof.ts';
import { sameRecords } from './merge/same-records.ts';
import { uniteRecords } from './merge/unite-records.ts';
import { type Content, writeConfig, writeManifest } from './merge/write-cache.ts';

/** A cache to be merged. */
export interface Donor {
  /** The ref's name; unique. */
  readonly id: string;
  readonly manifest: FoundCacheManifest;
  /** The blob that the manifest names as its config. */
  readonly config: Uint8Array;
  /** Whose word counts where donors contradict each other: higher is more. Default 0. */
  readonly trust?: number;
}

/** A donor that is not in the merge, and why, in a phrase for people. */
export interface LeftOut {
  readonly id: string;
  readonly because: string;
}

/** Several caches as one, for BuildKit to import. */
export interface MergedCache {
  readonly config: Content;
  readonly manifest: Content;
  /** Every layer blob, with the donors (ids, in their order) whose manifest lists it. */
  readonly blobs: ReadonlyMap<
    Digest,
    { readonly descriptor: Descriptor; readonly donors: readonly string[] }
  >;
  /** Ids of the donors that are in it, in their order. */
  readonly used: readonly string[];
  readonly leftOut: readonly LeftOut[];
  /** In the merged config, with its roof. */
  readonly records: number;
}

/** Choices of {@link mergeCaches}. */
export interface MergeOptions {
  /** Bytes that config and manifest may have each; default {@link IMPORT_LIMIT}. */
  readonly limit?: number;
}

/**
 * Merges caches into one that has every record and every loadable result of each, under one roof; `undefined` where no donor is left.
 * Never throws: what is not understood is left out with the reason, and so is who is not believed where donors contradict each other
 * (see `doubtedAmong`). Where the whole is over the limit, donors are left out from the last one on until it fits, or one that takes most of
 * it alone; where it is too entangled (see `sameRecords`), those that are so by themselves, else the least trusted.
 *
 * The bytes depend on the set of the donors and their trust only. Their order decides who is left out over the limit, and in which order
 * `blobs` names them.
 */
export function mergeCaches(
  donors: readonly Donor[],
  { limit = IMPORT_LIMIT }: MergeOptions = {},
): MergedCache | undefined {
  const leftOut: LeftOut[] = [];
  let understood: readonly Understood[] = donors.flatMap((donor) => {
    const read = understand(donor, limit);
    if (!('because' in read)) return [{ donor, ...read }];
    leftOut.push({ id: donor.id, because: read.because });
    return [];
  });
  const leaveOut = (those: readonly LeftOut[]): void => {
    leftOut.push(...those);
    understood = understood.filter(({ donor }) => !those.some(({ id }) => id === donor.id));
  };
  leaveOut(
    doubtedAmong(understood.map(({ donor: { id, trust = 0 }, statement }) => ({ id, trust, statement }))),
  );
  while (understood.length > 0) {
    const merged = merge(understood);
    const because = merged === undefined ? ENTANGLED : overLimit(merged, limit);
    if (merged !== undefined && because === undefined) return { ...merged, leftOut };
    const those = merged === undefined ? entangling(understood) : tooMuch(understood, limit);
    leaveOut(those.map(({ donor: { id } }) => ({ id, because: because ?? '' })));
  }
  return undefined;
}

/** Those that cannot be merged even alone; where each can, the least trusted, of these the last. */
function entangling(understood: readonly Understood[]): readonly Understood[] {
  const alone = understood.filter((one) => merge([one]) === undefined);
  const trusted = ({ donor: { trust = 0 } }: Understood): number => trust;
  return alone.length > 0 ? alone : understood.toSorted((a, b) => trusted(b) - trusted(a)).slice(-1);
}

/** The last one; but where that is not enough, and to leave out a large one is, that: it would push out all the others. */
function tooMuch(understood: readonly Understood[], limit: number): readonly Understood[] {
  const last = understood.slice(-1);
  const large = understood.filter(
    ({ donor: { config, manifest } }) =>
      Math.max(config.length, JSON.stringify(manifest.layers).length) > limit / 2,
  );
  const isEnough = (one: Understood): boolean => {
    const rest = merge(understood.filter((other) => other !== one));
    return rest !== undefined && overLimit(rest, limit) === undefined;
  };
  const enough = large.length === 0 ? undefined : [...last, ...large.toReversed()].find(isEnough);
  return enough === undefined ? last : [enough];
}

const ENTANGLED = 'its records are too entangled to be merged';

interface Understood {
  readonly donor: Donor;
  readonly graph: CacheGraph;
  readonly statement: Statement;
}

function understand(
  { manifest, config }: Donor,
  limit: number,
): Pick<Understood, 'graph' | 'statement'> | { readonly because: string } {
  if (config.length > limit) return { because: `cache config of ${config.length} bytes, limit ${limit}` };
  if (digestOf(config) !== manifest.config.digest)
    return { because: 'its config is not the one that its manifest names' };
  const read = readCacheConfig(config);
  if (read.state === 'refused') return read;
  const said = statementOf(manifest.layers);
  if ('because' in said) return said;
  return { ...said, graph: { layers: read.graph.layers, records: withoutRoof(read.graph.records) } };
}

function overLimit({ config, manifest }: Omit<MergedCache, 'leftOut'>, limit: number): string | undefined {
  const [name, size] =
    config.body.length > limit ? ['config', config.body.length] : ['manifest', manifest.body.length];
  return size > limit ? `with it the merged ${name} would have ${size} bytes, limit ${limit}` : undefined;
}

function merge(understood: readonly Understood[]): Omit<MergedCache, 'leftOut'> | undefined {
  const all = sideBySide(understood);
  const same = sameRecords(all.records);
  if (same === undefined) return undefined;
  const graph = canonical(uniteRecords(all, same));
  const roof = roofOver(graph);
  const whole = roof === undefined ? graph : { ...graph, records: [...graph.records, roof] };
  const blobs = new Blobs();
  for (const { donor } of understood) blobs.add(donor.id, donor.manifest.layers);
  const listed = blobs.listOf(new Set(whole.layers.map(({ blob }) => blob)));
  const config = writeConfig(whole);
  return {
    config,
    manifest: writeManifest(
      config,
      [...listed.values()].map(({ descriptor }) => descriptor),
    ),
    blobs: listed,
    used: understood.map(({ donor }) => donor.id),
    records: whole.records.length,
  };
}

/** One graph with the records of all donors, each on its own, on one table of layers. */
function sideBySide(understood: readonly Understood[]): CacheGraph {
  const table = new LayerTable();
  const records: CacheRecord[] = [];
  for (const { donor, graph } of understood) {
    const loadable = Blobs.loadable(donor.manifest.layers);
    const indices = table.add(graph.layers, (blob) => loadable.has(blob));
    const first = records.length;
    const outcomeOf = (outcome: Outcome): readonly Outcome[] => {
      const layers = table.translate(outcome.layers, { from: graph.layers, indices, loadable });
      return layers === undefined ? [] : [{ ...outcome, layers }];
    };
    for (const { digest, slots, outcomes } of graph.records) {
      records.push({
        digest,
        slots: slots.map((links) => links.map(({ to, selector }) => ({ to: to + first, selector }))),
        // A result without its layers is dropped alone, as BuildKit does: it promises less, not something false.
        outcomes: outcomes.flatMap(outcomeOf),
      });
    }
  }
  return { layers: table.layers, records };
}
