import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { lockedOutOf } from '../../src/sccache/lock-out.ts';
import {
  bucketStatements,
  mergeStatements,
  parsePolicy,
  rolePolicy,
  rolesOf,
  sameStatements,
} from '../../src/sccache/policy.ts';
import { terraformText } from '../../src/sccache/terraform.ts';
import { settingsOf } from './settings.ts';

const PLACE = { partition: 'aws', account: '123456789012' };
const ROLES = { trusted: ['post'], untrusted: ['pre', 'arn:aws:iam::999999999999:role/fork'] };

describe('roles', () => {
  test('are those of the bucket account unless an ARN says otherwise', () => {
    expect(rolesOf(settingsOf({ roles: { ...ROLES, imageBuilder: ['pre'] } }), PLACE)).toEqual({
      readWrite: ['arn:aws:iam::123456789012:role/post'],
      readOnly: ['arn:aws:iam::123456789012:role/pre', 'arn:aws:iam::999999999999:role/fork'],
    });
  });

  test('can list wherever they can read: without it a missing object is a 403, and sccache does not start (B-17)', () => {
    for (const access of ['read-only', 'read-write'] as const) {
      const actions = rolePolicy(settingsOf(), PLACE, access).Statement.flatMap(({ Action }) => Action);
      expect(actions).toEqual(expect.arrayContaining(['s3:GetObject', 's3:ListBucket']));
      expect(actions.includes('s3:PutObject')).toBe(access === 'read-write');
    }
  });

  test('that are untrusted never appear where writing is allowed', () => {
    const name = fc.stringMatching(/^[a-z]{1,8}$/);
    fc.assert(
      fc.property(fc.uniqueArray(name, { minLength: 1, maxLength: 6 }), fc.nat(6), (names, cut) => {
        const roles = { trusted: names.slice(0, cut), untrusted: names.slice(cut) };
        const writers = bucketStatements(settingsOf({ roles }), PLACE)
          .filter(({ Effect, Action }) => Effect === 'Allow' && Action.includes('s3:PutObject'))
          .flatMap(({ Principal }) => (typeof Principal === 'object' ? Principal.AWS : ['*']));
        expect(writers).toEqual(
          roles.trusted.toSorted().map((role) => `arn:aws:iam::123456789012:role/${role}`),
        );
      }),
    );
  });
});

describe('two policies are the same', () => {
  const ours = bucketStatements(settingsOf({ roles: ROLES }), PLACE);

  test('whatever the order, and with lists of one written as text, as S3 gives them back', () => {
    const single = (value: unknown): unknown =>
      Array.isArray(value) && value.length === 1 ? value[0] : value;
    const back = ours
      .toReversed()
      .map((statement) =>
        Object.fromEntries(Object.entries(statement).map(([key, value]) => [key, single(value)])),
      );
    expect(sameStatements(ours, back)).toBe(true);
  });

  test('not where a role, an action or a condition differs', () => {
    const [first, ...rest] = ours;
    expect(sameStatements(ours, rest)).toBe(false);
    expect(sameStatements(ours, [{ ...first, Action: 's3:*' }, ...rest])).toBe(false);
    expect(sameStatements(ours, [{ ...first, Condition: {} }, ...rest])).toBe(false);
  });

  test('merging twice is merging once, and keeps what has another name or none', () => {
    const theirs = [{ Sid: 'Theirs', Effect: 'Allow' }, { Effect: 'Deny' }];
    const once = mergeStatements(theirs, ours);
    expect(once.slice(0, 2)).toEqual(theirs);
    expect(mergeStatements(once, ours)).toEqual(once);
  });
});

test.for([
  ['{"Statement":{"Sid":"One"}}', [{ Sid: 'One' }]],
  ['{"Statement":[{"Sid":"One"}]}', [{ Sid: 'One' }]],
  ['{}', undefined],
  ['', undefined],
] as const)('%s is read as %j', ([text, statements]) => {
  expect(parsePolicy(text)).toEqual(statements);
});

describe('locked out of its own policy is', () => {
  const SESSION = { account: '123456789012', arn: 'arn:aws:sts::123456789012:assumed-role/admin/me' };
  const deny = (more: object) => [{ Effect: 'Deny', Principal: '*', Action: 's3:*', ...more }];

  test.for<[string, object, string | undefined]>([
    ['everybody', {}, 's3:GetBucketPolicy'],
    ['the account', { Principal: { AWS: '123456789012' } }, 's3:GetBucketPolicy'],
    [
      'the account by its root',
      { Principal: { AWS: 'arn:aws:iam::123456789012:root' } },
      's3:GetBucketPolicy',
    ],
    [
      'the role of the session',
      { Principal: { AWS: ['arn:aws:iam::123456789012:role/admin'] } },
      's3:GetBucketPolicy',
    ],
    ['nobody of another account', { Principal: { AWS: '999999999999' } }, undefined],
    ['nobody who is excepted', { Principal: undefined, NotPrincipal: { AWS: '123456789012' } }, undefined],
    ['whoever may no longer put it', { Action: ['s3:PutBucketPol*'] }, 's3:PutBucketPolicy'],
    ['nobody by a denial of objects', { Action: ['s3:PutObject', 's3:Get?bject'] }, undefined],
    [
      'everybody by a denial of all but objects',
      { Action: undefined, NotAction: 's3:GetObject' },
      's3:GetBucketPolicy',
    ],
    ['nobody by an Allow', { Effect: 'Allow' }, undefined],
    [
      'nobody whom the condition excepts',
      { Condition: { ArnNotEquals: { 'aws:PrincipalArn': ['arn:aws:iam::123456789012:role/admin'] } } },
      undefined,
    ],
    [
      'whoever the condition does not except',
      { Condition: { StringNotLike: { 'aws:principalarn': 'arn:aws:iam::123456789012:role/other*' } } },
      's3:GetBucketPolicy',
    ],
    [
      'whoever the condition means',
      { Condition: { StringEquals: { 'aws:PrincipalAccount': '123456789012' } } },
      's3:GetBucketPolicy',
    ],
    [
      'nobody by a condition that has nothing to do with who asks',
      { Condition: { Bool: { 'aws:SecureTransport': 'false' } } },
      undefined,
    ],
  ])('%s', ([, more, action]) => {
    expect(lockedOutOf(deny(more), SESSION)).toBe(action);
  });

  test('nobody by what setup writes', () => {
    expect(lockedOutOf(bucketStatements(settingsOf({ roles: ROLES }), PLACE), SESSION)).toBeUndefined();
  });
});

test('Terraform gets the policy that setup would put', () => {
  const sccache = settingsOf({ roles: ROLES, prefix: 'ci/app', expireDays: 14 });
  const text = terraformText(sccache, PLACE);
  const [, policy = ''] = /resource "aws_s3_bucket_policy"[^]*?<<-POLICY\n([^]*?)POLICY/.exec(text) ?? [];
  expect(parsePolicy(policy)).toEqual(bucketStatements(sccache, PLACE));
  expect(text).toContain('days = 14');
  expect(text).toContain('prefix = "ci/app/"');
});
