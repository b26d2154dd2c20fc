import { readFileSync } from 'node:fs';
import path from 'node:path';
import { expect } from 'vitest';
import { targetsOf, type TargetDefinition } from '../../src/bake/definition.ts';
import { test } from '../tiers/real.ts';
import { makeAgent, type PrintedPlan } from '../../parts/ci-job/agent.ts';
import type { Configuration } from '../../parts/ci-job/configuration.ts';
import { MAIN, type Variables, pullRequest, pushTo } from '../../parts/ci-job/variables.ts';

/** Builds of every kind; those of `release/1` have a base besides main, and old names. */
const KINDS: readonly (readonly [string, Variables])[] = [
  ['main', MAIN],
  ['a pull request', pullRequest()],
  ['a pull request into a release branch', pullRequest('release/1')],
  ['a merge queue', pushTo('gh-readonly-queue/release/1/pr-7-0123456789abcdef')],
  ['a branch', pushTo('feature/a@b')],
  ['a tag', { ...pushTo('v1'), BUILDKITE_TAG: 'v1' }],
  ['a local build', { BUILDKITE: undefined }],
];

/** Everything of the configuration that ends up in the overlay. */
function everything(same: Configuration): Configuration {
  return {
    ...same,
    compat: { oldNames: true },
    cache: {
      ...(same['cache'] as object),
      alsoExport: ['127.0.0.1:9/team/elsewhere:${commit}${laneSuffix}'],
    },
    bake: {
      ...same.bake,
      perCommit: ['COMMIT', 'ci_commit', 'branch'],
      args: { ci_commit: '${commit}', branch: 'on ${branch}' },
    },
    sccache: { enabled: true, bucket: 'some-bucket', region: 'us-west-2', secret: 'aws-credentials' },
    targets: {
      'test-ci': {
        inherits: ['_common', '_ci', '_labels'],
        target: 'test',
        args: { lane: 'x${laneSuffix}' },
      },
      'test-arm': {
        inherits: ['_common'],
        lane: 'arm64',
        cache: { mode: 'min', compression: 'gzip' },
        image: { compression: 'zstd' },
      },
    },
  };
}

const FILES = {
  'docker-bake.hcl': readFileSync(path.join(import.meta.dirname, 'large-bake-file.hcl'), 'utf8'),
  'docker/Dockerfile': 'FROM scratch AS test\n',
};

/** What bake resolves for a target of a plan. */
function resolved(plan: PrintedPlan | undefined, name: string): TargetDefinition {
  const target = targetsOf(plan?.definition).get(name);
  if (target === undefined) throw new Error(name);
  return target;
}

test.for(KINDS)(
  '%s is resolved as planned, and alike, by the oldest and the newest buildx (L4)',
  async ([, variables], { engine, oldBuildx }) => {
    await using agent = await makeAgent(engine.env, { images: '127.0.0.1:9' }, FILES);
    await agent.configure(everything);
    const [newest, oldest] = await Promise.all(
      [engine, oldBuildx].map(async ({ env }) => {
        const buildx = { ...variables, DOCKER_CONFIG: env['DOCKER_CONFIG'] };
        return await agent.plan(buildx, '--offline', 'test-ci', 'test-arm');
      }),
    );
    for (const planned of newest?.targets ?? []) {
      const target = resolved(newest, planned.name);
      expect(resolved(oldest, planned.name)).toEqual(target);
      // All targets of a call import the same: where nobody was asked, what the trusted branch has.
      expect(target.cacheFrom.map((entry) => entry['ref'])).toEqual([
        expect.stringMatching(/cache-main:latest$/),
      ]);
      expect(target.cacheTo.map((entry) => entry['ref'])).toEqual(planned.cacheTo.map((c) => c.ref));
      expect(target.tags).toEqual(planned.tags);
      expect(target.output.map((entry) => entry['type'])).toEqual([
        planned.tags.length === 0 ? 'cacheonly' : 'registry',
      ]);
      expect(target.args).toMatchObject({ ci_commit: newest?.context['commit'], USE_SCCACHE: '1' });
    }
    expect(newest?.targets).toEqual(oldest?.targets);
  },
);
