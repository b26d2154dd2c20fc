import { type Digest, type Reference, referenceName } from '../registry/reference.ts';
import type { Candidate } from '../refs/candidate.ts';
import type { SourceAnswer, Source } from './chain.ts';

/** A candidate and what the registry said about it. */
export interface Asked {
  readonly candidate: Candidate;
  readonly answer: SourceAnswer;
}

/**
 * The fate of each candidate, in their order. Every distinct one found is a donor, up to `maxSources`; an alternative
 * is surplus where the candidate of its role and tag before it was found.
 */
export function chooseSources(asked: readonly Asked[], maxSources: number): readonly Source[] {
  const chosen = new Map<Digest, Reference>();
  const found = new Map<string, Reference>();

  return asked.map(({ candidate: { role, ref, alternative }, answer }): Source => {
    const key = `${role} ${ref.tag}`;
    const first = found.get(key);
    if (alternative && first !== undefined) {
      return { role, ref, state: 'surplus', because: `${referenceName(first)} was found` };
    }
    if (answer.state === 'missing') return { role, ref, state: 'missing' };
    if (answer.state !== 'found') return { role, ref, state: answer.state, because: answer.because };

    const { digest } = answer;
    if (first === undefined) found.set(key, ref);
    const twin = chosen.get(digest);
    if (twin !== undefined) {
      return { role, ref, state: 'duplicate', because: `same as ${referenceName(twin)}`, digest };
    }
    if (chosen.size >= maxSources) {
      return { role, ref, state: 'surplus', because: `limit of ${maxSources} donors`, digest };
    }
    chosen.set(digest, ref);
    const { revision } = answer.manifest;
    return { role, ref, state: 'found', digest, ...(revision === undefined ? {} : { revision }) };
  });
}
