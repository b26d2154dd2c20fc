import { describe, expect } from 'vitest';
import { clock } from '../../parts/ci-job/clock.ts';
import { type Agent, makeAgent } from '../../parts/ci-job/agent.ts';
import { MAIN, pullRequest } from '../../parts/ci-job/variables.ts';
import { requireSuccess } from '../../parts/ci-job/warmbake.ts';
import { test } from '../tiers/real.ts';
import { tagsOf } from './registry-content.ts';
import { ELSEWHERE, LAYERED, RUNTIMES, SHOP, SUITE, type Shape, TOOL } from './shapes.ts';

/** A machine whose checkout has the shape. */
async function agentFor(
  env: Readonly<Record<string, string>>,
  host: string,
  { files, bakeFiles, targets }: Shape,
): Promise<Agent> {
  const agent = await makeAgent(env, { images: host }, files);
  await agent.configure((same) => ({
    ...same,
    bake: { files: bakeFiles },
    targets: targets as typeof same.targets,
  }));
  return agent;
}

describe.each(['engine', 'oldBuildx'] as const)('with the buildx of %s a project is planned as', (which) => {
  test.for<[string, Shape, readonly string[], Readonly<Record<string, object>>]>([
    [
      'a tool: its default group, a matrix, many platforms',
      TOOL,
      ['program', 'lint-usual', 'lint-strict', 'lint-words', 'cross', 'image'],
      {
        program: { target: 'program', output: ['type=registry'] },
        cross: { platforms: ['linux/amd64', 'linux/arm64'], output: ['type=registry'] },
        'lint-words': { target: 'spelling', 'no-cache-filter': ['style'] },
      },
    ],
    [
      'a suite: groups in groups, on a target of its own that is not pushed',
      SUITE,
      ['store', 'search', 'edge'],
      {
        base: { context: 'base' },
        store: { contexts: { suite_base: 'target:base' }, output: ['type=registry'] },
        edge: { 'no-cache': true },
      },
    ],
    [
      'a shop: two images',
      SHOP,
      ['api', 'web'],
      { api: { args: expect.objectContaining({ STAGE: 'production' }) } },
    ],
    [
      'runtimes: a matrix in JSON, one member with more',
      RUNTIMES,
      ['runtime-1-0', 'runtime-1-9', 'runtime-2-1'],
      {
        'runtime-1-0': { args: { VERSION: '1.0' } },
        'runtime-2-1': {
          args: { VERSION: '2.1', EXTRA: 'yes' },
          output: [expect.stringContaining('compression=zstd')],
        },
      },
    ],
    [
      'what lies elsewhere, whose stages nobody can know here',
      ELSEWHERE,
      ['remote', 'described'],
      { remote: { pull: true, target: 'nobody-knows-here' } },
    ],
    ['several files: also a target that is nothing but its name', LAYERED, ['plain', 'named'], {}],
  ])('%s', async ([, shape, names, definition], { engine, oldBuildx, registry }) => {
    await using agent = await agentFor({ engine, oldBuildx }[which].env, registry.host, shape);
    const plan = await agent.plan(MAIN);
    expect(plan.targets.map(({ name }) => name)).toEqual(names);
    expect(plan.warnings).toEqual([]);
    const written = plan.targets.flatMap(({ tags, promote, cacheTo }) => [
      ...tags,
      ...promote.map(({ to }) => to),
      ...cacheTo.map(({ ref }) => ref),
    ]);
    expect(new Set(written).size).toBe(written.length);
    for (const [name, attributes] of Object.entries(definition)) {
      expect(plan.definition.target[name]).toMatchObject(attributes);
    }
    const writing = Object.entries(plan.definition.target).filter(([, { output }]) => output !== undefined);
    expect(writing.map(([name]) => name).toSorted()).toEqual(names.toSorted());
    // Nothing of what the files say is written, and nothing but targets of the plan writes.
    expect(JSON.stringify(plan.definition)).not.toMatch(
      /someone\/|type=gha|type=docker|registry\.invalid\/shop/,
    );
  });
});

