import { expect } from 'vitest';
import { clock } from '../../parts/ci-job/clock.ts';
import { test } from '../tiers/real.ts';
import { makeAgent } from '../../parts/ci-job/agent.ts';
import { MAIN } from '../../parts/ci-job/variables.ts';
import { tagsOf } from './registry-content.ts';
import { requireSuccess } from '../../parts/ci-job/warmbake.ts';

test('two variants of one commit share no name: images, caches and artifacts carry the lane (B-07, B-15)', async ({
  engine,
  registry,
}) => {
  await using agent = await makeAgent(engine.env, { images: registry.host });
  await agent.configure((same) => ({
    ...same,
    targets: { 'test-ci': { inherits: ['app'] }, 'test-cpu': { inherits: ['app'], lane: 'cpu' } },
  }));
  const head = await agent.checkout.git('rev-parse', 'HEAD');
  const names = ['test-ci', 'test-cpu'];
  const { result } = requireSuccess(await agent.build(MAIN, { clock, args: names }));
  expect(result.targets.map(({ name, outcome }) => [name, outcome])).toEqual(
    names.map((name) => [name, 'built']),
  );
  for (const { main } of Object.values(agent.repositories)) {
    expect(await tagsOf(registry.host, main)).toEqual([head, `${head}-cpu`, 'latest', 'latest-cpu']);
  }
  expect(Object.keys(await agent.sent()).toSorted()).toEqual([
    'bake-config-build-1-cpu.json',
    'bake-config-build-1.json',
    'warmbake-test-ci-test-cpu',
  ]);
  const bakes = (await agent.bakes()).map((call) => call.replace(/.*definition\.json /, ''));
  expect(bakes, 'targets are baked in one call, so that shared stages run once').toEqual([names.join(' ')]);
  // What each target exported and executed is told apart.
  for (const { name, record, exported } of result.targets) {
    expect(record?.steps.map(({ name: step }) => step)).toEqual(
      record?.steps.map(() => expect.stringMatching(new RegExp(`^\\[${name} `))),
    );
    expect(record?.totals).toMatchObject({ steps: 3 });
    expect(exported).toHaveLength(1);
  }
});
