import { readFile, readdir, stat } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { prepareAccess } from '../../src/sccache/access.ts';
import { judgeLifetime } from '../../src/sccache/credentials.ts';
import { secretEntry } from '../../src/sccache/secret.ts';
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

describe('credentials of the host', () => {
  test('become a file that only this user reads, and that goes when it is removed', async () => {
    process.env['AWS_SESSION_TOKEN'] = 'token';
    const { secret, warnings } = await prepareAccess(bench.host, settingsOf(written()));
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
    const { secret, warnings } = await prepareAccess(bench.host, settingsOf(written()));
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
      expect(await prepareAccess(bench.host, settingsOf(written(more)))).toEqual({ warnings: [] });
    }
    expect(await prepareAccess(bench.host, undefined)).toEqual({ warnings: [] });
  });
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
    const { warnings } = await prepareAccess(bench.host, settingsOf(written()));
    expect(warnings).toEqual([{ code: 'sccache-will-not-start', message: expect.stringMatching(message) }]);
  });

  test('that the endpoint does not answer, within 3 s', async () => {
    bench.store.faults.set([{ on: () => true, fault: { kind: 'hang' } }]);
    const hurried = { ...bench.host, clock: fastClock() };
    const { warnings } = await prepareAccess(hurried, settingsOf(written()));
    expect(warnings).toEqual([
      {
        code: 'sccache-will-not-start',
        message: expect.stringContaining('(unreachable): no answer within 3 s'),
      },
    ]);
  });

  test('nothing where S3 only wants fewer requests: sccache starts then', async () => {
    bench.store.faults.set([{ on: () => true, fault: refusal(503, 'SlowDown') }]);
    expect((await prepareAccess(bench.host, settingsOf(written()))).warnings).toEqual([]);
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
