import { expect } from 'vitest';
import { BASE_IMAGE } from '../../parts/base-image.ts';
import { test } from '../tiers/real.ts';
import { makeAgent } from '../../parts/ci-job/agent.ts';
import { MAIN, pullRequest } from '../../parts/ci-job/variables.ts';
import { tagsOf } from './registry-content.ts';
import { requireSuccess } from '../../parts/ci-job/warmbake.ts';

test('the whole step works with the oldest buildx: build, import, fail', async ({ oldBuildx, registry }) => {
  await using agent = await makeAgent(oldBuildx.env, { images: registry.host });
  const { git, commit } = agent.checkout;
  const { images, cache } = agent.repositories;
  const head = await git('rev-parse', 'HEAD');
  await git('push', '--quiet', 'origin', 'main');
  requireSuccess(await agent.build(MAIN));
  for (const { main } of [images, cache]) expect(await tagsOf(registry.host, main)).toEqual([head, 'latest']);

  const work = await commit({ 'source.txt': 'two\n' });
  const request = requireSuccess(await agent.build(pullRequest()));
  expect(request.result.targets).toMatchObject([
    {
      outcome: 'built',
      verified: [{ ref: `${registry.host}/${images.test}:${work}` }],
      promoted: [{ ref: `${registry.host}/${cache.test}:pr-7`, action: 'move' }],
      record: { imports: [{ state: 'found' }], totals: { steps: 3 } },
    },
  ]);

  await commit({ Dockerfile: `FROM ${BASE_IMAGE} AS app\nRUN echo so much for that; exit 3\n` });
  const failed = await agent.build(pullRequest());
  expect(failed.exitCode).toBe(6);
  expect(failed.stderr).toContain('\n  so much for that\n');
  expect(failed.stderr).toMatch(/error: .* ended with exit code 3\nfailed after .*\n$/);
});
