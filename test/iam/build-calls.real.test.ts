import { expect } from 'vitest';
import { buildPolicy, loginPolicy } from '../../src/iam/role.ts';
import type { TrustPair } from '../../src/config/settings.ts';
import { makeAgent } from '../../parts/ci-job/agent.ts';
import { MAIN, pullRequest } from '../../parts/ci-job/variables.ts';
import { requireSuccess } from '../../parts/ci-job/warmbake.ts';
import { test } from '../tiers/real.ts';
import { type EcrCall, ecrCallsOf } from './ecr-calls.ts';
import { exampleScope } from './scopes.ts';
import { allows } from './simulate.ts';

const ECR = '123456789012.dkr.ecr.us-east-1.amazonaws.com';
const repositoryArn = (path: string) => `arn:aws:ecr:us-east-1:123456789012:repository/${path}`;

test('the policies of builds allow what builds ask of the registry, buildx and BuildKit included, and nothing else', async ({
  engine,
  faults: front,
}) => {
  await using agent = await makeAgent(engine.env, { images: front.host, cache: front.host });
  const { images, cache } = agent.repositories;
  const pair = ({ main, test: other }: typeof images): TrustPair => ({
    trusted: { host: ECR, path: main },
    untrusted: { host: ECR, path: other },
  });
  const { state: _, ...example } = await exampleScope();
  // What the example's targets are written as names its own repositories.
  const { written: _written, ...others } = example.settings;
  const settings = {
    ...others,
    images: pair(images),
    cache: { ...example.settings.cache, ...pair(cache) },
  };
  const { sccache: _sccache, ...withoutSccache } = settings;
  const scope = { ...example, settings: withoutSccache };

  const { commit, git } = agent.checkout;
  requireSuccess(await agent.build(MAIN));
  await commit({ 'source.txt': 'two\n' });
  await git('push', '--quiet', 'origin', 'main');
  requireSuccess(await agent.build(MAIN));
  const asked = { 'trusted-build': front.requests.length, 'untrusted-build': 0 };
  await commit({ 'source.txt': 'three\n' });
  requireSuccess(await agent.build(pullRequest()));
  asked['untrusted-build'] = front.requests.length;

  // BuildKit remembers of a base image's layer where on this host it was once pushed, whichever the port, and offers to mount it from
  // there; where that is refused it pushes the layer.
  const own = new Set([images.main, images.test, cache.main, cache.test]);
  const isOffer = ({ action, repository }: EcrCall): boolean =>
    action === 'ecr:GetDownloadUrlForLayer' && !own.has(repository);

  let from = 0;
  for (const role of ['trusted-build', 'untrusted-build'] as const) {
    const calls = front.requests.slice(from, asked[role]).map((one) => [one, ecrCallsOf(one)] as const);
    from = asked[role];
    expect(calls.filter(([, needs]) => needs === undefined)).toEqual([]);
    const needs = calls.flatMap(([, all]) => all ?? []).filter((call) => !isOffer(call));
    const policy = buildPolicy(role, scope);
    const refused = needs.filter(
      ({ action, repository }) => !allows(policy, { action, resource: repositoryArn(repository) }),
    );
    expect(refused).toEqual([]);
    const used = new Set(needs.map(({ action }) => action));
    // The role that a job takes to log in has the same rights, and no other.
    const login = loginPolicy(role === 'trusted-build' ? 'trusted-login' : 'untrusted-login', scope);
    expect(login).toEqual(policy);
    const granted = policy.Statement.flatMap(({ Action }) => Action);
    expect(granted.filter((action) => !used.has(action))).toEqual(['ecr:GetAuthorizationToken']);
  }
});
