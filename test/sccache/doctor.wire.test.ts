import { GetObjectCommand } from '@aws-sdk/client-s3';
import { beforeEach, describe, expect, test } from 'vitest';
import { sccacheDoctorCommand } from '../../src/cli/commands/sccache/doctor.ts';
import { sccacheSetupCommand } from '../../src/cli/commands/sccache/setup.ts';
import type { Diagnosis } from '../../src/sccache/diagnosis.ts';
import type { Asked } from '../../parts/faults.ts';
import { useBench } from './bench.ts';
import { refusal } from './moto-store.ts';
import { pageText } from '../cli/page-text.ts';

const bench = await useBench(['store']);

const isRead = ({ method, path }: Asked): boolean => method === 'GET' && path.includes('.sccache_check');
const isWrite = ({ method, path }: Asked): boolean => method === 'PUT' && path.includes('.sccache_check');
const isList = ({ path }: Asked): boolean => path.includes('list-type');

async function doctor(section: object = {}, options: Readonly<Record<string, boolean>> = {}) {
  const outcome = await bench.run(sccacheDoctorCommand, { secret: 'aws', ...section }, options);
  const { findings, verdict } = outcome.json as unknown as Diagnosis;
  const told = Object.fromEntries(findings.map(({ check, state, text }) => [check, `${state}: ${text}`]));
  return { told, verdict, exitCode: outcome.exitCode, text: pageText(outcome.page) };
}

describe('a store that works', () => {
  test('starts read-write; the check object is written below the prefix as sccache does it', async () => {
    const { told, verdict, exitCode } = await doctor({ prefix: 'ci/app' });
    expect(verdict).toEqual({ state: 'starts', access: 'read-write' });
    expect(exitCode).toBe(0);
    expect(told).toMatchObject({
      credentials: 'ok: arn:aws:sts::123456789012:user/moto',
      endpoint: 'ok: S3 in us-west-2 answers',
      clock: 'ok: agrees',
      region: 'ok: us-west-2',
      read: expect.stringContaining('no check object yet'),
      write: 'ok: the check object can be written',
    });
    const { Body } = await bench.store.client.send(
      new GetObjectCommand({ Bucket: 'store', Key: 'ci/app/.sccache_check' }),
    );
    expect(await Body?.transformToString()).toBe('Hello, World!');
    expect((await doctor({ prefix: 'ci/app' })).told['read']).toBe('ok: the check object is there');
  });

  test('is only read with --read-only', async () => {
    const before = bench.store.faults.requests.filter(isWrite).length;
    expect((await doctor({}, { readOnly: true })).verdict).toEqual({ state: 'starts', access: 'read' });
    expect(bench.store.faults.requests.filter(isWrite)).toHaveLength(before);
  });

  test('starts read-only where writing is denied', async () => {
    bench.store.faults.set([{ on: isWrite, fault: refusal(403, 'AccessDenied') }]);
    const { told, verdict, exitCode } = await doctor();
    expect(verdict).toEqual({ state: 'starts', access: 'read-only' });
    expect(told['write']).toBe('ok: denied: sccache reads only, as untrusted builds should');
    expect(exitCode).toBe(0);
  });

  test('starts read-only also where a denial comes without a word', async () => {
    bench.store.faults.set([{ on: isWrite, fault: { kind: 'answer', status: 403 } }]);
    expect((await doctor()).verdict).toEqual({ state: 'starts', access: 'read-only' });
  });

  test('starts although S3 wants fewer requests', async () => {
    bench.store.faults.set([{ on: isRead, fault: refusal(503, 'SlowDown') }]);
    expect((await doctor()).verdict).toMatchObject({ state: 'starts' });
  });

  test('is off where sccache is off', async () => {
    expect((await doctor({ enabled: false })).verdict).toEqual({ state: 'off' });
  });
});

