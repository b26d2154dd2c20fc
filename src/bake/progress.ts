import type { Emit, StepUpdate } from '../platform/events.ts';
import { type BuildState, buildState } from './import-silence.ts';
import { lineAssembler, type LineAssembler } from './log-lines.ts';
import { progressReader, type ProgressUpdate } from './progress-line.ts';
import { errorOf, isLoading, isRunning, secondsOf, stepVerdict } from './verdict.ts';
import { mergeLog, mergeStatus, mergeVertex, type Vertex } from './vertex.ts';

/** Lines of plain text that are kept; the final error is among the last. */
const SAID = 200;

/** What the progress stream of a build has told. */
export interface Trace {
  /** In the order of first appearance. */
  readonly vertices: readonly Vertex[];
  /** Findings of BuildKit's Dockerfile checks, one line each. */
  readonly warnings: readonly string[];
  /** The last lines of plain text beside the stream. */
  readonly said: readonly string[];
}

/** The part of a trace that is about one of several targets of a bake, steps that it shares with others included. */
export function traceOfTarget(trace: Trace, target: string): Trace {
  const own = (name: string): boolean => name.startsWith(`[${target} `) || name.startsWith(`[${target}] `);
  const vertices = trace.vertices.flatMap((vertex) => {
    const name = vertex.names.find(own);
    return name === undefined ? [] : [{ ...vertex, name }];
  });
  return { ...trace, vertices };
}

/** Follows one run of `docker buildx bake --progress=rawjson`. */
export interface ProgressFollower {
  /** Takes one line of its standard error; never throws. */
  line(text: string): void;
  /** What the build waits for at the moment. */
  state(): BuildState;
  /** Call when the process has ended: the rest of unfinished output lines is told, then the whole trace. */
  end(): Trace;
}

/**
 * Merges the stream by vertex digest and tells steps and their output as they come: `started` before the first output,
 * but not where a step is looked up in a cache, which takes no time worth telling; an end whenever it changes or adds time.
 * `shown` says what may be read of each line, and of each line of a step's output, which is packed in the stream.
 */
export function followProgress(
  emit: Emit,
  shown: (line: string) => string = (line) => line,
): ProgressFollower {
  const read = progressReader();
  const vertices = new Map<string, Vertex>();
  const outputs = new Map<string, Map<number, LineAssembler>>();
  const told = new Map<string, string>();
  const warnings = new Set<string>();
  let said: readonly string[] = [];
  let lineCount = 0;

  const tell = (vertex: Vertex, state: StepUpdate['state']): void => {
    const ended = state !== 'started';
    const seconds = secondsOf(vertex.intervals);
    const key = ended ? `${state} ${seconds}` : state;
    if (told.get(vertex.id) === key) return;
    told.set(vertex.id, key);
    const error = state === 'failed' ? errorOf(vertex) : undefined;
    const { id, name, kind } = vertex;
    const step = {
      id,
      name,
      kind,
      state,
      ...(ended ? { seconds } : {}),
      ...(error === undefined ? {} : { error }),
    };
    emit({ type: 'step', step });
  };

  const log = (id: string, output: readonly string[]): void => {
    const vertex = vertices.get(id);
    if (vertex === undefined || output.length === 0) return;
    const lines = output.map(shown);
    if (!told.has(id)) tell(vertex, 'started');
    vertices.set(id, mergeLog(vertex, lines));
    emit({ type: 'log', id, lines });
  };

  const flush = (id: string): void => {
    for (const output of outputs.get(id)?.values() ?? []) log(id, output.flush());
    outputs.delete(id);
  };

  const settle = (id: string): void => {
    const vertex = vertices.get(id);
    if (vertex === undefined) return;
    if (isLoading(vertex)) return;
    if (isRunning(vertex)) return tell(vertex, 'started');
    flush(id);
    const verdict = stepVerdict(vertex);
    if (verdict === 'not-run') return;
    tell(vertex, verdict);
    if (verdict === 'executed') vertices.set(id, { ...(vertices.get(id) ?? vertex), tail: [] });
  };

  const apply = (update: ProgressUpdate): void => {
    for (const vertex of update.vertexes) {
      vertices.set(vertex.digest, mergeVertex(vertices.get(vertex.digest), vertex));
    }
    for (const status of update.statuses) {
      const vertex = vertices.get(status.vertex);
      if (vertex !== undefined) vertices.set(vertex.id, mergeStatus(vertex, status));
    }
    // Output comes before the end of its step, also where both are in one update.
    for (const { vertex, stream, data } of update.logs) {
      log(vertex, outputOf(outputs, vertex, stream).push(Buffer.from(data ?? '', 'base64')));
    }
    for (const id of new Set(update.vertexes.map((v) => v.digest))) settle(id);
    for (const { short } of update.warnings) warnings.add(Buffer.from(short ?? '', 'base64').toString());
  };

  return {
    line: (text) => {
      lineCount += 1;
      for (const piece of read(shown(text))) {
        if (piece.kind === 'update') apply(piece.update);
        else said = [...said, piece.text].slice(-SAID);
      }
    },
    state: () => buildState(vertices.values(), lineCount),
    end: () => {
      for (const id of outputs.keys()) flush(id);
      for (const vertex of vertices.values()) {
        const verdict = stepVerdict(vertex);
        if (isRunning(vertex) && verdict !== 'not-run') tell(vertex, verdict);
      }
      return { vertices: [...vertices.values()], warnings: [...warnings], said };
    },
  };
}

function outputOf(
  outputs: Map<string, Map<number, LineAssembler>>,
  vertex: string,
  stream: number,
): LineAssembler {
  const streams = outputs.get(vertex) ?? new Map<number, LineAssembler>();
  outputs.set(vertex, streams);
  const assembler = streams.get(stream) ?? lineAssembler();
  streams.set(stream, assembler);
  return assembler;
}
