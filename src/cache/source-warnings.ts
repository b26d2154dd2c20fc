import type { Warning } from '../platform/events.ts';
import { referenceName } from '../registry/reference.ts';
import type { Source, SourceState } from './chain.ts';

/** States that somebody should look at; a missing source is the normal case. */
const NOTABLE = new Set<SourceState>(['denied', 'throttled', 'failed', 'oversized']);

/** What went wrong with the sources, one warning for each distinct cause: `cache-source-denied` and so on. */
export function sourceWarnings(sources: readonly Source[]): readonly Warning[] {
  const groups = new Map<string, { readonly source: Source; readonly names: string[] }>();
  for (const source of sources.filter(({ state }) => NOTABLE.has(state))) {
    const key = `${source.state}: ${source.because ?? ''}`;
    const group = groups.get(key) ?? { source, names: [] };
    group.names.push(`${source.role} ${referenceName(source.ref)}`);
    groups.set(key, group);
  }
  return [...groups].map(([cause, { source, names }]) => ({
    code: `cache-source-${source.state}`,
    message: `not imported, ${cause}: ${names.join(', ')}`,
  }));
}