describe('sccache would not start, and it is said', () => {
  test.for([
    [403, 'InvalidAccessKeyId', 'wrong-credentials'],
    [400, 'ExpiredToken', 'expired-credentials'],
    [404, 'NoSuchBucket', 'no-bucket'],
    [400, 'AuthorizationHeaderMalformed', 'wrong-region'],
    [500, 'InternalError', 'unknown'],
  ] as const)('for %s %s: %s', async ([status, code, cause]) => {
    bench.store.faults.set([{ on: isRead, fault: refusal(status, code) }]);
    const { verdict, exitCode, told } = await doctor();
    expect(verdict).toMatchObject({ state: 'does-not-start', failure: { cause } });
    expect(told['read']).toMatch(/^failed: /);
    expect(exitCode).toBe(1);
  });

  test('which region the bucket is in, where S3 redirects there', async () => {
    const elsewhere = refusal(301, 'PermanentRedirect', { 'x-amz-bucket-region': 'eu-west-1' });
    bench.store.faults.set([{ on: ({ path }) => path.startsWith('/store'), fault: elsewhere }]);
    const { verdict, told } = await doctor();
    expect(verdict).toMatchObject({ failure: { cause: 'wrong-region' } });
    expect(told['region']).toContain('the bucket is in eu-west-1, configured is us-west-2');
  });

  test('that s3:ListBucket is missing: an object that is not there is denied then', async () => {
    const denied = refusal(403, 'AccessDenied');
    bench.store.faults.set([{ on: (asked) => isRead(asked) || isList(asked), fault: denied }]);
    const { told, verdict } = await doctor({ prefix: 'ci' });
    expect(verdict).toMatchObject({ failure: { cause: 'denied' } });
    expect(told['read']).toContain('s3:ListBucket on arn:aws:s3:::store is missing');
    expect(told['list']).toMatch(/^failed: /);
  });

  test('that s3:GetObject is missing, and on what, where listing is allowed', async () => {
    bench.store.faults.set([{ on: isRead, fault: refusal(403, 'AccessDenied') }]);
    expect((await doctor({ prefix: 'ci' })).told['read']).toContain(
      's3:GetObject on arn:aws:s3:::store/ci/* is missing',
    );
  });

  test('that nobody gives credentials', async () => {
    delete process.env['AWS_ACCESS_KEY_ID'];
    const { verdict, told } = await doctor();
    expect(verdict).toMatchObject({ failure: { cause: 'no-credentials' } });
    expect(told['credentials']).toMatch(/^failed: none: /);
  });

  test('that the endpoint is down', async () => {
    const { verdict, told } = await doctor({ endpoint: 'http://127.0.0.1:1' });
    expect(verdict).toMatchObject({ failure: { cause: 'unreachable' } });
    expect(told['endpoint']).toMatch(/^failed: http:\/\/127\.0\.0\.1:1 did not answer/);
  });

  test('that the clock is wrong, even where the SDK would put up with it', async () => {
    const late = new Date(Date.now() - 20 * 60_000).toUTCString();
    bench.store.faults.set([
      { on: ({ path }) => path.startsWith('/store'), fault: refusal(404, 'NoSuchKey', { date: late }) },
    ]);
    const { verdict, told } = await doctor({}, { readOnly: true });
    expect(verdict).toMatchObject({ failure: { cause: 'clock' } });
    expect(told['clock']).toMatch(/^failed: 1[12]\d\d s ahead of the store/);
  });
});

describe('the policy', () => {
  const section = { bucket: 'with-policy', roles: { untrusted: ['premerge'] } };
  beforeEach(async () => {
    await bench.run(sccacheSetupCommand, section);
  });

  test('is as setup writes it, or differs from the configured roles', async () => {
    expect((await doctor(section)).told['policy']).toBe('ok: as the configured roles want it');
    expect((await doctor({ ...section, roles: { untrusted: ['other'] } })).told['policy']).toMatch(
      /^warning: /,
    );
  });

  test('may be hidden from a builder', async () => {
    bench.store.faults.set([
      { on: ({ path }) => path.includes('policy'), fault: refusal(403, 'AccessDenied') },
    ]);
    expect((await doctor(section)).told['policy']).toBe('unknown: may not be seen with these credentials');
  });
});
