import { progressReader } from '../../bake/progress-line.ts';
import { kindOf } from '../../bake/vertex.ts';

/** Watches a progress stream for steps that do real work. */
export interface StepLimit {
  /** Takes one line of the stream. */
  line(text: string): void;
  /** The step that has worked longer than the limit at `now` (milliseconds), and for how many seconds. */
  overdue(now: number): { readonly name: string; readonly seconds: number } | undefined;
}

const LAYER = /^(?:extracting )?sha256:[0-9a-f]{64}$/;

/**
 * Finds steps that run for more than `limitMs`. A step that is loaded does not count, however long its layers take: BuildKit
 * marks it as cached, or tells of the layers that it pulls and unpacks.
 */
export function stepLimit(limitMs: number, now: () => number): StepLimit {
  const read = progressReader();
  const running = new Map<string, { readonly name: string; readonly since: number }>();
  const loading = new Set<string>();
  return {
    line: (text) => {
      for (const piece of read(text)) {
        if (piece.kind !== 'update') continue;
        for (const { id, vertex } of piece.update.statuses) if (LAYER.test(id)) loading.add(vertex);
        for (const { digest, name, inputs, started, completed, cached } of piece.update.vertexes) {
          if (completed !== undefined || cached) running.delete(digest);
          else if (
            started !== undefined &&
            !running.has(digest) &&
            kindOf(name, inputs.length > 0) === 'instruction'
          )
            running.set(digest, { name, since: now() });
        }
      }
    },
    overdue: (at) => {
      for (const [digest, { name, since }] of running) {
        if (at - since > limitMs && !loading.has(digest))
          return { name, seconds: Math.round((at - since) / 1000) };
      }
      return undefined;
    },
  };
}
