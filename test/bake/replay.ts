import { readFileSync } from 'node:fs';
import type { BuildState } from '../../src/bake/import-silence.ts';
import { followProgress, type Trace } from '../../src/bake/progress.ts';
import type { Event } from '../../src/platform/events.ts';

/**
 * Streams recorded from Docker Engine 28.5 with a registry behind a proxy that refuses what the name says;
 * shortened by repeated status lines and time stamps of output.
 */
export function recorded(name: string): readonly string[] {
  const file = new URL(`../fixtures/${name}.ndjson`, import.meta.url);
  return readFileSync(file, 'utf8').replace(/\n$/, '').split('\n');
}

/** Feeds lines to a follower; the events it told, what the build waited for at the end, and the trace it left. */
export function replay(lines: readonly string[]): {
  readonly events: readonly Event[];
  readonly state: BuildState;
  readonly trace: Trace;
} {
  const events: Event[] = [];
  const follower = followProgress((event) => void events.push(event));
  for (const line of lines) follower.line(line);
  const state = follower.state();
  return { trace: follower.end(), events, state };
}

/** A line of the stream with one vertex. */
export function vertexLine(vertex: Readonly<Record<string, unknown>>): string {
  return JSON.stringify({ vertexes: [{ digest: 'v', name: '[a 1/1] RUN x', inputs: ['w'], ...vertex }] });
}

/** A line of the stream with a piece of output. */
export function logLine(data: string | Uint8Array, stream = 1): string {
  return JSON.stringify({
    logs: [{ vertex: 'v', stream, data: Buffer.from(data).toString('base64') }],
  });
}
