import * as z from 'zod';
import { parseRepository } from '../registry/reference.ts';
import { parseRepositoryTemplate, repositoryAdvice } from './repository-template.ts';
import type { TrustPair } from './settings.ts';

/** Two repositories in one registry, as a person writes them; each can have `${target}` in it, once. */
export const writtenTrustPair = {
  registry: z.string().describe('host of the registry, with a path where all repositories share one'),
  trusted: z.string().describe('repository that only the trusted build writes'),
  untrusted: z.string().describe('repository that every other build writes'),
};

/** Joins registry and repository; each of the three that is wrong is a problem of its own. */
export function toTrustPair(
  written: Record<keyof typeof writtenTrustPair, string>,
  context: z.RefinementCtx,
): TrustPair {
  const problem = (key: string, message: string) => {
    context.addIssue({ code: 'custom', path: [key], message });
    return z.NEVER;
  };
  if (parseRepository(`${written.registry}/x`) === undefined) {
    return problem(
      'registry',
      `'${written.registry}' is not a registry host; write host[:port][/path], without scheme`,
    );
  }
  const repository = (key: 'trusted' | 'untrusted') =>
    parseRepositoryTemplate(`${written.registry}/${written[key]}`) ??
    problem(key, `'${written[key]}' is not a repository; ${repositoryAdvice(written[key])}`);
  return { trusted: repository('trusted'), untrusted: repository('untrusted') };
}
