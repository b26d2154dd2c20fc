import path from 'node:path';
import { describe, expect } from 'vitest';
import { type Agent, type Built, makeAgent } from '../../parts/ci-job/agent.ts';
import { clock } from '../../parts/ci-job/clock.ts';
import { MAIN, type Variables, pullRequest } from '../../parts/ci-job/variables.ts';
import { requireSuccess } from '../../parts/ci-job/warmbake.ts';
import { test } from '../tiers/real.ts';
import { manifestOf, tagsOf } from './registry-content.ts';

/** An agent whose configuration names further tags, and which tags are releases. */
async function releasing(
  env: Readonly<Record<string, string>>,
  places: { readonly images: string; readonly cache?: string },
): Promise<Agent> {
  const agent = await makeAgent(env, places);
  const { main: trusted, test: untrusted } = agent.repositories.images;
  await agent.configure((same) => ({
    ...same,
    images: {
      registry: places.images,
      trusted,
      untrusted,
      tags: ['${version}', 'nightly', '${date}-${shortCommit}', 'b${buildNumber}'],
    },
    releases: { tags: ['v*'], branches: ['release-1'] },
  }));
  await agent.checkout.git('push', '--quiet', 'origin', 'main');
  return agent;
}

/** Tags what is checked out, and says what Buildkite sets for the build of that. */
async function release({ checkout }: Agent, tag: string, ...options: readonly string[]): Promise<Variables> {
  await checkout.git('tag', ...options, tag);
  await checkout.git('push', '--quiet', '--force', 'origin', `refs/tags/${tag}`);
  return buildOf(checkout, tag);
}

function buildOf(checkout: Agent['checkout'], tag: string): Variables {
  return {
    BUILDKITE_BRANCH: tag,
    BUILDKITE_TAG: tag,
    BUILDKITE_PULL_REQUEST: 'false',
    BUILDKITE_BUILD_NUMBER: '9',
    GIT_CONFIG_COUNT: '1',
    GIT_CONFIG_KEY_0: `url.file://${path.join(checkout.directory, 'remote.git')}.insteadOf`,
    GIT_CONFIG_VALUE_0: 'https://example.com/team/app.git',
  };
}

/** Names and what became of them, without the repository. */
function named({ result }: Built): readonly (readonly [string, string])[] {
  const all = result.targets.flatMap(({ promoted }) => promoted);
  return all
    .filter(({ ref }) => ref.includes('images'))
    .map(({ ref, action }) => [ref.replace(/^.*:/, ''), action]);
}

describe('main', () => {
  test('gives its further tags to what it built, and by a skipped build to what was there', async ({
    engine,
    registry,
  }) => {
    await using agent = await releasing(engine.env, { images: registry.host });
    const commit = await agent.checkout.git('rev-parse', 'HEAD');
    const day = new Date(Number(await agent.checkout.git('log', '-1', '--format=%ct')) * 1000)
      .toISOString()
      .slice(0, 10);
    const { main } = agent.repositories.images;
    const dated = `${day}-${commit.slice(0, 12)}`;

    const plan = await agent.run(['plan'], MAIN, { clock });
    expect(plan.stdout).toContain('(written once)');
    expect(plan.stdout).toContain('not      ${version}: only the build of a release tag writes it');
    const first = requireSuccess(await agent.build(MAIN, { clock }));
    expect(named(first)).toEqual([
      ['latest', 'move'],
      ['nightly', 'move'],
      [dated, 'move'],
      ['b1', 'move'],
    ]);
    const all = ['b1', commit, dated, 'latest', 'nightly'].toSorted();
    expect(await tagsOf(registry.host, main)).toEqual(all);
    const digests = await Promise.all(
      all.map(async (tag) => (await manifestOf(registry.host, `${main}:${tag}`)).digest),
    );
    expect(new Set(digests).size).toBe(1);
    expect(
      first.result.targets[0]?.verified.map(({ ref, digest }) => [ref.replace(/^.*:/, ''), digest]),
    ).toEqual([commit, dated, 'b1'].map((tag) => [tag, digests[0]]));

    const second = requireSuccess(await agent.build({ ...MAIN, BUILDKITE_BUILD_NUMBER: '2' }, { clock }));
    expect(second.result).toMatchObject({
      outcome: 'skipped',
      targets: [{ decision: { decision: 'repair' } }],
    });
    expect(await tagsOf(registry.host, main)).toEqual([...all, 'b2'].toSorted());
    const again = requireSuccess(await agent.build({ ...MAIN, BUILDKITE_BUILD_NUMBER: '2' }, { clock }));
    expect(again.result).toMatchObject({ outcome: 'skipped', targets: [{ decision: { decision: 'skip' } }] });

    // Built anew it is another image: what is written once keeps the first one, and the log says so.
    const forced = requireSuccess(
      await agent.build({ ...MAIN, BUILDKITE_BUILD_NUMBER: '2' }, { clock, args: ['--force'] }),
    );
    expect(named(forced)).toContainEqual(['b2', 'stay']);
    expect((await manifestOf(registry.host, `${main}:b2`)).digest).toBe(digests[0]);
  });

  test('nightly follows main forward only; a pull request has none of these names', async ({
    engine,
    registry,
  }) => {
    await using agent = await releasing(engine.env, { images: registry.host });
    const { git, commit } = agent.checkout;
    const older = await git('rev-parse', 'HEAD');
    const newer = await commit({ 'source.txt': 'two\n' });
    await git('push', '--quiet', 'origin', 'main');
    requireSuccess(await agent.build({ ...MAIN, BUILDKITE_BUILD_NUMBER: '2' }, { clock }));
    await git('switch', '--quiet', '--detach', older);
    const late = requireSuccess(await agent.build(MAIN, { clock }));
    expect(named(late)).toEqual(
      expect.arrayContaining([
        ['nightly', 'stay'],
        ['b1', 'move'],
      ]),
    );
    const { main, test: untrusted } = agent.repositories.images;
    const { digest } = await manifestOf(registry.host, `${main}:nightly`);
    expect(digest).toBe((await manifestOf(registry.host, `${main}:${newer}`)).digest);

    const before = await tagsOf(registry.host, main);
    const plan = await agent.run(['plan'], pullRequest(), { clock });
    expect(plan.stdout).toContain(
      'not      ${version}, nightly, ${date}-${shortCommit}, b${buildNumber}: only trusted builds write it',
    );
    requireSuccess(await agent.build(pullRequest(), { clock }));
    expect(await tagsOf(registry.host, main)).toEqual(before);
    expect(await tagsOf(registry.host, untrusted)).toEqual([older]);
  });
});

