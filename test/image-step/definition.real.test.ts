import { existsSync, readFileSync } from 'node:fs';
import { symlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect } from 'vitest';
import { clock } from '../../parts/ci-job/clock.ts';
import { PROJECT } from '../../parts/project.ts';
import { test } from '../tiers/real.ts';
import { PROJECT_FILES } from '../../parts/ci-job/checkout.ts';
import { type Agent, makeAgent } from '../../parts/ci-job/agent.ts';
import type { Configuration } from '../../parts/ci-job/configuration.ts';
import type { PrintedDefinition } from '../../parts/ci-job/printed-definition.ts';
import { MAIN } from '../../parts/ci-job/variables.ts';
import { putCache } from './registry-content.ts';

const OFFLINE = { images: '127.0.0.1:9' };

/** A bake file as large projects have it: many variables, provenance in arguments and labels, an annotation of its own. */
const LARGE = readFileSync(path.join(import.meta.dirname, 'large-bake-file.hcl'), 'utf8');

/** The real one, where this machine has it. */
const CORPUS = path.join(PROJECT, '../shared/corpus/vllm-docker/docker-bake.hcl');

/** Settings for {@link LARGE}. */
function large(same: Configuration): Configuration {
  const perCommit = [
    'COMMIT',
    'ci_commit',
    'VLLM_BUILD_COMMIT',
    'BUILD_COMMIT',
    'org.opencontainers.image.revision',
    'ai.vllm.build.commit',
    'buildkite.build-number',
    'buildkite.build-id',
  ];
  return {
    ...same,
    bake: { ...same.bake, perCommit, args: { ci_commit: '${commit}' } },
    sccache: { enabled: true, bucket: 'some-bucket', region: 'us-west-2' },
    targets: { 'test-ci': { inherits: ['_common', '_ci', '_labels'], target: 'test' } },
  };
}

/** Arguments, labels and annotations by name, and all other attributes of the graph as one text. */
function attributesOf({ target }: PrintedDefinition): ReadonlyMap<string, string> {
  const { args, labels, annotations, ...rest } = target['test-ci'] ?? {};
  const results = new Set(['tags', 'cache-from', 'cache-to']);
  const graph = Object.entries(rest).filter(([key]) => !results.has(key));
  const texts = (annotations as readonly string[]).map(
    (text) => text.split(/[:=]/).slice(1) as [string, string],
  );
  return new Map([
    ...(Object.entries({ ...(args as object), ...(labels as object) }) as [string, string][]),
    ...texts,
    ['everything else', JSON.stringify(graph)],
  ]);
}

/** Everything here is judged by `bake --print`: the oldest and the newest buildx have to agree. */
const BUILDX = ['engine', 'oldBuildx'] as const;
const TEXTS = [
  { name: 'a large bake file', text: LARGE },
  ...(existsSync(CORPUS) ? [{ name: 'the bake file of vLLM', text: readFileSync(CORPUS, 'utf8') }] : []),
];

describe.each(TEXTS.flatMap((file) => BUILDX.map((which) => ({ ...file, which }))))(
  '$name, with the buildx of $which',
  ({ text, which }) => {
    test('two commits differ in nothing but what is declared to differ (L5, B-10)', async ({
      engine,
      oldBuildx,
    }) => {
      await using agent = await makeAgent({ engine, oldBuildx }[which].env, OFFLINE, {
        'docker-bake.hcl': text,
        'docker/Dockerfile': 'FROM scratch AS test\n',
      });
      await agent.configure(large);
      const older = await agent.plan(MAIN, '--offline');
      const head = await agent.checkout.commit({ 'source.txt': 'two\n' });
      const newer = await agent.plan({ ...MAIN, BUILDKITE_BUILD_NUMBER: '2' }, '--offline');

      const [before, after] = [attributesOf(older.definition), attributesOf(newer.definition)];
      const differing = [...after.keys()].filter((key) => after.get(key) !== before.get(key));
      expect(differing.toSorted()).toEqual(
        expect.arrayContaining(['buildkite.build-number', 'ci_commit', 'org.opencontainers.image.revision']),
      );
      const { perCommit } = large({ bake: {}, targets: {} }).bake as {
        readonly perCommit: readonly string[];
      };
      expect(differing.filter((key) => !perCommit.includes(key))).toEqual([]);
      // The hints of the chain are in the plan, and in no value of the definition.
      const { parent } = newer.context;
      expect(newer.targets[0]?.cacheFrom.map((s) => s.ref.split(':').at(-1))).toContain(parent);
      expect([...after.values()].filter((value) => value.includes(String(parent)))).toEqual([]);
      expect(after.get('ci_commit')).toBe(head);
    });

    test('stray variables of the environment change nothing, and those that the file knows are told (B-03, B-19, B-20, B-21)', async ({
      engine,
      oldBuildx,
    }) => {
      await using agent = await makeAgent({ engine, oldBuildx }[which].env, OFFLINE, {
        'docker-bake.hcl': text,
        'docker/Dockerfile': 'FROM scratch AS test\n',
      });
      await agent.configure(large);
      const clean = await agent.plan(MAIN, '--offline');
      const stray = await agent.plan(
        {
          ...MAIN,
          REGISTRY: 'evil.example.com',
          MAX_JOBS: '4',
          COMMIT: '',
          USE_SCCACHE: 'true',
          BUILDX_NO_DEFAULT_ATTESTATIONS: '1',
          WARMBAKE_COMMIT: 'evil',
          WARMBAKE_CACHE_FROM_TEST_CI: 'evil.example.com/cache:latest',
        },
        '--offline',
      );
      expect(stray.definition).toEqual(clean.definition);
      expect(stray.targets).toEqual(clean.targets);
      expect(stray.warnings.map(({ code, message }) => `${code} ${/sets (\w+)/.exec(message)?.[1]}`)).toEqual(
        ['variable-not-passed MAX_JOBS'],
      );
    });
  },
);

