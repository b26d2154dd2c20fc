import { createHash } from 'node:crypto';
import { rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect } from 'vitest';
import { clock } from '../../parts/ci-job/clock.ts';
import { test } from '../tiers/real.ts';
import { makeAgent } from '../../parts/ci-job/agent.ts';
import { BASE_IMAGE } from '../../parts/base-image.ts';
import type { PlannedTargetDocument } from '../../src/image-step/plan-schema.ts';
import { emptyStore } from './empty-store.ts';
import { MAIN, pullRequest, pushTo, type Variables } from '../../parts/ci-job/variables.ts';
import { putCache, tagsOf } from './registry-content.ts';
import { requireSuccess } from '../../parts/ci-job/warmbake.ts';

/** `role repository:tag` of each source that is imported. */
function chainOf(target: PlannedTargetDocument | undefined): readonly string[] {
  const sources = target?.cacheFrom.filter(({ state }) => state === 'found') ?? [];
  return sources.map(({ role, ref }) => `${role} ${ref.split('/').at(-1)}`);
}

test('a pull request into a release branch imports its own cache, its base and its merge base, and main (B-01)', async ({
  engine,
  registry,
}) => {
  await using agent = await makeAgent(engine.env, { images: registry.host });
  const { git, commit } = agent.checkout;
  const { main, test: untrusted } = agent.repositories.cache;
  await git('switch', '--quiet', '--create', 'release/2');
  const fork = await commit({ 'lock.txt': 'two\n' });
  await git('switch', '--quiet', '--create', 'work');
  await commit({ 'source.txt': 'two\n' });
  const head = await commit({ 'source.txt': 'three\n' });
  await git('switch', '--quiet', 'release/2');
  await commit({ 'version.txt': 'two\n' });
  await git('push', '--quiet', 'origin', 'release/2', 'main');
  await git('switch', '--quiet', 'work');

  const base = `release-2-${createHash('sha256').update('release/2').digest('hex').slice(0, 10)}`;
  for (const tag of [fork, 'pr-7', base]) await putCache(registry.host, `${untrusted}:${tag}`);
  await putCache(registry.host, `${main}:latest`);

  const { result } = requireSuccess(await agent.build(pullRequest('release/2')));
  expect(chainOf(result.planned[0])).toEqual([
    `merge-base cache-test:${fork}`,
    'own cache-test:pr-7',
    `base cache-test:${base}`,
    'main cache-main:latest',
  ]);
  // Found by the probe is one thing: BuildKit has imported the one cache that the four were made into.
  expect(result.targets[0]?.record?.imports).toMatchObject([{ ref: 'gateway/cache:merged', state: 'found' }]);
  const refs = [`${main}:latest`, ...[fork, 'pr-7', base].map((tag) => `${untrusted}:${tag}`)];
  expect(result.import).toMatchObject({ way: 'gateway', leftOut: [] });
  const donors = 'donors' in result.import ? result.import.donors : [];
  expect(donors.toSorted()).toEqual(refs.map((ref) => `${registry.host}/${ref}`).toSorted());
  expect(await tagsOf(registry.host, untrusted)).toEqual([fork, head, 'pr-7', base].toSorted());
});

test('a pull request rebased on a main with other dependencies loads its layers from two sources', async ({
  ownEngine: engine,
  registry,
}) => {
  const Dockerfile = `FROM ${BASE_IMAGE} AS assets
COPY source.txt /assets.txt
FROM ${BASE_IMAGE} AS app
COPY lock.txt /lock.txt
COPY --from=assets /assets.txt /assets.txt
`;
  await using agent = await makeAgent(engine.env, { images: registry.host }, { Dockerfile });
  const { git, commit, directory } = agent.checkout;
  await git('switch', '--quiet', '--create', 'work');
  await commit({ 'source.txt': `source of ${directory}` });
  await git('push', '--quiet', 'origin', 'main', 'work');
  requireSuccess(await agent.build(pullRequest(), { clock }));
  await git('switch', '--quiet', 'main');
  await commit({ 'lock.txt': `lock of ${directory}` });
  await git('push', '--quiet', 'origin', 'main');
  requireSuccess(await agent.build(MAIN, { clock }));
  await git('switch', '--quiet', 'work');
  await git('rebase', '--quiet', 'main');
  // The machine of the next job has built nothing: only the registry can help.
  await emptyStore(engine, agent);

  const { result } = await agent.build(pullRequest());
  expect(chainOf(result.planned[0])).toEqual([
    `parent cache-main:${await git('rev-parse', 'main')}`,
    'own cache-test:pr-7',
  ]);
  // Neither source has both layers, and nobody has put one on the other.
  const steps = result.targets[0]?.record?.steps ?? [];
  expect(steps).toHaveLength(3);
  expect(steps.filter(({ verdict }) => verdict === 'executed').map(({ name }) => name)).toEqual([
    expect.stringContaining('COPY --from=assets'),
  ]);
});

