import { messageOf } from '../platform/errors.ts';
import type { Host } from '../platform/host.ts';
import { type Digest, type Reference, referenceName } from '../registry/reference.ts';
import type { Registry } from '../registry/registry.ts';
import { within } from '../platform/time-limit.ts';
import { IMPORT_LIMIT, readCacheManifest } from './cache-manifest.ts';
import type { Candidate } from '../refs/candidate.ts';
import type { SourceAnswer, Source } from './chain.ts';
import { type Asked, chooseSources } from './choose-sources.ts';
import type { Donor } from './merge.ts';

/** How long a source may take. */
export interface AnswerLimits {
  /** For one answer of a registry; default 3 s. */
  readonly answerMs?: number;
  /** For everything, logins included; default 6 s. */
  readonly budgetMs?: number;
}

/** Limits of a probe. */
export interface ProbeLimits extends AnswerLimits {
  readonly maxSources: number;
}

/** Who asks. */
interface ProbeServices {
  readonly registry: Registry;
  readonly host: Pick<Host, 'clock' | 'signal'>;
}

/** Refusals are asked again as long as this leaves time for an answer. */
const PATIENCE_MS = 1500;

/** What a probe found out for one target. */
export interface Probed {
  /** The fate of each candidate, in their order. */
  readonly sources: readonly Source[];
  /** The caches of those that were found, in the same order. */
  readonly donors: readonly Donor[];
}

/** Asks a registry for candidates, each ref once. */
export interface Prober {
  /** Asks now for what {@link Prober.probe} will want. */
  start(candidates: readonly Candidate[]): void;
  /**
   * Asks for the candidates of all targets at once, reads what is there and decides for each target which are donors. Never rejects:
   * whatever goes wrong with a source is its state.
   */
  probe(targets: readonly (readonly Candidate[])[]): Promise<readonly Probed[]>;
}

/** Asks for the manifest and the config of one ref, as BuildKit would before it imports. Never rejects. */
export async function askSource(
  ref: Reference,
  { registry, host }: ProbeServices,
  { answerMs = 3000, budgetMs = 6000 }: AnswerLimits = {},
): Promise<SourceAnswer> {
  try {
    return await within(budgetMs, (signal) => probe(ref, registry, { answerMs, signal }), host);
  } catch (error) {
    return { state: 'failed', because: messageOf(error) };
  }
}

/** See {@link Prober}. */
export function openProber(services: ProbeServices, { maxSources, ...limits }: ProbeLimits): Prober {
  const answers = new Map<string, Promise<SourceAnswer>>();

  function askOnce({ ref }: Candidate): Promise<SourceAnswer> {
    const name = referenceName(ref);
    const answer = answers.get(name) ?? askSource(ref, services, limits);
    answers.set(name, answer);
    return answer;
  }

  return {
    start: (candidates) => candidates.forEach((candidate) => void askOnce(candidate)),
    probe: async (targets) => {
      const asked = targets.map(
        async (candidates) =>
          await Promise.all(
            candidates.map(async (candidate): Promise<Asked> => ({
              candidate,
              answer: await askOnce(candidate),
            })),
          ),
      );
      return (await Promise.all(asked)).map((all) => probedOf(all, maxSources));
    },
  };
}

/** {@link Prober.probe} of a prober of its own. */
export async function probeCandidates(
  targets: readonly (readonly Candidate[])[],
  services: ProbeServices,
  limits: ProbeLimits,
): Promise<readonly Probed[]> {
  return await openProber(services, limits).probe(targets);
}

function probedOf(all: readonly Asked[], maxSources: number): Probed {
  const sources = chooseSources(all, maxSources);
  const donors = sources.flatMap(({ ref, state }, i): readonly Donor[] => {
    const answer = all[i]?.answer;
    if (state !== 'found' || answer?.state !== 'found') return [];
    const { manifest, config } = answer;
    return [{ id: referenceName(ref), manifest, config, trust: trustIn(answer.digest, all) }];
  });
  return { sources, donors };
}

/** Of a cache under several names, the highest: who copies main's cache does not make main's word count for less. */
function trustIn(digest: Digest, all: readonly Asked[]): number {
  const same = all.filter(({ answer }) => answer.state === 'found' && answer.digest === digest);
  return Math.max(...same.map(({ candidate }) => candidate.trust));
}

/** One ref: its manifest, and whether BuildKit could import it. */
async function probe(
  ref: Reference,
  registry: Registry,
  { answerMs, signal }: { readonly answerMs: number; readonly signal: AbortSignal },
): Promise<SourceAnswer> {
  const patience = { timeoutMs: answerMs, patienceMs: PATIENCE_MS, signal };
  const found = await registry.manifest(ref, { ...patience, limit: IMPORT_LIMIT });
  if (found.state !== 'found') return found;
  const manifest = readCacheManifest(found.body);
  if (manifest.kind === 'other') return { state: 'failed', because: manifest.because };
  const { config } = manifest;
  if (config.size > IMPORT_LIMIT) {
    return { state: 'oversized', because: `cache config of ${config.size} bytes, limit ${IMPORT_LIMIT}` };
  }
  const blob = await registry.blob(ref, config.digest, { ...patience, limit: IMPORT_LIMIT });
  if (blob.state === 'missing') return { state: 'failed', because: 'cache config blob gone' };
  if (blob.state !== 'found') return blob;
  return { state: 'found', digest: found.digest, manifest, config: blob.body };
}