describe('is built as bare bake would build it', () => {
  test.for<[string, Shape, readonly string[]]>([
    ['a suite', SUITE, ['edge', 'search', 'store']],
    ['a shop', SHOP, ['api', 'web']],
    ['runtimes', RUNTIMES, ['newest', 'runtime-1-0', 'runtime-1-9']],
  ])('%s', async ([, shape, lanes], { engine, registry }) => {
    await using agent = await agentFor(engine.env, registry.host, shape);
    const head = await agent.checkout.git('rev-parse', 'HEAD');
    const { result } = requireSuccess(await agent.build(MAIN, { clock }));
    expect(result.targets.map(({ outcome }) => outcome)).toEqual(lanes.map(() => 'built'));
    expect(await agent.bakes()).toHaveLength(1);
    const tags = [...lanes.map((lane) => `${head}-${lane}`), ...lanes.map((lane) => `latest-${lane}`)];
    for (const { main } of Object.values(agent.repositories)) {
      expect(await tagsOf(registry.host, main)).toEqual(tags.toSorted());
    }
    const again = requireSuccess(await agent.build(MAIN, { clock }));
    expect(again.result.targets.map(({ outcome }) => outcome)).toEqual(lanes.map(() => 'skipped'));
  });

  test('a suite into a repository for each target, by main and by a pull request', async ({
    engine,
    registry,
  }) => {
    await using agent = await agentFor(engine.env, registry.host, SUITE);
    const each = (at: unknown): object => {
      const { trusted, untrusted } = at as { readonly trusted: string; readonly untrusted: string };
      return { ...(at as object), trusted: `${trusted}/\${target}`, untrusted: `${untrusted}/\${target}` };
    };
    await agent.configure((same) => ({
      ...same,
      images: each(same['images']),
      cache: each(same['cache']),
      bake: { files: SUITE.bakeFiles },
      targets: { default: {}, search: { image: { untrusted: `${agent.repositories.images.test}-found` } } },
    }));
    const { git, commit } = agent.checkout;
    const head = await git('rev-parse', 'HEAD');
    await git('push', '--quiet', 'origin', 'main');
    requireSuccess(await agent.build(MAIN, { clock }));
    const { images, cache } = agent.repositories;
    for (const target of ['store', 'search', 'edge']) {
      for (const { main } of [images, cache]) {
        expect(await tagsOf(registry.host, `${main}/${target}`)).toEqual([head, 'latest']);
      }
    }
    const work = await commit({ 'search/data.txt': 'two\n' });
    const { result } = requireSuccess(await agent.build(pullRequest(), { clock }));
    expect(result.targets.map(({ outcome }) => outcome)).toEqual(['built', 'built', 'built']);
    expect(result.import).toMatchObject({
      donors: [expect.anything(), expect.anything(), expect.anything()],
    });
    expect(await tagsOf(registry.host, `${images.test}/store`)).toEqual([work]);
    expect(await tagsOf(registry.host, `${images.test}-found`)).toEqual([work]);
    expect(await tagsOf(registry.host, `${cache.test}/edge`)).toEqual([work, 'pr-7']);
    expect(await tagsOf(registry.host, `${images.main}/store`)).toEqual([head, 'latest']);
  });

  test('and what its bake file says about results otherwise is told', async ({ engine, registry }) => {
    await using agent = await agentFor(engine.env, registry.host, {
      ...SHOP,
      targets: {
        api: { lane: 'api' },
        ci: { inherits: ['web'], lane: 'ci' },
        gone: { inherits: ['wob'], lane: 'x' },
      },
    });
    const plan = await agent.plan(MAIN, 'api', 'ci');
    expect(plan.targets.map(({ replaced }) => replaced)).toEqual([
      { tags: ['registry.invalid/shop/api:latest'], output: [], cacheTo: ['type=gha,scope=shop'] },
      expect.objectContaining({ tags: expect.arrayContaining(['registry.invalid/shop/web:latest']) }),
    ]);
    const { stdout } = requireSuccess(await agent.run(['plan', 'api'], MAIN, { clock }));
    expect(stdout).toContain(
      "instead  of the bake file's tags registry.invalid/shop/api:latest; cache-to type=gha,scope=shop",
    );
  });

  test('one check and the program of a tool, for the platform of the machine by its name `local`', async ({
    engine,
    registry,
  }) => {
    await using agent = await agentFor(engine.env, registry.host, TOOL);
    const args = ['lint-words', 'program'];
    const { result } = requireSuccess(await agent.build(MAIN, { clock, args }));
    expect(result.targets).toMatchObject([
      { name: 'lint-words', outcome: 'built' },
      { name: 'program', outcome: 'built' },
    ]);
    const again = requireSuccess(await agent.build(MAIN, { clock, args }));
    expect(again.result.targets.map(({ outcome }) => outcome)).toEqual(['skipped', 'skipped']);
  });
});

