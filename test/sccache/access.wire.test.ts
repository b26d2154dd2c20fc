import { existsSync } from 'node:fs';
import { readFile, readdir, stat } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import type { IamPolicy } from '../../src/platform/iam-policy.ts';
import { prepareAccess } from '../../src/sccache/access.ts';
import { judgeLifetime } from '../../src/sccache/credentials.ts';
import { secretEntry } from '../../src/sccache/secret.ts';
import { allows } from '../iam/simulate.ts';
import { fastClock } from '../registry/fixture-host.ts';
import { useBench } from './bench.ts';
import { refusal } from './moto-store.ts';
import { settingsOf } from './settings.ts';

const bench = await useBench(['store']);

const written = (more: object = {}) => ({
  endpoint: bench.store.endpoint,
  secret: 'aws-credentials',
  ...more,
});

const TRUSTED = { trusted: true };
const UNTRUSTED = { trusted: false };

describe('credentials of the host', () => {
  test('become a file that only this user reads, and that goes when it is removed', async () => {
    process.env['AWS_SESSION_TOKEN'] = 'token';
    const { secret, warnings } = await prepareAccess(bench.host, settingsOf(written()), TRUSTED);
    expect(warnings).toEqual([]);
    const file = secret?.file ?? '';
    expect(await readFile(file, 'utf8')).toBe(
      '[default]\naws_access_key_id = moto\naws_secret_access_key = moto\naws_session_token = token\n',
    );
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    expect((await stat(path.dirname(file))).mode & 0o777).toBe(0o700);
    expect(file.startsWith(bench.host.scratch)).toBe(true);
    await secret?.remove();
    expect(await readdir(path.dirname(file))).toEqual([]);
  });

  test('that are missing are said before the build, with the way out', async () => {
    delete process.env['AWS_ACCESS_KEY_ID'];
    const { secret, warnings } = await prepareAccess(bench.host, settingsOf(written()), TRUSTED);
    expect(secret).toBeUndefined();
    expect(warnings).toEqual([
      { code: 'sccache-no-credentials', message: expect.stringContaining('--no-sccache') },
    ]);
  });

  test('that end too soon are given all the same, and said', async () => {
    process.env['AWS_SESSION_TOKEN'] = 'token';
    process.env['AWS_CREDENTIAL_EXPIRATION'] = new Date(Date.now() + 20 * 60_000 + 5_000).toISOString();
    const { secret, warnings } = await prepareAccess(
      bench.host,
      settingsOf(written({ credentialsLast: '90m' })),
      TRUSTED,
    );
    expect(secret).toBeDefined();
    expect(warnings).toEqual([
      {
        code: 'sccache-credentials-short',
        message: expect.stringMatching(/end in 20 minutes, wanted are 90 minutes/),
      },
    ]);
  });

  test('are not looked for where sccache is off, anonymous or not configured', async () => {
    for (const more of [{ enabled: false }, { anonymous: true, secret: undefined }]) {
      expect(await prepareAccess(bench.host, settingsOf(written(more)), TRUSTED)).toEqual({ warnings: [] });
    }
    expect(await prepareAccess(bench.host, undefined, TRUSTED)).toEqual({ warnings: [] });
  });
});

const WRITER = 'arn:aws:iam::123456789012:role/store-writer';
const READER = 'arn:aws:iam::123456789012:role/store-reader';
const assume = { trusted: WRITER, untrusted: READER };

/** The host, and the forms that it posts: what is asked of STS. */
function listening(): { readonly host: typeof bench.host; readonly asked: URLSearchParams[] } {
  const asked: URLSearchParams[] = [];
  const fetch: typeof globalThis.fetch = async (input, init) => {
    if (init?.method === 'POST' && typeof init.body === 'string') asked.push(new URLSearchParams(init.body));
    return await bench.host.fetch(input, init);
  };
  return { host: { ...bench.host, fetch }, asked };
}

const policyIn = (form: URLSearchParams | undefined): IamPolicy => JSON.parse(form?.get('Policy') ?? '');

