import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openStore } from '../../src/state/open-store.ts';
import { useFront } from '../../parts/moto/fleet.ts';
import { clientOf } from '../../parts/moto/client.ts';
import { startFront, type Front } from '../../parts/moto/front.ts';
import { startMoto, type Moto } from '../../parts/moto/server.ts';
import type { Running } from '../../parts/part.ts';
import { needsMoto } from '../tiers/moto.ts';
import { describeStore } from './store-contract.ts';

const isThere = await needsMoto();
let moto: Moto & Running;
let front: Front & Running;

beforeAll(async () => {
  if (!isThere) return;
  moto = await startMoto();
  front = await startFront(moto);
  useFront(front);
  const s3 = new S3Client({ ...clientOf(moto.url), forcePathStyle: true });
  await s3.send(new CreateBucketCommand({ Bucket: 'state' }));
  s3.destroy();
  // S3 is not in front of which the front stands: it speaks the query and JSON protocols only.
  process.env['AWS_ENDPOINT_URL'] = moto.url;
});
afterAll(async () => {
  if (!isThere) return;
  await front.stop();
  await moto.stop();
});

const open = (place = 's3://state/ci', using: typeof fetch = fetch) =>
  openStore({ fetch: using, cwd: '/' }, place, {
    region: 'us-east-1',
    area: { kind: 'machine-image', family: 'cpu' },
  });

describeStore(open);

test('a bucket that is not there is said, with what was asked', async () => {
  await expect(open('s3://nowhere').read('lock.json')).rejects.toMatchObject({
    kind: 'outside',
    message: expect.stringContaining('s3:GetObject (s3://nowhere/ami/cpu/lock.json)'),
  });
});

/** S3 with an object of so many bytes, and how many of them were sent. */
function endless(headers: Readonly<Record<string, string>>) {
  const sent = { bytes: 0, requests: 0 };
  const part = new Uint8Array(1 << 20);
  const using: typeof fetch = async () => {
    sent.requests += 1;
    const pull = (controller: ReadableStreamDefaultController): void => {
      sent.bytes += part.byteLength;
      controller.enqueue(part);
    };
    return new Response(new ReadableStream({ pull }, { highWaterMark: 0 }), { headers });
  };
  return { sent, using };
}

test.each([
  ['is not read at all', { 'content-length': String(5 * 2 ** 30) }, 0],
  ['is given up where its length was not said', {}, 9],
])('an object of 5 GB %s, and is not asked for again', async (_, headers, megabytes) => {
  const { sent, using } = endless(headers);
  await expect(open('s3://state/ci', using).read('lock.json')).rejects.toMatchObject({
    code: 'state-entry-too-large',
    message: "s3://state/ci/ami/cpu/lock.json has more than 8 MiB; nothing of this tool's has",
  });
  expect(sent).toEqual({ bytes: megabytes << 20, requests: 1 });
});

test('a write whose answer is lost counts as written', async () => {
  let isFirst = true;
  const losing: typeof fetch = async (...request) => {
    const response = await fetch(...request);
    if (!isFirst) return response;
    isFirst = false;
    throw new TypeError('the connection broke');
  };
  const store = open('s3://state/lossy', losing);
  const version = await store.write('key', 'mine', { expected: undefined });
  expect(version).toBeDefined();
  expect(await store.read('key')).toEqual({ text: 'mine', version });
});
