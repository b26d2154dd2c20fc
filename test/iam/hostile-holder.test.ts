import { describe, expect, test } from 'vitest';
import { BUILD_ROLES, FAMILY_ROLES, LOGIN_ROLES } from '../../src/iam/role.ts';
import { ACCOUNT, exampleScope, policyOf } from './scopes.ts';
import { type Authorization, allows } from './simulate.ts';

const example = await exampleScope();
const { sccache: store } = example.settings;
if (store === undefined) throw new Error('the example has no sccache');
/** With rights on the bucket of the jobs' own, as without roles for steps. */
const scope = { ...example, settings: { ...example.settings, sccache: { ...store, assume: {} } } };
const ROLES = [...BUILD_ROLES, ...LOGIN_ROLES, ...FAMILY_ROLES];
const EAST = { 'aws:RequestedRegion': 'us-east-1' };
const OWN = { 'aws:ResourceTag/warmbake:family': 'cpu' };
const FORGED = { 'aws:RequestTag/warmbake:family': 'cpu', 'aws:TagKeys': ['warmbake:family'] };

const ec2 = (resource: string) => `arn:aws:ec2:us-east-1:${ACCOUNT}:${resource}`;
const image = (id: string) => `arn:aws:ec2:us-east-1::image/${id}`;
const snapshot = (id: string) => `arn:aws:ec2:us-east-1::snapshot/${id}`;
const parameter = (name: string) => `arn:aws:ssm:us-east-1:${ACCOUNT}:parameter${name}`;
const group = (name: string) =>
  `arn:aws:autoscaling:us-east-1:${ACCOUNT}:autoScalingGroup:0a1b:autoScalingGroupName/${name}`;
const role = (name: string) => `arn:aws:iam::${ACCOUNT}:role/${name}`;
const state = (key: string) => `arn:aws:s3:::vllm-warmbake-state/ci/${key}`;
const sccache = (key: string) => `arn:aws:s3:::vllm-build-sccache/${key}`;
const cache = (name: string) => `arn:aws:ecr:us-east-1:936637512419:repository/${name}`;
const images = (name: string) => `arn:aws:ecr-public::${ACCOUNT}:repository/${name}`;
const NEW = { 's3:if-none-match': '*' };

type Attempt = readonly [what: string, by: readonly string[], Authorization];