describe('steps of a build that is not trusted', () => {
  test('get nothing where no role is configured: nobody is asked, no file is written, and it is said', async () => {
    const before = bench.store.faults.requests.length;
    const { secret, warnings } = await prepareAccess(bench.host, settingsOf(written()), UNTRUSTED);
    expect(secret).toBeUndefined();
    expect(warnings).toEqual([
      { code: 'sccache-credentials-withheld', message: expect.stringContaining('sccache.assume.untrusted') },
    ]);
    expect(bench.store.faults.requests.length).toBe(before);
    expect(existsSync(path.join(bench.host.scratch, 'sccache'))).toBe(false);
  });

  test('get a session that reads the store and can do nothing else, whatever the role may', async () => {
    const { host, asked } = listening();
    const { secret, warnings } = await prepareAccess(
      host,
      settingsOf(written({ assume, prefix: 'ci' })),
      UNTRUSTED,
    );
    expect(warnings).toEqual([]);
    const text = await readFile(secret?.file ?? '', 'utf8');
    expect(text).toMatch(/^aws_session_token = ./m);
    expect(text).not.toContain('= moto\n');
    const [form] = asked;
    expect([form?.get('RoleArn'), form?.get('DurationSeconds')]).toEqual([READER, '3600']);
    const policy = policyIn(form);
    const may = (action: string, resource: string) => allows(policy, { action, resource });
    expect([
      may('s3:GetObject', 'arn:aws:s3:::store/ci/a'),
      may('s3:ListBucket', 'arn:aws:s3:::store'),
      may('s3:PutObject', 'arn:aws:s3:::store/ci/a'),
      may('s3:GetObject', 'arn:aws:s3:::store/other/a'),
      may('s3:GetObject', 'arn:aws:s3:::state/ci/a'),
    ]).toEqual([true, true, false, false, false]);
    // STS takes 2048 characters.
    expect(JSON.stringify(policy).length).toBeLessThan(2048);
  });

  test("get nothing where the role cannot be taken: never the job's own in its place", async () => {
    const denied =
      '<ErrorResponse><Error><Code>AccessDenied</Code><Message>not you</Message></Error></ErrorResponse>';
    bench.store.faults.set([
      { on: ({ method }) => method === 'POST', fault: { kind: 'answer', status: 403, body: denied } },
    ]);
    const { secret, warnings } = await prepareAccess(bench.host, settingsOf(written({ assume })), UNTRUSTED);
    expect(secret).toBeUndefined();
    expect(warnings).toEqual([
      { code: 'sccache-role-refused', message: expect.stringMatching(/role\/store-reader.*not you/) },
    ]);
  });

  test("get the job's own only where the configuration says so", async () => {
    const { secret } = await prepareAccess(
      bench.host,
      settingsOf(written({ credentials: 'job' })),
      UNTRUSTED,
    );
    expect(await readFile(secret?.file ?? '', 'utf8')).toContain('aws_access_key_id = moto\n');
  });
});

test('steps of the trusted build get a session that writes too, where there is a role', async () => {
  const { host, asked } = listening();
  const { secret, warnings } = await prepareAccess(host, settingsOf(written({ assume })), TRUSTED);
  expect([secret === undefined, warnings]).toEqual([false, []]);
  expect(asked[0]?.get('RoleArn')).toBe(WRITER);
  const policy = policyIn(asked[0]);
  expect(allows(policy, { action: 's3:PutObject', resource: 'arn:aws:s3:::store/a' })).toBe(true);
  expect(allows(policy, { action: 's3:DeleteObject', resource: 'arn:aws:s3:::store/a' })).toBe(false);
});

test('a session is as long as builds need it, from a quarter of an hour to an hour', async () => {
  const { host, asked } = listening();
  for (const credentialsLast of ['1m', '40m', '1h', '3h'])
    await prepareAccess(host, settingsOf(written({ assume, credentialsLast })), UNTRUSTED);
  expect(asked.map((form) => form.get('DurationSeconds'))).toEqual(['900', '2400', '3600', '3600']);
});

describe('before the build it is said', () => {
  test.for([
    [403, 'AccessDenied', /\(denied\).*s3:ListBucket/],
    [403, 'InvalidAccessKeyId', /\(wrong-credentials\)/],
    [400, 'ExpiredToken', /\(expired-credentials\)/],
    [404, 'NoSuchBucket', /\(no-bucket\).*sccache setup/],
    [301, 'PermanentRedirect', /\(wrong-region\).*sccache\.region/],
  ] as const)('that sccache will not start: %s %s', async ([status, code, message]) => {
    bench.store.faults.set([{ on: () => true, fault: refusal(status, code) }]);
    const { warnings } = await prepareAccess(bench.host, settingsOf(written()), TRUSTED);
    expect(warnings).toEqual([{ code: 'sccache-will-not-start', message: expect.stringMatching(message) }]);
  });

  test('that the endpoint does not answer, within 3 s', async () => {
    bench.store.faults.set([{ on: () => true, fault: { kind: 'hang' } }]);
    const hurried = { ...bench.host, clock: fastClock() };
    const { warnings } = await prepareAccess(hurried, settingsOf(written()), TRUSTED);
    expect(warnings).toEqual([
      {
        code: 'sccache-will-not-start',
        message: expect.stringContaining('(unreachable): no answer within 3 s'),
      },
    ]);
  });

  test('nothing where S3 only wants fewer requests: sccache starts then', async () => {
    bench.store.faults.set([{ on: () => true, fault: refusal(503, 'SlowDown') }]);
    expect((await prepareAccess(bench.host, settingsOf(written()), TRUSTED)).warnings).toEqual([]);
  });
});

test('a secret that is an entry of a bake target survives commas in its path', () => {
  expect(secretEntry({ id: 'aws', file: '/tmp/a/aws' })).toBe('type=file,id=aws,src=/tmp/a/aws');
  expect(secretEntry({ id: 'aws', file: '/tmp/a,"b"/aws' })).toBe('type=file,id=aws,"src=/tmp/a,""b""/aws"');
});

test.for([
  [undefined, { state: 'enough' }],
  [60, { state: 'enough' }],
  [59, { state: 'short', minutes: 59 }],
  [0, { state: 'over', minutes: 0 }],
  [-5, { state: 'over', minutes: 0 }],
] as const)('of an hour that is wanted, %s minutes are %j', ([minutes, lifetime]) => {
  const now = new Date('2026-08-21T11:00:00Z');
  const expires = minutes === undefined ? {} : { expires: new Date(now.getTime() + minutes * 60_000) };
  expect(judgeLifetime({ accessKeyId: '', secretAccessKey: '', ...expires }, now, 3_600_000)).toEqual(
    lifetime,
  );
});
