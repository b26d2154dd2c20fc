import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { CiFacts } from '../../src/ci/facts.ts';
import { readGithub } from '../../src/ci/github.ts';
import { readCi } from '../../src/ci/read-ci.ts';
import { judgeTrust } from '../../src/context/trust.ts';
import { WarmbakeError } from '../../src/platform/errors.ts';
import { type AnyJob, anyBuildkite, anyGithub, anyGitlab, anyOther } from './any-environment.ts';
import { REPOSITORIES } from './kinds.ts';

/** `undefined` where the environment is refused, as nothing else may be. */
function factsOf({ env, event }: AnyJob): CiFacts | undefined {
  try {
    return event === undefined ? readCi(env) : readGithub(env, event);
  } catch (error) {
    if (error instanceof WarmbakeError && error.kind === 'config') return undefined;
    throw error;
  }
}

describe('a build is trusted where the law says it, and nowhere else (L1)', () => {
  it.each([
    ['Buildkite', anyBuildkite],
    ['GitHub', anyGithub],
    ['GitLab', anyGitlab],
    ['any other', anyOther],
  ] as const)('in %s', (system, jobs) => {
    const seen = { trusted: 0, untrusted: 0, refused: 0 };
    fc.assert(
      fc.property(jobs, (job) => {
        const facts = factsOf(job);
        const place = { repository: REPOSITORIES[system], trustedBranch: 'main' };
        const trusted = facts !== undefined && judgeTrust(facts, place).trusted;
        seen[facts === undefined ? 'refused' : trusted ? 'trusted' : 'untrusted'] += 1;
        expect(trusted).toBe(job.trusted);
      }),
      { numRuns: 3000 },
    );
    // Each way out was taken, so that none was right by never being asked.
    expect(Object.values(seen).filter((count) => count < 20)).toEqual([]);
  });
});
