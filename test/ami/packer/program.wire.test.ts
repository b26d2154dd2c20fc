import { createHash } from 'node:crypto';
import { chmod, mkdir, stat, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { expect, test } from 'vitest';
import { findPacker, type PackerRelease } from '../../../src/ami/packer/program.ts';
import { openHost, type FixtureHost } from '../../registry/fixture-host.ts';

/** Puts a program `packer` that says this about its version in front of PATH. */
async function install(host: FixtureHost, says: string): Promise<string> {
  const directory = path.join(host.home, 'bin');
  await mkdir(directory, { recursive: true });
  const program = path.join(directory, 'packer');
  await writeFile(program, script(says));
  await chmod(program, 0o755);
  Object.assign(host.env, { PATH: `${directory}:/usr/bin:/bin` });
  return program;
}

const script = (says: string): string => `#!/bin/sh\necho '${says}'\n`;

/** A release with a program that says it is 1.14.3, behind an address that counts. */
async function release() {
  const archive = storedZip('packer', Buffer.from(script('Packer v1.14.3')));
  let asked = 0;
  const server = createServer((_, response) => {
    asked += 1;
    response.end(archive);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/packer.zip`;
  const sha256 = createHash('sha256').update(archive).digest('hex');
  return {
    release: { url, sha256 } satisfies PackerRelease,
    asked: () => asked,
    [Symbol.asyncDispose]: async () => void server.close(),
  };
}

/** A zip archive with one file that is not compressed. */
function storedZip(name: string, contents: Buffer): Buffer {
  const local = Buffer.alloc(30);
  local.writeUInt16LE(name.length, 26);
  const central = Buffer.alloc(46);
  central.writeUInt32LE(0x02014b50, 0);
  central.writeUInt32LE(contents.length, 20);
  central.writeUInt16LE(name.length, 28);
  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x06054b50, 0);
  end.writeUInt16LE(1, 10);
  end.writeUInt32LE(30 + name.length + contents.length, 16);
  return Buffer.concat([local, Buffer.from(name), contents, central, Buffer.from(name), end]);
}

test('a Packer on PATH is used, from 1.6.6 on', async () => {
  await using host = await openHost();
  await install(host, 'Packer v1.6.6');
  expect(await findPacker(host)).toEqual({ program: 'packer', version: [1, 6, 6] });
});

test.each([
  ["another program of that name (cracklib's)", ''],
  ['a Packer that is too old', 'Packer v1.5.5'],
])('%s on PATH is passed over: the pinned release is fetched once and kept', async (_, says) => {
  await using there = await release();
  await using host = await openHost();
  await install(host, says);
  const first = await findPacker(host, { release: there.release });
  expect(first.version).toEqual([1, 14, 3]);
  expect((await stat(first.program)).mode & 0o777).toBe(0o755);
  expect(await findPacker(host, { release: there.release })).toEqual(first);
  expect(there.asked()).toBe(1);
});

test('a release with another checksum is not unpacked, and said', async () => {
  await using there = await release();
  await using host = await openHost({ env: { PATH: '/nowhere' } });
  const wrong = { ...there.release, sha256: '0'.repeat(64) };
  await expect(findPacker(host, { release: wrong })).rejects.toThrow(
    `cannot use ${wrong.url}: its SHA-256 is ${there.release.sha256}, not ${wrong.sha256}`,
  );
  await expect(stat(path.join(host.home, '.cache'))).rejects.toThrow('ENOENT');
});

test('a program that was named must be a Packer that is new enough', async () => {
  await using host = await openHost();
  const program = await install(host, 'Packer v1.6.5');
  await expect(findPacker(host, { program })).rejects.toThrow(
    `'${program}' is Packer 1.6.5; 1.6.6 or later is needed`,
  );
  await expect(findPacker(host, { program: '/bin/true' })).rejects.toThrow("'/bin/true' is not Packer");
});
