import * as fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ExplanationDocument } from '../../src/image-step/plan-schema.ts';
import { type AnyJob, anyBuildkite, anyGithub, anyGitlab, anyOther } from './any-environment.ts';
import { type CiCheckout, makeCiCheckout } from './checkout.ts';
import { REPOSITORIES } from './kinds.ts';

/** Jobs of each system. */
const JOBS = 300;

let checkout: CiCheckout;
beforeAll(async () => {
  checkout = await makeCiCheckout();
});
afterAll(async () => await checkout[Symbol.asyncDispose]());

/** What the program says of a job: whether it is trusted, and whether it would write what only a trusted build may. */
async function told(
  { env, event }: AnyJob,
  repository: string,
): Promise<'refused' | { readonly trusted: boolean; readonly writes: readonly boolean[] }> {
  const argv = ['build', '--explain-context', '--json', '--offline'];
  const { exitCode, stdout } = await checkout.run(argv, env, { event, repository });
  if (exitCode === 3) return 'refused';
  expect({ env, exitCode }).toEqual({ env, exitCode: 0 });
  const { context, targets } = JSON.parse(stdout) as ExplanationDocument;
  const written = targets.flatMap(({ cacheTo, promote, tags }) => [
    ...tags,
    ...cacheTo.map(({ ref }) => ref),
    ...promote.map(({ to }) => to),
  ]);
  return { trusted: context.trusted, writes: written.map((ref) => ref.includes('app-main')) };
}

describe('the program trusts a build where the law says it, and nowhere else (L1)', () => {
  it.each([
    ['Buildkite', anyBuildkite],
    ['GitHub', anyGithub],
    ['GitLab', anyGitlab],
    ['any other', anyOther],
  ] as const)('in %s', { timeout: 1_200_000, retry: 0 }, async (system, jobs) => {
    // No process can be given a variable with a NUL in it.
    const possible = jobs.filter(({ env }) => !Object.values(env).some((value) => value.includes('\0')));
    const sample = fc.sample(possible, JOBS);
    const one = async (job: AnyJob): Promise<void> => {
      const said = await told(job, REPOSITORIES[system]);
      const { trusted, writes } = said === 'refused' ? { trusted: false, writes: [] } : said;
      expect({ job, trusted, writes: new Set([trusted, ...writes]) }).toEqual({
        job,
        trusted: job.trusted,
        writes: new Set([job.trusted]),
      });
    };
    const halves = [0, 1].map(async (half) => {
      for (const [i, job] of sample.entries()) if (i % 2 === half) await one(job);
    });
    await Promise.all(halves);
    expect(sample.filter(({ trusted }) => trusted).length).toBeGreaterThan(5);
  });
});