test('a trusted build imports trusted caches only, whatever others have put beside them (B-34)', async ({
  engine,
  registry,
}) => {
  await using agent = await makeAgent(engine.env, { images: registry.host });
  const { git, commit } = agent.checkout;
  const parent = await git('rev-parse', 'HEAD');
  const head = await commit({ 'source.txt': 'two\n' });
  const { main, test: untrusted } = agent.repositories.cache;
  for (const tag of [head, parent, 'main', 'latest']) await putCache(registry.host, `${untrusted}:${tag}`);
  await putCache(registry.host, `${main}:latest`);
  await agent.configure((same) => ({ ...same, compat: { oldNames: true } }));

  const { targets, definition, context } = await agent.plan(MAIN);
  expect(context).toMatchObject({ trusted: true, commit: head, parent });
  expect(chainOf(targets[0])).toEqual(['main cache-main:latest']);
  expect(definition.target['test-ci']?.['cache-from']).toEqual([
    `type=registry,ref=${registry.host}/${main}:latest`,
  ]);
});

test('a build started by hand in a shallow checkout knows its commit, parent and merge base (B-11, B-12)', async ({
  engine,
  registry,
}) => {
  await using agent = await makeAgent(engine.env, { images: registry.host });
  const { git, commit, directory, path: top } = agent.checkout;
  const mergeBase = await git('rev-parse', 'HEAD');
  await git('switch', '--quiet', '--create', 'work');
  const parent = await commit({ 'source.txt': 'two\n' });
  const head = await commit({ 'source.txt': 'three\n' });
  await git('push', '--quiet', 'origin', 'main', 'work');
  const remote = await git('remote', 'get-url', 'origin');
  const shallow = path.join(directory, 'shallow');
  await git('clone', '--quiet', '--depth=1', '--branch=work', remote, shallow);
  await rm(top, { recursive: true });
  await rename(shallow, top);

  const { context, targets } = await agent.plan({ ...pullRequest(), BUILDKITE_COMMIT: 'HEAD' });
  expect(context).toMatchObject({ commit: head, parent, mergeBase });
  expect(targets[0]?.tags).toEqual([`${registry.host}/${agent.repositories.images.test}:${head}`]);
  // The trusted build compares with no branch: its parent is in the checkout's one commit, or nowhere.
  const trusted = await agent.plan({ ...MAIN, BUILDKITE_COMMIT: 'HEAD' }, '--offline');
  expect(trusted.context).toMatchObject({ commit: head, parent });
  expect(await git('rev-list', '--all')).toBe(head);
});

describe.concurrent('no trusted name is written', () => {
  const fork = 'https://github.com/somebody/app.git';
  test.for<[string, Variables]>([
    [
      'by a pull request from the main branch of a fork',
      { ...pullRequest(), BUILDKITE_BRANCH: 'main', BUILDKITE_PULL_REQUEST_REPO: fork },
    ],
    ['by a build of a tag that is called main', { ...MAIN, BUILDKITE_TAG: 'main' }],
    ['by the main branch of another repository', { ...MAIN, BUILDKITE_REPO: fork }],
    ['by a branch that is called latest', pushTo('latest')],
  ])('%s (B-02)', async ([, variables], { engine, registry }) => {
    await using agent = await makeAgent(engine.env, { images: registry.host });
    const { images, cache } = agent.repositories;
    await agent.checkout.git('push', '--quiet', 'origin', 'main');
    // No variable changes that either.
    const attempts = {
      WARMBAKE_TAGS_TEST_CI: `${registry.host}/${images.main}:latest`,
      WARMBAKE_CACHE_TO_TEST_CI: `${registry.host}/${cache.main}:latest`,
      CACHE_TO: `${registry.host}/${cache.main}:latest`,
      IMAGE_TAG_LATEST: `${registry.host}/${images.main}:latest`,
    };
    const { result } = requireSuccess(await agent.build({ ...variables, ...attempts }, { clock }));
    expect(result.context).toMatchObject({ trusted: false });
    expect(await tagsOf(registry.host, images.main)).toEqual([]);
    expect(await tagsOf(registry.host, cache.main)).toEqual([]);
    expect(await tagsOf(registry.host, images.test)).toEqual([result.context['commit']]);
    expect(await tagsOf(registry.host, cache.test)).not.toContain('latest');
  });
});

test('the trusted build writes trusted names, no others, and nothing into the checkout (B-13)', async ({
  engine,
  registry,
}) => {
  await using agent = await makeAgent(engine.env, { images: registry.host });
  const head = await agent.checkout.git('rev-parse', 'HEAD');
  const { result } = requireSuccess(await agent.build(MAIN));
  expect(result.context).toMatchObject({ trusted: true });
  for (const { main, test: untrusted } of Object.values(agent.repositories)) {
    expect(await tagsOf(registry.host, main)).toEqual([head, 'latest']);
    expect(await tagsOf(registry.host, untrusted)).toEqual([]);
  }
  expect(await agent.checkout.git('status', '--porcelain', '--ignored')).toBe('');
});