/** Who may do it; every other role may not. */
const ATTEMPTS: readonly Attempt[] = [
  // Tags decide what may be deleted: nobody gives one to what he has not just made.
  [
    'tag a foreign instance as the family’s',
    [],
    { action: 'ec2:CreateTags', resource: ec2('instance/i-1'), context: { ...EAST, ...FORGED } },
  ],
  [
    'tag a foreign volume as the family’s',
    [],
    { action: 'ec2:CreateTags', resource: ec2('volume/vol-1'), context: { ...EAST, ...FORGED } },
  ],
  [
    'tag an instance as the family’s while it is launched',
    ['machine-image', 'operator'],
    {
      action: 'ec2:CreateTags',
      resource: ec2('instance/i-1'),
      context: { ...FORGED, 'ec2:CreateAction': 'RunInstances' },
    },
  ],
  [
    'take another family’s image',
    [],
    {
      action: 'ec2:CreateTags',
      resource: image('ami-1'),
      context: { ...FORGED, 'aws:ResourceTag/warmbake:family': 'gpu' },
    },
  ],
  // A person may, for images from before this tool; only the job can delete, and it may not tag these.
  [
    'take an image that nobody has tagged',
    ['operator'],
    { action: 'ec2:CreateTags', resource: image('ami-1'), context: FORGED },
  ],
  [
    'give an own image to another family',
    [],
    {
      action: 'ec2:CreateTags',
      resource: image('ami-1'),
      context: { ...OWN, 'aws:RequestTag/warmbake:family': 'gpu', 'aws:TagKeys': ['warmbake:family'] },
    },
  ],
  [
    'write a tag of somebody else’s tools on an own image',
    [],
    { action: 'ec2:CreateTags', resource: image('ami-1'), context: { ...OWN, 'aws:TagKeys': ['cost'] } },
  ],
  [
    'mark an own image',
    ['machine-image', 'operator'],
    {
      action: 'ec2:CreateTags',
      resource: image('ami-1'),
      context: { ...OWN, 'aws:TagKeys': ['warmbake:state'] },
    },
  ],
  [
    'take a tag from a foreign image',
    [],
    { action: 'ec2:DeleteTags', resource: image('ami-1'), context: { 'aws:TagKeys': ['warmbake:state'] } },
  ],
  [
    'take the mark of a cleanup from an own image',
    ['machine-image', 'operator'],
    {
      action: 'ec2:DeleteTags',
      resource: image('ami-1'),
      context: { ...OWN, 'aws:TagKeys': ['warmbake:condemned'] },
    },
  ],
  [
    'take another tag from an own image',
    ['operator'],
    {
      action: 'ec2:DeleteTags',
      resource: image('ami-1'),
      context: { ...OWN, 'aws:TagKeys': ['warmbake:state'] },
    },
  ],
  [
    'take the mark of a cleanup from a foreign image',
    [],
    {
      action: 'ec2:DeleteTags',
      resource: image('ami-1'),
      context: { 'aws:TagKeys': ['warmbake:condemned'] },
    },
  ],
  ['delete a foreign image', [], { action: 'ec2:DeregisterImage', resource: image('ami-1') }],
  [
    'delete another family’s snapshot',
    [],
    {
      action: 'ec2:DeleteSnapshot',
      resource: snapshot('snap-1'),
      context: { 'aws:ResourceTag/warmbake:family': 'gpu' },
    },
  ],
  [
    'delete an own image',
    ['machine-image'],
    { action: 'ec2:DeregisterImage', resource: image('ami-1'), context: OWN },
  ],
  ['end a foreign instance', [], { action: 'ec2:TerminateInstances', resource: ec2('instance/i-1') }],
  ['stop an instance of the fleet', [], { action: 'ec2:StopInstances', resource: ec2('instance/i-1') }],
  ['delete a foreign volume', [], { action: 'ec2:DeleteVolume', resource: ec2('volume/vol-1') }],
  ['copy a foreign instance’s disk', [], { action: 'ec2:CreateImage', resource: ec2('instance/i-1') }],
  ['copy a foreign volume', [], { action: 'ec2:CreateSnapshot', resource: ec2('volume/vol-1') }],
  [
    'make an own image public',
    [],
    {
      action: 'ec2:ModifyImageAttribute',
      resource: image('ami-1'),
      context: { ...OWN, 'ec2:Add/group': 'all' },
    },
  ],
  [
    'share an own image with another account',
    [],
    {
      action: 'ec2:ModifyImageAttribute',
      resource: image('ami-1'),
      context: { ...OWN, 'ec2:Add/userId': '999999999999' },
    },
  ],
  [
    'launch an instance with a role of his choice',
    [],
    {
      action: 'iam:PassRole',
      resource: role('admin'),
      context: { 'iam:PassedToService': 'ec2.amazonaws.com' },
    },
  ],
  [
    'launch an instance that no sweep finds',
    [],
    { action: 'ec2:RunInstances', resource: ec2('instance/*'), context: EAST },
  ],
  [
    'log in with a foreign key pair',
    [],
    {
      action: 'ec2:RunInstances',
      resource: ec2('key-pair/admin'),
      context: { ...EAST, ...FORGED },
    },
  ],
  ['delete a foreign key pair', [], { action: 'ec2:DeleteKeyPair', resource: ec2('key-pair/admin') }],
  [
    'put a version into a foreign launch template',
    [],
    { action: 'ec2:CreateLaunchTemplateVersion', resource: ec2('launch-template/lt-ffff') },
  ],
  [
    'launch from a foreign launch template',
    [],
    {
      action: 'ec2:RunInstances',
      resource: ec2('instance/*'),
      context: { ...EAST, 'ec2:LaunchTemplate': ec2('launch-template/lt-ffff') },
    },
  ],
  [
    'update a foreign group',
    [],
    { action: 'autoscaling:UpdateAutoScalingGroup', resource: group('shop-AgentAutoScaleGroup-X') },
  ],
  [
    'update a group of the stacks',
    ['machine-image', 'operator'],
    {
      action: 'autoscaling:UpdateAutoScalingGroup',
      resource: group('bk-cpu-queue-release-AgentAutoScaleGroup-X'),
    },
  ],
  [
    'pass the agents’ role to an instance',
    ['machine-image', 'operator'],
    {
      action: 'iam:PassRole',
      resource: role('bk-cpu-queue-release-Role'),
      context: { 'iam:PassedToService': 'ec2.amazonaws.com' },
    },
  ],
  [
    'pass a role of a stack with a longer name',
    [],
    {
      action: 'iam:PassRole',
      resource: role('bk-cpu-queue-release-admin-Role'),
      context: { 'iam:PassedToService': 'ec2.amazonaws.com' },
    },
  ],
  [
    'pass the agents’ role to a function',
    [],
    {
      action: 'iam:PassRole',
      resource: role('bk-cpu-queue-release-Role'),
      context: { 'iam:PassedToService': 'lambda.amazonaws.com' },
    },
  ],
  [
    'publish an image',
    ['machine-image', 'operator'],
    { action: 'ssm:PutParameter', resource: parameter('/buildkite/cpu-build-ami/us-east-1') },
  ],
  [
    'place or end a hold',
    ['operator'],
    { action: 'ssm:PutParameter', resource: parameter('/buildkite/cpu-build-ami/us-east-1/hold') },
  ],
  [
    'write the network of the builder',
    [],
    { action: 'ssm:PutParameter', resource: parameter('/buildkite/packer/subnet-id') },
  ],
  [
    'read a secret of the agents',
    [],
    { action: 'ssm:GetParameter', resource: parameter('/buildkite/agent-token') },
  ],
  // Repositories by trust.
  [
    'push a layer of main’s cache',
    ['trusted-build', 'trusted-login'],
    { action: 'ecr:UploadLayerPart', resource: cache('vllm-ci-postmerge-cache') },
  ],
  [
    'move a name of main’s cache',
    ['trusted-build', 'trusted-login', 'operator'],
    { action: 'ecr:PutImage', resource: cache('vllm-ci-postmerge-cache') },
  ],
  [
    'move a name of main’s images',
    ['trusted-build', 'trusted-login', 'operator'],
    { action: 'ecr-public:PutImage', resource: images('vllm-ci-postmerge-repo') },
  ],
  [
    'push to a pull request’s cache',
    ['untrusted-build', 'untrusted-login'],
    { action: 'ecr:PutImage', resource: cache('vllm-ci-test-cache') },
  ],
  ['push to a repository of somebody else', [], { action: 'ecr:PutImage', resource: cache('production') }],
  ['read a repository of somebody else', [], { action: 'ecr:BatchGetImage', resource: cache('production') }],
  [
    'delete an image from a repository',
    [],
    { action: 'ecr:BatchDeleteImage', resource: cache('vllm-ci-test-cache') },
  ],
  [
    'let main read what a pull request has pushed',
    ['untrusted-build', 'untrusted-login'],
    { action: 'ecr:BatchGetImage', resource: cache('vllm-ci-test-cache') },
  ],
  // The compiler cache: what a pull request stores, main would link.
  ['store a compilation', ['trusted-build'], { action: 's3:PutObject', resource: sccache('a/b/c') }],
  ['delete a compilation', [], { action: 's3:DeleteObject', resource: sccache('a/b/c') }],
  [
    'read a compilation',
    ['trusted-build', 'untrusted-build', 'monitor'],
    { action: 's3:GetObject', resource: sccache('a/b/c') },
  ],
  // The state store.
  [
    'write the lock of the daily job',
    ['machine-image', 'operator'],
    { action: 's3:PutObject', resource: state('ami/cpu/lock.json'), context: NEW },
  ],
  [
    'read the journal of the daily job',
    ['machine-image', 'operator', 'monitor'],
    { action: 's3:GetObject', resource: state('ami/cpu/runs/1.json') },
  ],
  [
    'leave a record of main',
    ['trusted-build'],
    { action: 's3:PutObject', resource: state('builds/trusted/1.json'), context: NEW },
  ],
  [
    'leave a record of a pull request',
    ['untrusted-build'],
    { action: 's3:PutObject', resource: state('builds/untrusted/1.json'), context: NEW },
  ],
  [
    'change a record that is there',
    [],
    { action: 's3:PutObject', resource: state('builds/untrusted/1.json') },
  ],
  ['remove a record', [], { action: 's3:DeleteObject', resource: state('builds/untrusted/1.json') }],
  ['write the configuration bucket', [], { action: 's3:PutObject', resource: 'arn:aws:s3:::other/x' }],
];

