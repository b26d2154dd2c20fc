import { askSource } from '../cache/probe.ts';
import type { SourceAnswer } from '../cache/chain.ts';
import type { Host } from '../platform/host.ts';
import { type Reference, referenceName } from '../registry/reference.ts';
import type { Registry } from '../registry/registry.ts';

/** An answer that is older says little about what BuildKit will hear. */
const FRESH_MS = 60_000;

/**
 * Asks sources for what BuildKit reads of them itself. While that waits for a manifest or a config it begins nothing else, and does not let
 * go of the request: what says nothing must not be imported.
 */
export interface SilenceCheck {
  /** Asks now for what {@link SilenceCheck.isSilent} will want. */
  start(ref: Reference): void;
  /**
   * Whether `ref` was asked within the last minute and said nothing. `probed`: it answered when this build began. Anything else than silence
   * is for BuildKit to find out, which may reach and read what this machine cannot. Never rejects.
   */
  isSilent(ref: Reference, known: { readonly probed: boolean }): Promise<boolean>;
}

/** A check for one build, which begins now. */
export function openSilenceCheck({
  registry,
  host,
}: {
  readonly registry: Registry;
  readonly host: Pick<Host, 'clock' | 'signal'>;
}): SilenceCheck {
  const asked = new Map<string, { readonly at: number; readonly answer: Promise<SourceAnswer> }>();
  const now = (): number => host.clock.now().getTime();
  const isFresh = (at: number): boolean => now() - at < FRESH_MS;
  const began = now();

  async function ask(ref: Reference): Promise<SourceAnswer> {
    const name = referenceName(ref);
    const last = asked.get(name);
    if (last !== undefined && isFresh(last.at)) return await last.answer;
    const answer = askSource(ref, { registry, host });
    asked.set(name, { at: now(), answer });
    return await answer;
  }

  return {
    start: (ref) => void ask(ref),
    isSilent: async (ref, { probed }) => {
      if (probed && isFresh(began)) return false;
      const answer = await ask(ref);
      return 'silent' in answer;
    },
  };
}
