import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { Host } from '../../platform/host.ts';
import { withJoinedSignal } from '../../platform/joined-signal.ts';
import { readingDefinition } from './definition.ts';
import type { WarmPlan } from './plan.ts';
import { buildAgain, type WarmOptions } from './store.ts';

/** How long it took to read all files of the warm target from the disk once. */
export type LayersRead =
  /** Seconds. */
  | { readonly all: true; readonly seconds: number }
  /** Not all of them in so many seconds. */
  | { readonly all: false; readonly seconds: number };

/** A job on the instance waits for it. Milliseconds. */
export const READ_LIMIT_MS = 120_000;

/**
 * Reads the files of the target once, from a store that has proved warm, in the builder of its last build. A build that finds all its steps
 * has read nothing but BuildKit's database: what a job waits for on a cold disk are the files. Throws what the build throws.
 */
export async function readLayers(
  host: Host,
  { plan, ...options }: WarmOptions & { readonly plan: WarmPlan; readonly limitMs: number },
): Promise<LayersRead> {
  const { limitMs } = options;
  const file = path.join(path.dirname(plan.filling), 'reading.json');
  await writeFile(file, readingDefinition(await readFile(plan.filling, 'utf8'), plan.stages.at(-1)));
  const over = new AbortController();
  const ended = new AbortController();
  const watch = host.clock
    .sleep(limitMs, ended.signal)
    .then(() => over.abort())
    .catch(() => undefined);
  try {
    const { seconds } = await withJoinedSignal(
      [host.signal, over.signal],
      async (signal) => await buildAgain({ ...host, signal }, file, { ...options, plan }),
    );
    return { all: true, seconds };
  } catch (error) {
    host.signal.throwIfAborted();
    if (!over.signal.aborted) throw error;
    return { all: false, seconds: Math.round(limitMs / 1000) };
  } finally {
    ended.abort();
    await watch;
  }
}
