import {
  GetBucketLifecycleConfigurationCommand,
  GetBucketPolicyCommand,
  PutBucketEncryptionCommand,
  PutBucketLifecycleConfigurationCommand,
  PutBucketPolicyCommand,
  PutObjectCommand,
} from '@aws-sdk/client-s3';
import { beforeEach, describe, expect, test } from 'vitest';
import { sccacheSetupCommand } from '../../src/cli/commands/sccache/setup.ts';
import { useBench } from './bench.ts';
import { refusal } from './moto-store.ts';
import { pageText } from '../cli/page-text.ts';

const bench = await useBench();
const ROLES = { trusted: ['postmerge'], untrusted: ['premerge'], imageBuilder: ['image-builder'] };
let number = 0;
let section: { readonly bucket: string };

beforeEach(() => {
  section = { bucket: `bucket-${(number += 1)}`, roles: ROLES } as typeof section;
});

async function setUp(more: object = {}, options: Readonly<Record<string, boolean>> = {}) {
  return await bench.run(sccacheSetupCommand, { ...section, ...more }, options);
}

function actionsIn(outcome: Awaited<ReturnType<typeof setUp>>): readonly string[] {
  const { steps } = outcome.json as {
    readonly steps: readonly { readonly part: string; readonly action: string }[];
  };
  return steps.map(({ part, action }) => `${part}: ${action}`);
}

const CREATED = ['bucket: create', 'public access: set', 'encryption: set', 'lifecycle: set', 'policy: set'];
const KEPT = ['bucket: keep', 'public access: keep', 'encryption: keep', 'lifecycle: keep', 'policy: keep'];

async function policyOf(bucket: string): Promise<readonly Record<string, unknown>[]> {
  const { Policy = '' } = await bench.store.client.send(new GetBucketPolicyCommand({ Bucket: bucket }));
  return (JSON.parse(Policy) as { Statement: readonly Record<string, unknown>[] }).Statement;
}

/** Requests that change something; STS is asked at `/`. */
function writes(): number {
  return bench.store.faults.requests.filter(({ method, path }) => method !== 'GET' && path !== '/').length;
}

describe('on an empty account', () => {
  test('a dry run says everything that would be made, and makes nothing', async () => {
    const before = writes();
    const outcome = await setUp({}, { dryRun: true });
    expect(actionsIn(outcome)).toEqual(CREATED);
    expect(pageText(outcome.page)).toContain('5 changes would be made');
    expect(writes()).toBe(before);
  });

  test('the bucket is made, and a second run has nothing to do', async () => {
    expect(actionsIn(await setUp())).toEqual(CREATED);
    const before = writes();
    const again = await setUp();
    expect(actionsIn(again)).toEqual(KEPT);
    expect(pageText(again.page)).toContain('nothing to do');
    expect(writes()).toBe(before);
  });

  test('us-east-1, which S3 knows no name for, is a region like others', async () => {
    expect(actionsIn(await setUp({ region: 'us-east-1' }))).toEqual(CREATED);
    expect(actionsIn(await setUp({ region: 'us-east-1' }))).toEqual(KEPT);
  });

  test('setup is finished by the next run where it was broken off', async () => {
    const { faults } = bench.store;
    faults.set([
      {
        on: ({ method, path }) => method === 'PUT' && path.includes('lifecycle'),
        fault: refusal(403, 'AccessDenied'),
      },
    ]);
    await expect(setUp()).rejects.toMatchObject({ code: 'aws-denied' });
    faults.set([]);
    expect(actionsIn(await setUp())).toEqual([...KEPT.slice(0, 3), ...CREATED.slice(3)]);
  });
});

