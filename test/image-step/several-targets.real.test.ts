import { expect } from 'vitest';
import { BASE_IMAGE } from '../../parts/base-image.ts';
import { makeAgent } from '../../parts/ci-job/agent.ts';
import { MAIN } from '../../parts/ci-job/variables.ts';
import { test } from '../tiers/real.ts';
import { tagsOf } from './registry-content.ts';

/** One target is done in no time, one fails after that, one would go on for minutes. */
const DOCKERFILE = `FROM ${BASE_IMAGE} AS quick
COPY source.txt /source.txt
FROM ${BASE_IMAGE} AS broken
COPY source.txt /source.txt
RUN sleep 8; echo no such luck; exit 3
FROM ${BASE_IMAGE} AS slow
COPY source.txt /source.txt
RUN sleep 300
`;

test('targets of one bake end apart: one is built with all its names, one failed, one was canceled', async ({
  engine,
  registry,
}) => {
  await using agent = await makeAgent(engine.env, { images: registry.host }, { Dockerfile: DOCKERFILE });
  await agent.configure((same) => ({
    ...same,
    targets: {
      quick: { inherits: ['app'], target: 'quick' },
      broken: { inherits: ['app'], target: 'broken', lane: 'broken' },
      slow: { inherits: ['app'], target: 'slow', lane: 'slow' },
    },
  }));
  const head = await agent.checkout.git('rev-parse', 'HEAD');
  const { exitCode, stderr, result } = await agent.build(MAIN, { args: ['quick', 'broken', 'slow'] });
  expect(exitCode).toBe(6);
  expect(await agent.bakes()).toHaveLength(1);
  expect(result.targets.map(({ name, outcome }) => [name, outcome])).toEqual([
    ['quick', 'built'],
    ['broken', 'failed'],
    ['slow', 'canceled'],
  ]);
  expect(result.targets[0]).toMatchObject({
    verified: [{}],
    exported: [{}],
    promoted: [{ action: 'move' }, { action: 'move' }],
  });
  expect(result.targets[1]?.failures).toMatchObject([{ class: 'compile', target: 'broken' }]);
  expect(stderr).toContain('no such luck');
  for (const { main } of Object.values(agent.repositories)) {
    expect(await tagsOf(registry.host, main)).toEqual([head, 'latest']);
  }
});