describe.each(ROLES)('whoever has stolen the role %s', (name) => {
  const policy = policyOf(name, scope);

  test.each(ATTEMPTS)('… wants to %s', (_, by, attempt) => {
    expect(allows(policy, attempt)).toBe(by.includes(name));
  });

  test('finds no action with a star, none that changes IAM, none that deletes an object or a stack, none that refreshes (L10)', () => {
    const actions = policy.Statement.flatMap(({ Action }) => Action);
    const bad =
      /\*|^iam:(?!PassRole$)|^s3:Delete|^ecr.*Delete|^cloudformation:(?!Describe)|:(?!Describe)\w*Refresh|^lambda:|^kms:/;
    expect(actions.filter((action) => bad.test(action))).toEqual([]);
  });

  test('finds a star as resource only where AWS knows no resource, or under a condition', () => {
    const free = policy.Statement.filter(
      ({ Resource, Condition }) => Resource.includes('*') && Condition === undefined,
    );
    expect(
      free.flatMap(({ Action }) => Action).filter((action) => !action.includes('GetAuthorizationToken')),
    ).toEqual(free.some(({ Sid }) => Sid === 'LogInPublic') ? ['sts:GetServiceBearerToken'] : []);
  });
});

test.each(ROLES)(
  'whoever has stolen the role %s switches fast restore for images of the family, where that is configured',
  (name) => {
    const family = { ...scope.family, disk: { kind: 'restore' } } as const;
    const changes = ['Enable', 'Disable'].map((how) => `ec2:${how}FastSnapshotRestores`);
    const may = (on: typeof scope, context: Readonly<Record<string, string>>) =>
      changes.map((action) =>
        allows(policyOf(name, on), {
          action,
          resource: snapshot('snap-1'),
          context: { ...EAST, ...context },
        }),
      );
    const rolls = name === 'machine-image' || name === 'operator';
    expect(may({ ...scope, family }, OWN)).toEqual([rolls, rolls]);
    expect(may({ ...scope, family }, {})).toEqual([false, false]);
    expect(may(scope, OWN)).toEqual([false, false]);
  },
);