describe('the policy', () => {
  test('lets trusted roles read, list and write, the others read and list, and nobody else write', async () => {
    await setUp({ prefix: 'ci/app' });
    const role = (name: string): string => `arn:aws:iam::123456789012:role/${name}`;
    const all = { AWS: [role('image-builder'), role('postmerge'), role('premerge')] };
    const objects = `arn:aws:s3:::${section.bucket}/ci/app/*`;
    expect(await policyOf(section.bucket)).toEqual([
      {
        Sid: 'WarmbakeSccacheRead',
        Effect: 'Allow',
        Principal: all,
        Action: ['s3:GetObject'],
        Resource: [objects],
      },
      {
        Sid: 'WarmbakeSccacheList',
        Effect: 'Allow',
        Principal: all,
        Action: ['s3:ListBucket'],
        Resource: [`arn:aws:s3:::${section.bucket}`],
      },
      {
        Sid: 'WarmbakeSccacheWrite',
        Effect: 'Allow',
        Principal: { AWS: [role('postmerge')] },
        Action: ['s3:PutObject'],
        Resource: [objects],
      },
      {
        Sid: 'WarmbakeSccacheOnlyTrustedWrite',
        Effect: 'Deny',
        Principal: '*',
        Action: ['s3:PutObject'],
        Resource: [objects],
        Condition: { ArnNotEquals: { 'aws:PrincipalArn': [role('postmerge')] } },
      },
    ]);
  });

  test('keeps the statements of others, and follows the roles', async () => {
    await setUp();
    const theirs = {
      Sid: 'Theirs',
      Effect: 'Deny',
      Principal: '*',
      Action: 's3:DeleteBucket',
      Resource: `arn:aws:s3:::${section.bucket}`,
    };
    const Policy = JSON.stringify({
      Version: '2012-10-17',
      Statement: [theirs, ...(await policyOf(section.bucket))],
    });
    await bench.store.client.send(new PutBucketPolicyCommand({ Bucket: section.bucket, Policy }));
    expect(actionsIn(await setUp())).toEqual(KEPT);
    expect(actionsIn(await setUp({ roles: { untrusted: ['premerge'] } })).at(-1)).toBe('policy: set');
    expect((await policyOf(section.bucket)).map(({ Sid }) => Sid)).toEqual([
      'Theirs',
      'WarmbakeSccacheRead',
      'WarmbakeSccacheList',
    ]);
    await setUp({ roles: {} });
    expect(await policyOf(section.bucket)).toEqual([theirs]);
  });

  test('is left alone without roles', async () => {
    expect(actionsIn(await setUp({ roles: {} })).at(-1)).toBe('policy: leave');
  });

  test('that would take the policy itself from the caller is refused, and nothing of it is changed', async () => {
    await setUp({ roles: {} });
    const lock = {
      Sid: 'Lock',
      Effect: 'Deny',
      Principal: '*',
      Action: 's3:*BucketPolicy',
      Resource: `arn:aws:s3:::${section.bucket}`,
      Condition: { StringNotLike: { 'aws:PrincipalArn': 'arn:aws:iam::123456789012:role/admin' } },
    };
    // moto enforces policies, so this one comes from the proxy.
    bench.store.faults.set([
      {
        on: ({ method, path }) => method === 'GET' && path.includes('?policy'),
        fault: { kind: 'answer', status: 200, body: JSON.stringify({ Statement: lock }) },
      },
    ]);
    const before = writes();
    await expect(setUp()).rejects.toMatchObject({ kind: 'refused', code: 'policy-locks-out' });
    expect(writes()).toBe(before);
  });

  test('naming a role that does not exist is told so', async () => {
    bench.store.faults.set([
      {
        on: ({ method, path }) => method === 'PUT' && path.includes('?policy'),
        fault: refusal(400, 'MalformedPolicy'),
      },
    ]);
    await expect(setUp()).rejects.toMatchObject({ code: 'policy-malformed' });
  });
});

describe('what is there', () => {
  test('is never weakened: another encryption stays', async () => {
    await setUp();
    const ServerSideEncryptionConfiguration = {
      Rules: [{ ApplyServerSideEncryptionByDefault: { SSEAlgorithm: 'aws:kms' as const } }],
    };
    await bench.store.client.send(
      new PutBucketEncryptionCommand({ Bucket: section.bucket, ServerSideEncryptionConfiguration }),
    );
    const outcome = await setUp();
    expect(actionsIn(outcome)).toEqual(KEPT);
    expect(pageText(outcome.page)).toContain('kms:Decrypt');
  });

  test("stays where it is somebody else's lifecycle rule, while ours follows the configuration", async () => {
    await setUp();
    const Bucket = section.bucket;
    const { Rules = [] } = await bench.store.client.send(
      new GetBucketLifecycleConfigurationCommand({ Bucket }),
    );
    const theirs = {
      ID: 'theirs',
      Status: 'Enabled' as const,
      Filter: { Prefix: 'logs/' },
      Expiration: { Days: 3 },
    };
    await bench.store.client.send(
      new PutBucketLifecycleConfigurationCommand({
        Bucket,
        LifecycleConfiguration: { Rules: [theirs, ...Rules] },
      }),
    );
    expect(actionsIn(await setUp({ expireDays: 14 }))[3]).toBe('lifecycle: set');
    const { Rules: after } = await bench.store.client.send(
      new GetBucketLifecycleConfigurationCommand({ Bucket }),
    );
    expect(after?.map(({ ID, Expiration }) => [ID, Expiration?.Days])).toEqual([
      ['theirs', 3],
      ['warmbake-sccache', 14],
    ]);
  });

  test('are other things: the bucket is not touched unless told to, and never without a prefix', async () => {
    // moto enforces policies without their conditions, so ours must not be there.
    const roles = {};
    await setUp({ roles });
    for (const Key of ['a/b/c/abc0', '.sccache_check', 'photos/1.jpg']) {
      await bench.store.client.send(new PutObjectCommand({ Bucket: section.bucket, Key, Body: 'x' }));
    }
    await expect(setUp({ roles, expireDays: 5 })).rejects.toMatchObject({
      code: 'bucket-in-use',
      message: expect.stringContaining('photos/'),
    });
    await expect(setUp({ roles }, { adopt: true })).rejects.toMatchObject({ code: 'bucket-needs-prefix' });
    expect(actionsIn(await setUp({ prefix: 'ci' }, { adopt: true }))).toEqual([
      ...KEPT.slice(0, 3),
      'lifecycle: set',
      'policy: set',
    ]);
  });

  test('are only the things on the way to the prefix: nothing has to be adopted', async () => {
    const more = { prefix: 'ci/app', roles: {} };
    await setUp(more);
    const Key = 'ci/app/a/b/c/abc0';
    await bench.store.client.send(new PutObjectCommand({ Bucket: section.bucket, Key, Body: 'x' }));
    expect(actionsIn(await setUp(more))).toEqual([...KEPT.slice(0, 4), 'policy: leave']);
    await bench.store.client.send(
      new PutObjectCommand({ Bucket: section.bucket, Key: 'ci/other', Body: 'x' }),
    );
    await expect(setUp(more)).rejects.toMatchObject({
      message: expect.stringContaining('ci/other'),
    });
  });
});

