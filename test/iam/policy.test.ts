import { expect, test } from 'vitest';
import { BUILD_ROLES, FAMILY_ROLES, loginPolicy } from '../../src/iam/role.ts';
import { type IamStatement, managedPolicies } from '../../src/platform/iam-policy.ts';
import { stateStatements } from '../../src/state/policy.ts';
import { exampleScope, policyOf } from './scopes.ts';
import { allows } from './simulate.ts';

const scope = await exampleScope();
const ROLES = [...BUILD_ROLES, ...FAMILY_ROLES];

test.each(ROLES)('the policy of %s fits into managed ones of 6144 characters, which say the same', (role) => {
  const policy = policyOf(role, scope);
  const parts = managedPolicies(policy);
  expect(parts.filter((part) => JSON.stringify(part).length > 6144)).toEqual([]);
  expect(parts.flatMap(({ Statement }) => Statement)).toEqual(policy.Statement);
  // As one, it is short enough for a policy of the role's own.
  expect(JSON.stringify(policy).length).toBeLessThan(10_240);
});

test.each(ROLES)('every statement of %s has a name of its own, and no empty list', (role) => {
  const { Statement } = policyOf(role, scope);
  expect(new Set(Statement.map(({ Sid }) => Sid)).size).toBe(Statement.length);
  expect(Statement.filter(({ Action, Resource }) => Action.length * Resource.length === 0)).toEqual([]);
});

test('a stack that is added to the configuration is in every part of the policy (incidents 8e0e730, bba11a0: copies of a list)', () => {
  const family = { ...scope.family, stacks: [...scope.family.stacks, 'nightly'] };
  const parts = policyOf('machine-image', { ...scope, family }).Statement.filter(({ Resource }) =>
    Resource.some((resource) => resource.includes('nightly')),
  );
  expect(parts.map(({ Sid }) => Sid)).toEqual(['FindStacks', 'UpdateGroups', 'PassRoles']);
});

test('regions of other partitions have names of their own', () => {
  const family = { ...scope.family, region: 'cn-north-1' };
  const ours = policyOf('machine-image', { ...scope, family }).Statement.filter(
    ({ Sid }) => !/^(?:LogIn|Pull)/.test(Sid),
  );
  expect(JSON.stringify(ours)).not.toContain('arn:aws:');
});

