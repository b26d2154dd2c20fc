import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { expect } from 'vitest';
import { clock } from '../../parts/ci-job/clock.ts';
import { test } from '../tiers/real.ts';
import { makeAgent } from '../../parts/ci-job/agent.ts';
import { putCache, tagsOf } from './registry-content.ts';
import { requireSuccess } from '../../parts/ci-job/warmbake.ts';

/** No CI. */
const LOCAL = { BUILDKITE: undefined };

test('outside of CI caches are imported, and nothing is pushed, exported or sent', async ({
  engine,
  registry,
}) => {
  await using agent = await makeAgent(engine.env, { images: registry.host });
  const { images, cache } = agent.repositories;
  await putCache(registry.host, `${cache.main}:latest`);
  const { result } = requireSuccess(await agent.build(LOCAL));
  expect(result.targets).toMatchObject([
    { outcome: 'built', verified: [], exported: [], promoted: [], record: { imports: [{ state: 'found' }] } },
  ]);
  expect(await tagsOf(registry.host, images.test)).toEqual([]);
  expect(await tagsOf(registry.host, cache.test)).toEqual([]);
  expect((await agent.calls()).filter((call) => call.startsWith('buildkite-agent'))).toEqual([]);
});

test('--push outside of CI writes untrusted names, from a checkout without changes only', async ({
  engine,
  registry,
}) => {
  await using agent = await makeAgent(engine.env, { images: registry.host });
  const { images, cache } = agent.repositories;
  await writeFile(path.join(agent.checkout.path, 'note.txt'), 'to do\n');
  const refused = await agent.run(['build', '--push'], LOCAL, { clock });
  expect(refused).toMatchObject({
    exitCode: 4,
    stderr: expect.stringContaining('uncommitted changes: note.txt'),
  });

  const head = await agent.checkout.commit({ 'note.txt': 'done\n' });
  requireSuccess(await agent.build(LOCAL, { clock, args: ['--push'] }));
  expect(await tagsOf(registry.host, images.test)).toEqual([head]);
  expect(await tagsOf(registry.host, cache.test)).toEqual([head, 'main']);
  for (const { main } of [images, cache]) expect(await tagsOf(registry.host, main)).toEqual([]);
});
