import type { StepKind } from '../platform/events.ts';
import type { VertexUpdate } from './progress-line.ts';

/** One stretch of work on a vertex. Times are RFC 3339 with nanoseconds, as BuildKit writes them. */
export interface Interval {
  readonly started: string;
  readonly completed?: string;
  /** BuildKit loaded the vertex, or marked it as not needed, instead of running it. */
  readonly cached: boolean;
  readonly error?: string;
}

/** A vertex of the build graph: everything the stream said about one digest. */
export interface Vertex {
  readonly id: string;
  /** As first seen; see {@link Vertex.names}. */
  readonly name: string;
  /** Shared by several targets of one bake it is told with the prefix of each: `[app base 1/2] …`, `[test base 1/2] …`. */
  readonly names: readonly string[];
  readonly kind: StepKind;
  /** False for sources and for directories made in an empty stage. */
  readonly hasInputs: boolean;
  readonly intervals: readonly Interval[];
  /** Bytes pulled so far, by layer digest. */
  readonly pulled: Readonly<Record<string, number>>;
  /** Layers among them that have not come to their end. */
  readonly pulling: readonly string[];
  /** Digest of the cache manifest that it wrote. */
  readonly cacheManifest?: string;
  /** `name:tag@digest` of images that it pushed. */
  readonly pushed: readonly string[];
  /** The last lines of output, as long as it has not ended well. */
  readonly tail: readonly string[];
  /** BuildKit dropped a part of its output. */
  readonly clipped: boolean;
}

const PREFIX = String.raw`^(?:\[[^\]]+\] )?`;
const INSTRUCTION = /^\[(?:[^\]]* )?\d+\/\d+\] (RUN|COPY|ADD|WORKDIR)\b/;
const IMPORT = new RegExp(`${PREFIX}importing cache manifest from (.+)$`);
const EXPORT = new RegExp(`${PREFIX}exporting cache to `);
const IMAGE = new RegExp(`${PREFIX}exporting to `);

/**
 * What a vertex is for, by its name: BuildKit gives no other sign. An ADD without inputs is the download; the
 * instruction of the same name follows it (seen with Docker Engine 28.5).
 */
export function kindOf(name: string, hasInputs: boolean): StepKind {
  const instruction = INSTRUCTION.exec(name)?.[1];
  if (instruction !== undefined) return hasInputs || instruction === 'WORKDIR' ? 'instruction' : 'internal';
  if (IMPORT.test(name)) return 'import';
  if (EXPORT.test(name)) return 'export';
  return IMAGE.test(name) ? 'image' : 'internal';
}

/** The reference that an `import` vertex reads. */
export function importedRef(vertex: Vertex): string | undefined {
  return IMPORT.exec(vertex.name)?.[1];
}

/** Adds what an update says about a vertex; the same start again replaces what was known about that interval. */
export function mergeVertex(known: Vertex | undefined, update: VertexUpdate): Vertex {
  const hasInputs = update.inputs.length > 0 || known?.hasInputs === true;
  const name = known?.name ?? update.name;
  const vertex = {
    ...(known ?? {
      id: update.digest,
      intervals: [],
      pulled: {},
      pulling: [],
      pushed: [],
      tail: [],
      clipped: false,
    }),
    name,
    names: known?.names.includes(update.name) === true ? known.names : [...(known?.names ?? []), update.name],
    hasInputs,
    kind: kindOf(name, hasInputs),
  };
  if (update.started === undefined) return vertex;
  const interval: Interval = {
    started: update.started,
    cached: update.cached,
    ...(update.completed === undefined ? {} : { completed: update.completed }),
    ...(update.error === undefined || update.error === '' ? {} : { error: update.error }),
  };
  const others = vertex.intervals.filter((i) => i.started !== interval.started);
  return { ...vertex, intervals: [...others, interval] };
}

const LAYER = /^sha256:[0-9a-f]{64}$/;
const CACHE_MANIFEST = /^writing cache (?:image )?manifest (sha256:[0-9a-f]{64})$/;
const PUSHED = /^pushing manifest for (\S+@sha256:[0-9a-f]{64})$/;

/** Adds a status line of a vertex: layers pulled, manifests written and pushed. Others change nothing. */
export function mergeStatus(
  vertex: Vertex,
  status: { readonly id: string; readonly current: number; readonly completed?: string | undefined },
): Vertex {
  if (LAYER.test(status.id)) {
    const bytes = Math.max(status.current, vertex.pulled[status.id] ?? 0);
    const others = vertex.pulling.filter((id) => id !== status.id);
    const pulling = status.completed === undefined ? [...others, status.id] : others;
    return { ...vertex, pulled: { ...vertex.pulled, [status.id]: bytes }, pulling };
  }
  const cacheManifest = CACHE_MANIFEST.exec(status.id)?.[1];
  if (cacheManifest !== undefined) return { ...vertex, cacheManifest };
  const pushed = PUSHED.exec(status.id)?.[1];
  if (pushed === undefined || vertex.pushed.includes(pushed)) return vertex;
  return { ...vertex, pushed: [...vertex.pushed, pushed] };
}

/** Lines kept for the report of a failure. */
const TAIL = 20;
/** `[output clipped, log limit 200KiB/s reached]` or `…2MiB reached]` (BuildKit's log limits). */
const CLIPPED = /^\[output clipped, log limit \S+ reached\]$/;

/** Adds output of a vertex. */
export function mergeLog(vertex: Vertex, lines: readonly string[]): Vertex {
  return {
    ...vertex,
    tail: [...vertex.tail, ...lines].slice(-TAIL),
    clipped: vertex.clipped || lines.some((line) => CLIPPED.test(line)),
  };
}
