import type { StreamRecord } from '../../bake/record.ts';
import type { Trace } from '../../bake/progress.ts';
import { WARM_TARGET } from './definition.ts';

/** What one build of every stage did to the store. */
export interface StoreUse {
  /** RUN, COPY, ADD and WORKDIR; the stage that collects the others does not count. */
  readonly executed: number;
  /** Loaded from the store or a cache, or not needed because a later one was. */
  readonly loaded: number;
  /** Names of the steps that were executed. */
  readonly executedSteps: readonly string[];
  /** Layers that came from a registry, those of base images included. */
  readonly pulledLayers: number;
  /** Their compressed bytes. */
  readonly pulledBytes: number;
}

/** The numbers of an image whose store has been proved. */
export interface Warmth {
  /** The build that filled the store. */
  readonly warmed: { readonly executed: number; readonly loaded: number; readonly seconds: number };
  /** The build without imports after BuildKit's restart; it executed nothing and pulled nothing. */
  readonly proved: { readonly loaded: number; readonly seconds: number };
  /** What the store holds. */
  readonly bytes: number;
}

/** Whether a store is warm; `because` lists what it lacks. */
export type WarmthVerdict =
  | { readonly warm: true; readonly warmth: Warmth }
  | { readonly warm: false; readonly because: readonly string[] };

/** Sums up what a build of {@link WARM_TARGET} did. */
export function storeUse(trace: Trace, record: StreamRecord): StoreUse {
  const steps = record.steps.filter((step) => !step.name.includes(`[${WARM_TARGET} `));
  const executed = steps.filter((step) => step.verdict === 'executed' || step.verdict === 'failed');
  const layers = new Map(trace.vertices.flatMap((vertex) => Object.entries(vertex.pulled)));
  return {
    executed: executed.length,
    loaded: steps.filter((step) => step.verdict === 'loaded' || step.verdict === 'pruned').length,
    executedSteps: executed.map((step) => step.name),
    pulledLayers: layers.size,
    pulledBytes: [...layers.values()].reduce((sum, bytes) => sum + bytes, 0),
  };
}

/** A build and its wall time. */
export interface TimedUse {
  readonly use: StoreUse;
  readonly seconds: number;
}

/**
 * Judges the build without imports. Its size says nothing by itself: a store can be large and of no use, or correct and too
 * small because the wrong target was warmed, so both are asked.
 */
export function judgeWarmth(
  warmed: TimedUse,
  proof: TimedUse,
  store: { readonly bytes: number; readonly minimumBytes: number },
): WarmthVerdict {
  const { executed, loaded, executedSteps, pulledLayers, pulledBytes } = proof.use;
  const because = [
    ...(executed === 0
      ? []
      : [`${executed} steps were executed without imports: ${executedSteps.join(', ')}`]),
    ...(pulledLayers === 0 ? [] : [`${pulledLayers} layers were pulled (${inMegabytes(pulledBytes)})`]),
    ...(loaded === 0 && executed === 0 ? ['no step was seen at all'] : []),
    ...(store.bytes >= store.minimumBytes
      ? []
      : [
          `the store holds ${inMegabytes(store.bytes)}, at least ${inMegabytes(store.minimumBytes)} are expected`,
        ]),
  ];
  if (because.length > 0) return { warm: false, because };
  return {
    warm: true,
    warmth: {
      warmed: { executed: warmed.use.executed, loaded: warmed.use.loaded, seconds: warmed.seconds },
      proved: { loaded, seconds: proof.seconds },
      bytes: store.bytes,
    },
  };
}

/**
 * The numbers as the value of a tag: `executed=0 loaded=22 bytes=31000000000 seconds=4`, from the proof, then those of the
 * warming build. Readable, and within the 256 characters that a tag has.
 */
export function warmthTag({ warmed, proved, bytes }: Warmth): string {
  const proof = `executed=0 loaded=${proved.loaded} bytes=${bytes} seconds=${proved.seconds}`;
  return `${proof} warmed-executed=${warmed.executed} warmed-loaded=${warmed.loaded} warmed-seconds=${warmed.seconds}`;
}

function inMegabytes(bytes: number): string {
  return bytes >= 1e9 ? `${(bytes / 1e9).toFixed(1)} GB` : `${(bytes / 1e6).toFixed(1)} MB`;
}
