import { expect } from 'vitest';
import { clock } from '../../parts/ci-job/clock.ts';
import { test } from '../tiers/real.ts';
import { makeAgent } from '../../parts/ci-job/agent.ts';
import { MAIN } from '../../parts/ci-job/variables.ts';
import { putCache, tagsOf } from './registry-content.ts';
import { requireSuccess } from '../../parts/ci-job/warmbake.ts';

const REF = expect.stringMatching(/^127\.0\.0\.1:\d+\/team-\w+\/[a-z]+-[a-z]+:[\w.-]+$/);
const DIGEST = expect.stringMatching(/^sha256:[0-9a-f]{64}$/);
const COMMIT = expect.stringMatching(/^[0-9a-f]{40}$/);
const TEXT = expect.any(String);

test('plan --json has the documented fields, and planning changes nothing', async ({ engine, registry }) => {
  await using agent = await makeAgent(engine.env, { images: registry.host });
  const { images, cache } = agent.repositories;
  await putCache(registry.host, `${cache.main}:latest`);
  const { stdout } = requireSuccess(await agent.run(['plan', '--json'], MAIN));
  expect(JSON.parse(stdout)).toMatchObject({
    schemaVersion: 1,
    context: {
      kind: 'main',
      branch: 'main',
      trusted: true,
      because: TEXT,
      repository: 'example.com/team/app',
      commit: COMMIT,
      build: { number: '1', id: TEXT },
    },
    targets: [
      {
        name: 'test-ci',
        lane: '',
        tags: [REF],
        cacheFrom: [
          { role: 'commit', ref: REF, state: 'missing' },
          { role: 'main', ref: REF, state: 'found', digest: DIGEST },
        ],
        cacheTo: [
          {
            ref: REF,
            // What ECR needs, and that no export decides about a build (B-05, B-06).
            attributes: 'mode=max,compression=zstd,image-manifest=true,oci-mediatypes=true,ignore-error=true',
          },
        ],
        promote: [
          { what: 'image', from: REF, to: REF, forwardOnly: true },
          { what: 'cache', from: REF, to: REF, forwardOnly: true },
        ],
        skip: { decision: 'build', because: TEXT },
      },
    ],
    builder: { action: 'use', name: 'default', driver: 'docker', because: TEXT },
    definition: { group: expect.anything(), target: { 'test-ci': expect.anything() } },
    warnings: [],
  });
  expect(await tagsOf(registry.host, images.main)).toEqual([]);
  expect(await tagsOf(registry.host, cache.main)).toEqual(['latest']);
  expect(
    (await agent.calls()).filter((call) => /--progress=rawjson|buildx create|buildkite-agent/.test(call)),
  ).toEqual([]);
});

test('the record of a build has the documented fields, on standard output and in the file', async ({
  engine,
  registry,
}) => {
  await using agent = await makeAgent(engine.env, { images: registry.host });
  const { stdout, result } = await agent.build(MAIN, { clock, args: ['--json'] });
  expect(JSON.parse(stdout)).toEqual(result);
  expect(result).toMatchObject({
    schemaVersion: 1,
    outcome: 'built',
    seconds: expect.any(Number),
    context: { commit: COMMIT },
    builder: { name: 'default' },
    planned: [{ name: 'test-ci', cacheFrom: expect.any(Array) }],
    targets: [
      {
        name: 'test-ci',
        outcome: 'built',
        decision: { decision: 'build' },
        bakeExitCode: 0,
        seconds: expect.any(Number),
        verified: [{ ref: REF, digest: DIGEST }],
        exported: [{ ref: REF, digest: DIGEST }],
        promoted: [
          { ref: REF, action: 'move', because: TEXT },
          { ref: REF, action: 'move', because: TEXT },
        ],
        failures: [],
        record: {
          totals: { steps: 3 },
          imports: [],
          exports: [{ state: 'written' }],
          steps: expect.any(Array),
        },
      },
    ],
    warnings: [],
  });

  // No report decides about a build.
  await agent.program('buildkite-agent', 'echo no such artifact store >&2; exit 1');
  const again = requireSuccess(await agent.build(MAIN, { clock }));
  expect(again.result).toMatchObject({ outcome: 'skipped', targets: [{ outcome: 'skipped' }] });
  // They are made beside each other.
  const told = again.result.warnings.map(({ code, message }) => `${code}: ${message}`);
  expect(told.toSorted()).toEqual([
    'buildkite-agent: the annotation failed: no such artifact store',
    'buildkite-agent: uploading bake-config-build-1.json failed: no such artifact store',
  ]);
});
