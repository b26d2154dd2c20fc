import type { SourceAnswer } from '../cache/chain.ts';
import type { Trace } from './progress.ts';
import { registryTrouble, type RegistryTrouble } from './registry-trouble.ts';
import { errorOf, secondsOf, stepVerdict, type StepVerdict } from './verdict.ts';
import { importedRef, type Vertex } from './vertex.ts';

/** One instruction (RUN, COPY, ADD, WORKDIR) of the build. */
export interface StepSummary {
  /** Digest of BuildKit's vertex: equal for the same step in another build. */
  readonly id: string;
  readonly name: string;
  readonly verdict: StepVerdict;
  /** Time it ran, was loaded or was pulled. */
  readonly seconds: number;
  /** Compressed bytes of layers that were pulled for it. */
  readonly bytesPulled: number;
  /** Digests of those layers. */
  readonly layersPulled: readonly string[];
  readonly error?: string;
  /** BuildKit dropped a part of its output. */
  readonly logClipped: boolean;
}

/** One cache source as BuildKit saw it. */
export interface ImportSummary {
  readonly ref: string;
  readonly state: SourceAnswer['state'];
  readonly seconds: number;
  readonly error?: string;
}

/** One export of the layer cache. BuildKit does not tell its ref: compare `manifest` with what the refs hold. */
export interface ExportSummary {
  /** `failed` also where `ignore-error` made bake end with exit code 0. */
  readonly state: 'written' | 'failed' | 'aborted';
  readonly manifest?: string;
  readonly seconds: number;
  readonly error?: string;
}

/** An image that was pushed. */
export interface PushedImage {
  /** `host/path:tag`. */
  readonly ref: string;
  readonly digest: string;
}

/** Sums over the build; each step counts once, however many targets share it. */
export interface Totals {
  readonly steps: number;
  readonly executed: number;
  readonly loaded: number;
  /** Not needed, because a later step was loaded. */
  readonly pruned: number;
  readonly failed: number;
  readonly aborted: number;
  readonly notRun: number;
  /** Sum over executed and failed steps; steps that run side by side count each. */
  readonly secondsExecuting: number;
  /** Compressed bytes of cached layers; a layer counts once. */
  readonly bytesPulled: number;
  /** Time in which at least one source was imported. */
  readonly importSeconds: number;
  /** Time in which at least one cache export ran. */
  readonly exportSeconds: number;
}

/** The part of the build record that the progress stream tells; plain data, ready for JSON. */
export interface StreamRecord {
  readonly totals: Totals;
  readonly imports: readonly ImportSummary[];
  readonly exports: readonly ExportSummary[];
  readonly images: readonly PushedImage[];
  readonly steps: readonly StepSummary[];
  /** Findings of BuildKit's Dockerfile checks. */
  readonly checks: readonly string[];
}

/** Sums up a trace. In a build that failed, `loaded` and `pruned` steps say little: BuildKit closes what it has not seen. */
export function summarise(trace: Trace): StreamRecord {
  const of = (kind: Vertex['kind']): readonly Vertex[] => trace.vertices.filter((v) => v.kind === kind);
  const steps = of('instruction').map(stepSummary);
  return {
    totals: {
      ...stepTotals(steps),
      bytesPulled: bytesOf(trace.vertices.filter((v) => v.kind !== 'internal')),
      importSeconds: secondsOf(of('import').flatMap((v) => v.intervals)),
      exportSeconds: secondsOf(of('export').flatMap((v) => v.intervals)),
    },
    imports: of('import').map(importSummary),
    exports: of('export').map(exportSummary),
    images: of('image')
      .filter((v) => stepVerdict(v) === 'executed')
      .flatMap((v) => v.pushed.map(pushedImage)),
    steps,
    checks: trace.warnings,
  };
}

/** The sums that steps alone tell. */
export function stepTotals(
  steps: readonly StepSummary[],
): Omit<Totals, 'bytesPulled' | 'importSeconds' | 'exportSeconds'> {
  const count = (verdict: StepVerdict): number => steps.filter((s) => s.verdict === verdict).length;
  return {
    steps: steps.length,
    executed: count('executed'),
    loaded: count('loaded'),
    pruned: count('pruned'),
    failed: count('failed'),
    aborted: count('aborted'),
    notRun: count('not-run'),
    secondsExecuting: exactSum(
      steps.filter((s) => s.verdict === 'executed' || s.verdict === 'failed').map((s) => s.seconds),
    ),
  };
}

function stepSummary(vertex: Vertex): StepSummary {
  const { id, name } = vertex;
  return {
    id,
    name,
    verdict: stepVerdict(vertex),
    seconds: secondsOf(vertex.intervals),
    bytesPulled: bytesOf([vertex]),
    layersPulled: Object.keys(vertex.pulled),
    logClipped: vertex.clipped,
    ...withError(vertex),
  };
}

const IMPORT_STATE = {
  missing: 'missing',
  oversized: 'oversized',
  throttled: 'throttled',
  expired: 'denied',
  denied: 'denied',
  quota: 'failed',
  damaged: 'failed',
  unavailable: 'failed',
} as const satisfies Record<RegistryTrouble, ImportSummary['state']>;

function importSummary(vertex: Vertex): ImportSummary {
  const error = errorOf(vertex);
  const trouble = error === undefined ? undefined : registryTrouble(error);
  const failure = trouble === undefined ? 'failed' : IMPORT_STATE[trouble];
  return {
    ref: importedRef(vertex) ?? vertex.name,
    state: stepVerdict(vertex) === 'executed' ? 'found' : failure,
    seconds: secondsOf(vertex.intervals),
    ...withError(vertex),
  };
}

function exportSummary(vertex: Vertex): ExportSummary {
  const verdict = stepVerdict(vertex);
  const unfinished = verdict === 'failed' ? 'failed' : 'aborted';
  return {
    state: verdict === 'executed' ? 'written' : unfinished,
    seconds: secondsOf(vertex.intervals),
    ...(vertex.cacheManifest === undefined ? {} : { manifest: vertex.cacheManifest }),
    ...withError(vertex),
  };
}

function pushedImage(text: string): PushedImage {
  const at = text.lastIndexOf('@');
  return { ref: text.slice(0, at), digest: text.slice(at + 1) };
}

function bytesOf(vertices: readonly Vertex[]): number {
  return exactSum(
    Object.values(Object.assign({}, ...vertices.map((v) => v.pulled)) as Record<string, number>),
  );
}

function withError(vertex: Vertex): { readonly error?: string } {
  const error = errorOf(vertex);
  return error === undefined ? {} : { error };
}

/** A sum in the precision that there is: seconds with three digits, or whole bytes. */
export function exactSum(numbers: readonly number[]): number {
  return Math.round(numbers.reduce((a, b) => a + b, 0) * 1000) / 1000;
}