describe('a bucket is refused that', () => {
  test('is in another region, which is named', async () => {
    await bench.store.createBucket(section.bucket, 'eu-west-1');
    await expect(setUp()).rejects.toMatchObject({
      kind: 'refused',
      code: 'bucket-region',
      message: `bucket '${section.bucket}' is in eu-west-1, configured is us-west-2`,
    });
  });

  test('is in another region and says so by redirecting, as S3 does', async () => {
    await bench.store.createBucket(section.bucket, 'eu-west-1');
    const elsewhere = refusal(301, 'PermanentRedirect', { 'x-amz-bucket-region': 'eu-west-1' });
    bench.store.faults.set([{ on: ({ path }) => path.includes('location'), fault: elsewhere, times: 1 }]);
    await expect(setUp()).rejects.toMatchObject({ code: 'bucket-region' });
  });

  test('belongs to another account: 403, and not among our buckets', async () => {
    bench.store.faults.set([
      { on: ({ path }) => path.includes('location'), fault: refusal(403, 'AccessDenied') },
    ]);
    await expect(setUp()).rejects.toMatchObject({ kind: 'refused', code: 'bucket-foreign' });
  });

  test('is ours while a right is missing: 403, and among our buckets', async () => {
    await bench.store.createBucket(section.bucket);
    bench.store.faults.set([
      { on: ({ path }) => path.includes('location'), fault: refusal(403, 'AccessDenied') },
    ]);
    await expect(setUp()).rejects.toMatchObject({
      code: 'aws-denied',
      message: expect.stringContaining(
        `s3:GetBucketLocation (arn:aws:s3:::${section.bucket}) is not allowed`,
      ),
    });
  });

  test('may be either where the list of buckets is denied as well', async () => {
    bench.store.faults.set([{ on: ({ method }) => method === 'GET', fault: refusal(403, 'AccessDenied') }]);
    await expect(setUp()).rejects.toMatchObject({ kind: 'refused', code: 'bucket-unclear' });
  });

  test('somebody else took a moment before us', async () => {
    bench.store.faults.set([
      { on: ({ method }) => method === 'PUT', fault: refusal(409, 'BucketAlreadyExists') },
    ]);
    await expect(setUp()).rejects.toMatchObject({ code: 'bucket-foreign' });
  });

  test('is of a service that is not AWS', async () => {
    await expect(setUp({ endpoint: 'https://r2.example' })).rejects.toMatchObject({
      code: 'setup-needs-aws',
    });
  });
});

test.for([
  ['?encryption', 's3:GetEncryptionConfiguration'],
  ['?lifecycle', 's3:GetLifecycleConfiguration'],
  ['?policy', 's3:GetBucketPolicy'],
  ['?publicAccessBlock', 's3:GetBucketPublicAccessBlock'],
  ['list-type=2', 's3:ListBucket'],
] as const)('a right that is missing to look (%s) is named: %s', async ([part, action]) => {
  await bench.store.createBucket(section.bucket);
  bench.store.faults.set([{ on: ({ path }) => path.includes(part), fault: refusal(403, 'AccessDenied') }]);
  await expect(setUp()).rejects.toMatchObject({
    code: 'aws-denied',
    message: expect.stringContaining(`${action} (arn:aws:s3:::${section.bucket})`),
  });
});