test.each(BUILD_ROLES)(
  'whoever has stolen the role %s where logins are by a role can take that, and touch no repository',
  (name) => {
    const assume = { trusted: role('main-login'), untrusted: role('others-login') };
    const settings = { ...scope.settings, logins: { credentials: 'session', assume } } as const;
    const policy = policyOf(name, { ...scope, settings });
    const can = ['main-login', 'others-login', 'admin'].filter((one) =>
      allows(policy, { action: 'sts:AssumeRole', resource: role(one) }),
    );
    expect(can).toEqual([name === 'trusted-build' ? 'main-login' : 'others-login']);
    expect(policy.Statement.flatMap(({ Action }) => Action).filter((one) => one.startsWith('ecr'))).toEqual(
      [],
    );
  },
);

test('who only looks, changes nothing', () => {
  const actions = policyOf('monitor', scope).Statement.flatMap(({ Action }) => Action);
  expect(actions.filter((action) => !/:(?:Describe|Get|List)/.test(action))).toEqual([]);
});

test.each<[string, Readonly<Record<string, string>>, boolean]>([
  ['an account that the configuration names', { 'ec2:Add/userId': '222222222222' }, true],
  ['another account', { 'ec2:Add/userId': '333333333333' }, false],
  ['an account and everybody', { 'ec2:Add/userId': '222222222222', 'ec2:Add/group': 'all' }, false],
  ['everybody', { 'ec2:Add/group': 'all' }, false],
  ['another organization', { 'ec2:Add/organizationArn': 'arn:aws:organizations::1:organization/o-1' }, false],
])('where images are shared, the job can share them with %s', (_, added, can) => {
  const shareWith = { accounts: ['222222222222'], organizations: [] };
  const policy = policyOf('machine-image', { ...scope, family: { ...scope.family, shareWith } });
  const attempt = {
    action: 'ec2:ModifyImageAttribute',
    resource: image('ami-1'),
    context: { ...OWN, ...added },
  };
  expect(allows(policy, attempt)).toBe(can);
  const read = { action: 'ec2:DescribeImageAttribute', resource: image('ami-1'), context: OWN };
  expect(allows(policy, read)).toBe(true);
  expect(allows(policy, { ...read, context: {} })).toBe(false);
});