describe('the build of a release tag', () => {
  test('of what main has built only gives the name; again it changes nothing, and another commit cannot have it', async ({
    engine,
    registry,
  }) => {
    await using agent = await releasing(engine.env, { images: registry.host });
    const { git, commit } = agent.checkout;
    const { images, cache } = agent.repositories;
    const released = await git('rev-parse', 'HEAD');
    requireSuccess(await agent.build(MAIN, { clock }));
    await commit({ 'source.txt': 'two\n' });
    await git('push', '--quiet', 'origin', 'main');
    requireSuccess(await agent.build({ ...MAIN, BUILDKITE_BUILD_NUMBER: '2' }, { clock }));
    const moving = async (): Promise<readonly string[]> =>
      await Promise.all(
        [`${images.main}:latest`, `${images.main}:nightly`, `${cache.main}:latest`].map(
          async (name) => (await manifestOf(registry.host, name)).digest,
        ),
      );
    const before = [
      await moving(),
      await tagsOf(registry.host, images.main),
      await tagsOf(registry.host, cache.main),
    ] as const;

    await git('switch', '--quiet', '--detach', released);
    const v1 = await release(agent, 'v1.0', '--annotate', '--message', 'one');
    await agent.calls();
    const first = requireSuccess(await agent.build(v1, { clock }));
    expect(first.result).toMatchObject({
      outcome: 'skipped',
      context: { kind: 'tag', trusted: true },
      targets: [
        { decision: { decision: 'repair' }, promoted: [{ action: 'move', because: 'the name is new' }] },
      ],
    });
    expect(await agent.bakes()).toEqual([]);
    const { digest } = await manifestOf(registry.host, `${images.main}:1.0`);
    expect(digest).toBe((await manifestOf(registry.host, `${images.main}:${released}`)).digest);
    expect(first.result.targets[0]?.verified).toContainEqual({
      ref: `${registry.host}/${images.main}:1.0`,
      digest,
    });
    const again = requireSuccess(await agent.build(v1, { clock }));
    expect(again.result).toMatchObject({ outcome: 'skipped', targets: [{ decision: { decision: 'skip' } }] });
    expect([
      await moving(),
      await tagsOf(registry.host, images.main),
      await tagsOf(registry.host, cache.main),
    ]).toEqual([before[0], [...before[1], '1.0'].toSorted(), before[2]]);

    // The tag moves on to the newer commit: the name does not.
    await git('switch', '--quiet', 'main');
    const moved = await release(agent, 'v1.0', '--force');
    const refused = await agent.run(['build'], moved, { clock });
    expect(refused).toMatchObject({
      exitCode: 4,
      stderr: expect.stringMatching(
        new RegExp(`error: .*:1\\.0 holds another image, ${digest} of commit ${released.slice(0, 12)}`),
      ),
    });
    expect((await agent.run(['plan'], moved, { clock })).exitCode).toBe(4);
    expect((await manifestOf(registry.host, `${images.main}:1.0`)).digest).toBe(digest);
    expect(await agent.bakes()).toEqual([]);
  });

  test('of a release branch is built, pushed under its commit and named; nothing else moves', async ({
    engine,
    registry,
  }) => {
    await using agent = await releasing(engine.env, { images: registry.host });
    const { git, commit } = agent.checkout;
    const { images, cache } = agent.repositories;
    requireSuccess(await agent.build(MAIN, { clock }));
    const before = [
      await tagsOf(registry.host, images.main),
      await tagsOf(registry.host, cache.main),
    ] as const;
    await git('switch', '--quiet', '--create', 'release-1');
    const fix = await commit({ 'version.txt': 'fix\n' });
    await git('push', '--quiet', 'origin', 'release-1');
    const built = requireSuccess(await agent.build(await release(agent, 'v1.0.1'), { clock }));
    expect(built.result).toMatchObject({ outcome: 'built', context: { trusted: true } });
    expect(named(built)).toEqual([['1.0.1', 'move']]);
    await git('switch', '--quiet', '--create', 'work');
    await commit({ 'version.txt': 'proposed\n' });
    await git('push', '--quiet', 'origin', 'work');
    const proposed = requireSuccess(await agent.build(await release(agent, 'v1.0.2'), { clock }));
    expect(proposed.result).toMatchObject({ context: { trusted: false } });
    expect(proposed.result.warnings).toContainEqual({
      code: 'no-release',
      message:
        'this tag matches releases.tags, and its build is untrusted all the same: its commit was never the tip of main; its commit was never the tip of release-1',
    });

    // Main's layers are its donors.
    const record = built.result.targets[0]?.record;
    expect(record?.steps.filter(({ verdict }) => verdict === 'executed').map(({ name }) => name)).toEqual([
      expect.stringContaining('COPY version.txt'),
    ]);
    expect(await tagsOf(registry.host, images.main)).toEqual([...before[0], fix, '1.0.1'].toSorted());
    expect(await tagsOf(registry.host, cache.main)).toEqual([...before[1], fix].toSorted());
  });

  test('that died, or could not read, after it had written the name ends as told, and well when it is run again', async ({
    engine,
    registry,
    faults,
  }) => {
    await using agent = await releasing(engine.env, { images: faults.host, cache: registry.host });
    requireSuccess(await agent.build(MAIN, { clock }));
    const v1 = await release(agent, 'v1.0');
    const isName = ({ path: asked }: { readonly path: string }): boolean => asked.endsWith('/manifests/1.0');
    const written = (): boolean =>
      faults.requests.some((one) => isName(one) && one.method === 'PUT' && one.status === 201);
    faults.set([
      {
        on: (asked) => isName(asked) && asked.method !== 'PUT' && written(),
        fault: { kind: 'answer', status: 403 },
      },
    ]);
    const blind = await agent.build(v1, { clock });
    expect(blind).toMatchObject({
      exitCode: 5,
      result: { outcome: 'failed', targets: [{ failures: [{ class: 'tag-not-readable' }] }] },
    });
    faults.set([]);
    const again = requireSuccess(await agent.build(v1, { clock }));
    expect(again.result).toMatchObject({ outcome: 'skipped', targets: [{ decision: { decision: 'skip' } }] });
  });

  test('that is bypassed says that its name is not given, and gives it when it is run again', async ({
    engine,
    registry,
  }) => {
    await using agent = await releasing(engine.env, { images: registry.host });
    const { main } = agent.repositories.images;
    const v1 = await release(agent, 'v1.0');
    const message = `${registry.host}/${main}:1.0: not given, as WARMBAKE_BYPASS gives no names; run this build again without it`;
    const bypassed = requireSuccess(await agent.build({ ...v1, WARMBAKE_BYPASS: '1' }, { clock }));
    expect(bypassed.result.warnings).toContainEqual({ code: 'names-not-given', message });
    expect(await tagsOf(registry.host, main)).not.toContain('1.0');
    const again = requireSuccess(await agent.build(v1, { clock }));
    expect(again.result).toMatchObject({ outcome: 'skipped', warnings: [] });
    expect(await tagsOf(registry.host, main)).toContain('1.0');
  });

  test('whose name the registry does not let be written fails, and says so', async ({
    engine,
    registry,
    faults,
  }) => {
    await using agent = await releasing(engine.env, { images: faults.host, cache: registry.host });
    requireSuccess(await agent.build(MAIN, { clock }));
    faults.set([
      {
        on: ({ method, path: asked }) => method === 'PUT' && asked.endsWith('/manifests/1.0'),
        fault: { kind: 'answer', status: 403 },
      },
    ]);
    const v1 = await release(agent, 'v1.0');
    const failed = await agent.build(v1, { clock });
    expect(failed).toMatchObject({
      exitCode: 5,
      stderr: expect.stringMatching(/:1\.0 was not written: 403/),
    });
    faults.set([]);
    requireSuccess(await agent.build(v1, { clock }));
    expect(await tagsOf(registry.host, agent.repositories.images.main)).toContain('1.0');
  });
});
