import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { expect, it } from 'vitest';
import { machineLines, readMachine } from '../../src/image-step/machine.ts';
import type { Clock } from '../../src/platform/clock.ts';
import { onEc2 } from '../../src/image-step/on-ec2.ts';
import { openHost } from '../registry/fixture-host.ts';

const NOW = new Date('2026-08-21T12:00:00Z');

/** The first lines of a log on a machine whose metadata service answers like this; `marker` is its marker file. */
async function firstLines(
  listener: RequestListener,
  { marker, clock }: { readonly marker?: string; readonly clock?: Clock } = {},
): Promise<readonly string[]> {
  const service = createServer(listener).listen(0, '127.0.0.1');
  await once(service, 'listening');
  const { port } = service.address() as AddressInfo;
  await using host = await openHost({
    env: { AWS_EC2_METADATA_SERVICE_ENDPOINT: `http://127.0.0.1:${port}` },
    ...(clock === undefined ? {} : { clock }),
  });
  const file = path.join(host.home, 'marker');
  if (marker !== undefined) await writeFile(file, marker);
  try {
    return machineLines(await readMachine(host, file), NOW);
  } finally {
    service.closeAllConnections();
    service.close();
  }
}

/** Version 2 of the service: a token first. */
const EC2: RequestListener = ({ method, url, headers }, answer) => {
  const facts: Readonly<Record<string, string>> = {
    'instance-type': 'r6in.16xlarge',
    'placement/availability-zone': 'us-east-1b',
    'ami-id': 'ami-0123456789abcdef0',
  };
  if (method === 'PUT' && url === '/latest/api/token') return void answer.end('a-token');
  const fact = facts[url?.replace('/latest/meta-data/', '') ?? ''];
  const known = headers['x-aws-ec2-metadata-token'] === 'a-token';
  answer.writeHead(known && fact !== undefined ? 200 : 401).end(fact);
};

it('the log begins with the machine, and how warm its image is', async () => {
  expect(
    await firstLines(EC2, { marker: `AMI_BUILD_TIME=2026-08-21T03:00:00Z\nAMI_COMMIT=${'a'.repeat(40)}\n` }),
  ).toEqual([
    'machine  r6in.16xlarge in us-east-1b, image ami-0123456789abcdef0',
    'store    warm, commit aaaaaaaaaaaa, 9.0 h old',
  ]);
});

it.each([
  ['Amazon EC2 on Nitro', 'devices/virtual/dmi/id/board_vendor', 'Amazon EC2\n', true],
  ['Amazon EC2 on Xen', 'hypervisor/uuid', 'ec2e1916-9099-7caf-fd21-012345abcdef\n', true],
  ['another cloud', 'devices/virtual/dmi/id/sys_vendor', 'Google\n', false],
  ['another cloud on Xen', 'hypervisor/uuid', '7ec2e191-9099-7caf-fd21-012345abcdef\n', false],
  ['no Linux', 'nothing', '', false],
])('the kernel tells that this is %s', async (_, file, text, expected) => {
  await using host = await openHost({});
  await mkdir(path.join(host.home, path.dirname(file)), { recursive: true });
  await writeFile(path.join(host.home, file), text);
  expect(await onEc2(host.home)).toBe(expected);
});

it('a metadata service that never answers costs a second, no more (B-23)', async () => {
  const waits: number[] = [];
  const clock: Clock = { now: () => NOW, sleep: async (ms) => void waits.push(ms) };
  expect(await firstLines(() => undefined, { clock })).toEqual([
    'machine  not on EC2',
    'store    cold (no marker file)',
  ]);
  expect(waits).toEqual([1_000]);
});

it('one that refuses is no EC2', async () => {
  expect(await firstLines((_, answer) => void answer.writeHead(403).end())).toContain('machine  not on EC2');
});
