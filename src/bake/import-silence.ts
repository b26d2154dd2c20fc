import type { Limits } from '../platform/time-limit.ts';
import { isRunning } from './verdict.ts';
import { importedRef, type Vertex } from './vertex.ts';

/** What BuildKit waits for. */
export interface BuildState {
  /** Caches whose manifest or config it reads. */
  readonly asked: readonly string[];
  /** Layers that it loads, for steps or for what is exported. */
  readonly awaited: readonly string[];
  /** Of layers so far. */
  readonly bytes: number;
  /** No step of a Dockerfile and no export is under way. */
  readonly preparing: boolean;
  /** Lines of progress so far. */
  readonly lines: number;
}

/** Something that must not stay as it is for too long. */
interface Waiting {
  /** What it looks like now; `undefined` where there is nothing to wait for. */
  readonly look: (state: BuildState) => string | undefined;
  /** Milliseconds. */
  readonly limitMs: number;
  readonly told: (state: BuildState) => string;
}

/** A manifest and a config are small. */
const MANIFEST: Waiting = {
  look: ({ asked }) => (asked.length === 0 ? undefined : asked.join()),
  limitMs: 60_000,
  told: ({ asked }) => `the cache ${asked.join(', ')} was asked for and said nothing for 60 s`,
};

/** Without one byte of any layer: a gateway asks its donors in turn, which takes a minute at most. */
const LAYERS: Waiting = {
  look: ({ awaited, bytes }) => (awaited.length === 0 ? undefined : JSON.stringify([awaited, bytes])),
  limitMs: 120_000,
  told: ({ awaited }) => `the cached layer ${awaited.join(', ')} did not come: nothing for 120 s`,
};

/** Tries after one that fell silent wait as well where BuildKit does not let go of the request (seen with Docker Engine 28.5). */
const START: Waiting = {
  look: ({ preparing, lines }) => (preparing ? String(lines) : undefined),
  limitMs: 60_000,
  told: () => 'BuildKit does nothing for 60 s: it still waits for a cache that says nothing',
};

/** How often the state is looked at, in milliseconds. */
const LOOK_MS = 1_000;

/** `[app 1/4] FROM docker.io/library/alpine` */
const BASE_IMAGE = /^(?:\[[^\]]*\] )+FROM /;

/** What the vertices of a build wait for; a base image's own layers are not told, nothing could stand in for them. */
export function buildState(vertices: Iterable<Vertex>, lines: number): BuildState {
  const running = [...vertices].filter(isRunning);
  const loading = running.filter(({ kind, name }) => kind !== 'import' && !BASE_IMAGE.test(name));
  return {
    asked: running
      .filter(({ kind }) => kind === 'import')
      .map((vertex) => importedRef(vertex) ?? vertex.name),
    awaited: loading.flatMap(({ pulling }) => pulling),
    bytes: loading.flatMap(({ pulled }) => Object.values(pulled)).reduce((sum, bytes) => sum + bytes, 0),
    preparing: running.every(({ kind }) => kind === 'internal' || kind === 'import'),
    lines,
  };
}

/**
 * Resolves with one line about it where an imported cache says nothing for too long, or where BuildKit does not even begin after that
 * has happened (`again`): it would wait for ever. Rejects only with the reason of `signal`.
 */
export async function fallsSilent(
  state: () => BuildState,
  { again, clock, signal }: Limits & { readonly again: boolean },
): Promise<string> {
  const watches = (again ? [START] : [MANIFEST, LAYERS]).map((watch) => ({ watch, last: '', since: 0 }));
  for (;;) {
    await clock.sleep(LOOK_MS, signal);
    const now = clock.now().getTime();
    const seen = state();
    for (const watched of watches) {
      const look = watched.watch.look(seen);
      if (look === undefined || look !== watched.last) Object.assign(watched, { last: look, since: now });
      else if (now - watched.since >= watched.watch.limitMs) return watched.watch.told(seen);
    }
  }
}