describe.each(BUILDX)('with the buildx of %s', (which) => {
  test('cache sources that the bake file brings itself are replaced by the chain', async ({
    engine,
    oldBuildx,
    registry,
  }) => {
    const own = 'cache-from = ["type=registry,ref=evil.example.com/cache:main"]';
    const bakeFile = PROJECT_FILES['docker-bake.hcl']!.replace('target = "app"', `target = "app"\n  ${own}`);
    await using agent = await makeAgent(
      { engine, oldBuildx }[which].env,
      { images: registry.host },
      { 'docker-bake.hcl': bakeFile },
    );
    const latest = `${agent.repositories.cache.main}:latest`;
    const sources = async (): Promise<unknown> =>
      JSON.stringify((await agent.plan(MAIN)).definition.target['test-ci']?.['cache-from'] ?? []);
    expect(await sources()).toBe('[]');
    await putCache(registry.host, latest);
    const ref = `${registry.host}/${latest}`;
    // buildx prints objects since 0.19 and text before.
    expect([
      JSON.stringify([{ ref, type: 'registry' }]),
      JSON.stringify([`type=registry,ref=${ref}`]),
    ]).toContain(await sources());
  });
});

describe.concurrent.each(BUILDX)(
  'before anything is asked of a registry, a build is refused with the buildx of %s',
  (which) => {
    const broken = async (agent: Agent, change: Partial<Configuration['bake']>): Promise<void> =>
      await agent.configure((same) => ({ ...same, bake: { ...same.bake, ...change } }));
    const append = async ({ checkout }: Agent, text: string): Promise<void> =>
      await writeFile(
        path.join(checkout.path, 'docker-bake.hcl'),
        `${PROJECT_FILES['docker-bake.hcl']}${text}`,
      );

    test.for<[string, number, RegExp, (agent: Agent) => Promise<void>]>([
      [
        'a variable that no bake file declares',
        3,
        /no bake file declares 'COMIT' \(did you mean 'COMMIT'\?\)\n {2}hint: /,
        async (agent) => await broken(agent, { variables: { COMIT: 'x' } }),
      ],
      [
        'a bake file that is not there',
        3,
        /cannot read the bake file '.*elsewhere\.hcl'/,
        async (agent) => await broken(agent, { files: ['elsewhere.hcl'] }),
      ],
      [
        'a target that the bake file does not define',
        3,
        /targets\.test-ci\.inherits: docker-bake\.hcl defines no target 'app'/,
        async ({ checkout }) =>
          await writeFile(path.join(checkout.path, 'docker-bake.hcl'), 'variable "COMMIT" {}\n'),
      ],
      [
        'a bake file with a mistake in it',
        3,
        /docker-bake\.hcl:16,12-13: Unclosed configuration block/,
        async (agent) => await append(agent, 'target "x" {'),
      ],
      [
        "a secret that is a file of the agent's",
        3,
        /asks for what it may not have:\n {2}test-ci: secret: \/etc\/passwd is outside of .*\n {2}hint: .*add \/etc\/passwd to bake\.allow/,
        async (agent) => await append(agent, 'target "app" {\n  secret = ["id=x,src=/etc/passwd"]\n}\n'),
      ],
      [
        'a context behind a link that leads out',
        3,
        /asks for what it may not have:\n {2}test-ci: contexts: \/etc is outside of /,
        async (agent) => {
          await symlink('/etc', path.join(agent.checkout.path, 'vendor'));
          await append(agent, 'target "app" {\n  contexts = { vendor = "./vendor" }\n}\n');
        },
      ],
    ])('%s', async ([, exitCode, said, arrange], { engine, oldBuildx }) => {
      await using agent = await makeAgent({ engine, oldBuildx }[which].env, OFFLINE);
      await arrange(agent);
      const ended = await agent.run(['plan', '--offline'], MAIN, { clock });
      expect(ended.stderr).toMatch(said);
      expect(ended.exitCode).toBe(exitCode);
    });
  },
);