describe('is an error of the plan, before anything is written', () => {
  test.for<[string, Shape, RegExp]>([
    [
      'a target that no bake file has',
      { ...SHOP, targets: { apj: {} } },
      /targets\.apj: docker-bake\.hcl defines no target or group 'apj'.*hint: did you mean 'api'/s,
    ],
    [
      'a default group that is none',
      { ...ELSEWHERE, targets: { default: {} } },
      /targets\.default: docker-bake\.hcl defines no target or group 'default'/,
    ],
    [
      'something inherited that is not there',
      { ...SHOP, targets: { ci: { inherits: ['_al', 'api'] } } },
      /targets\.ci\.inherits: docker-bake\.hcl defines no target '_al'.*did you mean '_all'/s,
    ],
    [
      'a group that has no targets',
      {
        ...SHOP,
        files: { ...SHOP.files, 'empty.hcl': 'group "none" { targets = [] }\n' },
        bakeFiles: [...SHOP.bakeFiles, 'empty.hcl'],
        targets: { none: {} },
      },
      /targets\.none: 'none' of docker-bake\.hcl, empty\.hcl is a group or matrix that has no targets(?!.*did you mean)/s,
    ],
    [
      'something inherited that is a group',
      { ...SHOP, targets: { ci: { inherits: ['default'] } } },
      /targets\.ci\.inherits: 'default' of docker-bake\.hcl is a group or matrix; only targets can be inherited(?!.*did you mean)/s,
    ],
    [
      'a stage that the Dockerfile does not have',
      { ...SHOP, targets: { api: { target: 'ap' } } },
      /api: services\/api\.Dockerfile has no stage 'ap'; it has app.*did you mean 'app'/s,
    ],
    [
      'a stage that the inline Dockerfile does not have',
      { ...SUITE, targets: { edge: { target: 'egde' } } },
      /edge: dockerfile-inline has no stage 'egde'; it has plain, edge/,
    ],
    [
      'a secret whose variable bake does not get',
      {
        ...SHOP,
        files: {
          ...SHOP.files,
          'secret.hcl': 'target "api" { secret = ["type=env,id=BUILDKITE_BUILD_ID"] }\n',
        },
        bakeFiles: [...SHOP.bakeFiles, 'secret.hcl'],
        targets: { api: {} },
      },
      /no variable 'BUILDKITE_BUILD_ID' for a secret: set it, and add 'BUILDKITE_BUILD_ID' to bake\.passthrough/,
    ],
    [
      'a Compose file',
      { ...SHOP, bakeFiles: ['compose.yaml'] },
      /Compose is not supported \(`docker buildx bake -f compose\.yaml --print > docker-bake\.json` makes one of it\)/,
    ],
  ])('%s', async ([, shape, message], { engine, registry }) => {
    await using agent = await agentFor(engine.env, registry.host, shape);
    const refused = await agent.run(['build'], MAIN, { clock });
    expect(refused).toMatchObject({ exitCode: 3, stderr: expect.stringMatching(message) });
    for (const { main } of Object.values(agent.repositories)) {
      expect(await tagsOf(registry.host, main)).toEqual([]);
    }
  });

  test('but another target is built all the same, with a warning', async ({ engine, registry }) => {
    await using agent = await agentFor(engine.env, registry.host, {
      ...SHOP,
      targets: { api: { lane: 'api' }, later: { lane: 'later' } },
    });
    const plan = await agent.plan(MAIN, 'api');
    expect(plan.targets.map(({ name }) => name)).toEqual(['api']);
    expect(plan.warnings).toMatchObject([{ code: 'target-not-defined' }]);
    const { exitCode } = await agent.run(['plan'], MAIN, { clock });
    expect(exitCode).toBe(3);
  });
});

test('the overlay of a project with groups names their targets', async ({ engine, registry }) => {
  await using agent = await agentFor(engine.env, registry.host, RUNTIMES);
  const { stdout } = requireSuccess(await agent.run(['hcl', '--out', '-'], MAIN, { clock }));
  expect([...stdout.matchAll(/^target "(.*)"/gm)].map(([, name]) => name)).toEqual([
    '_ci',
    'runtime-1-0',
    'runtime-1-9',
    'runtime-2-1',
  ]);
});
