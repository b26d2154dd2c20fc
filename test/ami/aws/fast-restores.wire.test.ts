import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openAccount } from '../../../src/ami/aws/account.ts';
import { MOTO_CREDENTIALS } from '../../../parts/moto/server.ts';

let server: Server;
let answer = '';
let asked = new URLSearchParams();

beforeAll(async () => {
  server = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk: Buffer) => (body += chunk.toString()));
    request.on('end', () => {
      asked = new URLSearchParams(body);
      const root = `${asked.get('Action')}Response`;
      response.writeHead(200, { 'content-type': 'text/xml' }).end(`<${root}>${answer}</${root}>`);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  Object.assign(process.env, MOTO_CREDENTIALS, {
    AWS_ENDPOINT_URL: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true',
  });
});
afterAll(() => server.close());

const { fastRestores } = openAccount({ fetch, signal: new AbortController().signal }, 'us-east-1');
const SNAPSHOT = 'snap-0123456789abcdef0';

function items(list: string, ...members: readonly string[]): string {
  return `<${list}>${members.map((member) => `<item>${member}</item>`).join('')}</${list}>`;
}

test('fast restore is read by snapshot and zone', async () => {
  answer = items(
    'fastSnapshotRestoreSet',
    `<snapshotId>${SNAPSHOT}</snapshotId><availabilityZone>us-east-1a</availabilityZone><state>optimizing</state>`,
  );
  expect(await fastRestores.list([SNAPSHOT])).toEqual([
    { snapshot: SNAPSHOT, zone: 'us-east-1a', state: 'optimizing' },
  ]);
  expect(Object.fromEntries(asked)).toMatchObject({
    Action: 'DescribeFastSnapshotRestores',
    'Filter.1.Name': 'snapshot-id',
    'Filter.1.Value.1': SNAPSHOT,
  });
});

test('fast restore is on only where EC2 says so: an answer without the list is none', async () => {
  answer = '<html>proxy</html>';
  await expect(fastRestores.list([SNAPSHOT])).rejects.toMatchObject({ kind: 'outside' });
});

test.each(['enable', 'disable'] as const)('to %s it names snapshots and zones', async (how) => {
  answer = items('successful') + items('unsuccessful');
  await fastRestores[how]([SNAPSHOT], ['us-east-1a', 'us-east-1b']);
  expect(Object.fromEntries(asked)).toMatchObject({
    Action: how === 'enable' ? 'EnableFastSnapshotRestores' : 'DisableFastSnapshotRestores',
    'SourceSnapshotId.1': SNAPSHOT,
    'AvailabilityZone.1': 'us-east-1a',
    'AvailabilityZone.2': 'us-east-1b',
  });
});

test.each(['enable', 'disable'] as const)('to %s fails where EC2 did not do all of it', async (how) => {
  const error = '<error><code>QuotaExceeded</code><message>5 snapshots</message></error>';
  const fault = `<availabilityZone>us-east-1a</availabilityZone>${error}`;
  const faults = items('fastSnapshotRestoreStateErrorSet', fault);
  answer = items('unsuccessful', `<snapshotId>${SNAPSHOT}</snapshotId>${faults}`);
  await expect(fastRestores[how]([SNAPSHOT], ['us-east-1a'])).rejects.toMatchObject({
    code: 'restore-refused',
    message: expect.stringContaining(`(${SNAPSHOT} in us-east-1a) was not done: QuotaExceeded: 5 snapshots`),
  });
});