test('where each target has repositories, policies name them by a pattern, and those that one target has besides', () => {
  const { images, cache, targets } = scope.settings;
  const per = (at: typeof images) => ({
    trusted: { ...at.trusted, path: `${at.trusted.path}/\${target}` },
    untrusted: { ...at.untrusted, path: `${at.untrusted.path}/\${target}` },
  });
  const [first] = targets;
  if (first === undefined) throw new Error('the example has no target');
  const own = { ...first, name: 'own', repositories: { images, cache: per(cache) } };
  const settings = {
    ...scope.settings,
    images: per(images),
    cache: { ...cache, ...per(cache) },
    targets: [first, own],
  };
  const on = (role: (typeof ROLES)[number]) =>
    JSON.stringify(policyOf(role, { ...scope, settings }).Statement);
  const names = (at: typeof images.trusted) => at.path.replace(/^.*\//, '');
  for (const role of ROLES) expect(on(role)).not.toContain('${target}');
  for (const role of ['trusted-build', 'operator'] as const) {
    expect(on(role)).toContain(`repository/${names(images.trusted)}/*"`);
    expect(on(role)).toContain(`repository/${names(images.trusted)}"`);
    expect(on(role)).toContain(`repository/${names(cache.trusted)}/*"`);
    expect(on(role)).not.toContain(names(images.untrusted));
  }
  expect(on('machine-image')).toContain(`repository/${names(cache.trusted)}/*"`);
  expect(on('untrusted-build')).toContain(`repository/${names(images.untrusted)}/*"`);
  expect(on('untrusted-build')).not.toContain(names(images.trusted));
});

test('repositories of other registries, another service’s store and a directory need no right', () => {
  const repository = (path: string) => ({ host: 'registry.example.com', path });
  const pair = { trusted: repository('a'), untrusted: repository('b') };
  const { sccache, written: _, ...others } = scope.settings;
  const settings = {
    ...others,
    images: pair,
    cache: { ...scope.settings.cache, ...pair },
    ...(sccache === undefined ? {} : { sccache: { ...sccache, endpoint: 'https://minio.example.com' } }),
  };
  for (const role of BUILD_ROLES)
    expect(policyOf(role, { ...scope, settings, state: '/var/lib/state' }).Statement).toEqual([]);
});

test('builds whose steps get sessions may take that role of their trust, and nothing of the bucket', () => {
  const { sccache } = scope.settings;
  if (sccache === undefined) throw new Error('the example has no sccache');
  const assume = { trusted: 'arn:aws:iam::1:role/w', untrusted: 'arn:aws:iam::1:role/r' };
  const settings = { ...scope.settings, sccache: { ...sccache, assume } };
  const of = (role: 'trusted-build' | 'untrusted-build') =>
    policyOf(role, { ...scope, settings }).Statement.filter(
      ({ Resource, Action }) =>
        Resource.some((one) => one.includes(sccache.bucket)) || Action.includes('sts:AssumeRole'),
    );
  expect(of('trusted-build').map(({ Resource }) => Resource)).toEqual([[assume.trusted]]);
  expect(of('untrusted-build').map(({ Resource }) => Resource)).toEqual([[assume.untrusted]]);
});

test('builds that log in by sessions may take that role of their trust, which has the rights on repositories, and they have none', () => {
  const assume = { trusted: 'arn:aws:iam::1:role/w', untrusted: 'arn:aws:iam::1:role/r' };
  const settings = { ...scope.settings, logins: { ...scope.settings.logins, assume } };
  const { sccache: _, ...withoutSccache } = settings;
  for (const trust of ['trusted', 'untrusted'] as const) {
    const plain = policyOf(`${trust}-build`, {
      ...scope,
      settings: { ...withoutSccache, logins: scope.settings.logins },
    });
    const taking = policyOf(`${trust}-build`, { ...scope, settings: withoutSccache });
    const taken = loginPolicy(`${trust}-login`, { ...scope, settings: withoutSccache });
    const isLogin = (one: IamStatement) => one.Action.every((action) => /^(?:ecr|sts)/.test(action));
    expect(taken.Statement).toEqual(plain.Statement.filter(isLogin));
    expect(taken.Statement.filter((one) => !isLogin(one))).toEqual([]);
    expect(taking.Statement.filter(isLogin)).toEqual([
      { Sid: 'TakeLoginRole', Effect: 'Allow', Action: ['sts:AssumeRole'], Resource: [assume[trust]] },
    ]);
  }
});

test('base images of ECR that the configuration names can be pulled by builds', () => {
  const host = '999999999999.dkr.ecr.eu-central-1.amazonaws.com';
  const logins = { ...scope.settings.logins, pull: [{ host, path: 'base/*' }, { host: 'ghcr.io' }] };
  for (const role of BUILD_ROLES) {
    const { Statement } = policyOf(role, { ...scope, settings: { ...scope.settings, logins } });
    const about = Statement.filter(({ Resource }) => Resource.some((one) => one.includes('999999999999')));
    expect(about.map(({ Sid }) => Sid)).toEqual(['Pull']);
    expect(about[0]?.Resource).toContain('arn:aws:ecr:eu-central-1:999999999999:repository/base/*');
    expect(JSON.stringify(Statement)).not.toContain('ghcr');
  }
});

test('extra exports of trusted builds are repositories that they may push to', () => {
  const more = '936637512419.dkr.ecr.us-east-1.amazonaws.com/vllm-ci-test-cache:${commit}';
  const settings = { ...scope.settings, cache: { ...scope.settings.cache, alsoExport: [more] } };
  const push = policyOf('trusted-build', { ...scope, settings }).Statement.find(({ Sid }) => Sid === 'Push');
  expect(push?.Resource).toContain('arn:aws:ecr:us-east-1:936637512419:repository/vllm-ci-test-cache');
});

test.each([
  ['s3://bucket/ci', 'arn:aws:s3:::bucket/ci/ami/cpu/*'],
  ['s3://bucket', 'arn:aws:s3:::bucket/ami/cpu/*'],
])('the state store %s can be read and written in the family’s part only', (state, resource) => {
  const statements = stateStatements(state, 'us-east-1', [
    { area: { kind: 'machine-image', family: 'cpu' }, access: 'write' },
  ]);
  expect(statements.map(({ Action, Resource }) => [Action, Resource])).toEqual([
    [['s3:GetObject'], [resource]],
    [['s3:PutObject'], [resource]],
    [['s3:ListBucket'], ['arn:aws:s3:::bucket']],
  ]);
});

test('a family of ten stacks and more may list all stacks of its region, a smaller one only see its own', () => {
  const of = (count: number) => {
    const stacks = Array.from({ length: count }, (_, number) => `queue-${number}`);
    const policy = policyOf('monitor', { ...scope, family: { ...scope.family, stacks } });
    const context = { 'aws:RequestedRegion': scope.family.region };
    return ['cloudformation:DescribeStacks', 'cloudformation:ListStacks'].map((action) =>
      allows(policy, { action, resource: '*', context }),
    );
  };
  expect([of(9), of(10)]).toEqual([
    [false, false],
    [true, true],
  ]);
});
