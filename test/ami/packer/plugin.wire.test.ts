import { createHash } from 'node:crypto';
import { mkdir, readFile, readdir, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { expect, test } from 'vitest';
import { PLUGIN_SHA256, installPlugin } from '../../../src/ami/packer/plugin.ts';
import { openHost, type FixtureHost } from '../../registry/fixture-host.ts';
import { storedZip } from './stored-zip.ts';

const ARM = 'packer-plugin-amazon_v1.3.9_x5.0_linux_arm64';
const AMD = 'packer-plugin-amazon_v1.3.9_x5.0_linux_amd64';
const TEXT = '#!/bin/sh\necho a plugin\n';
const SHA256 = createHash('sha256').update(TEXT).digest('hex');
const PACKER = { program: '/nobody/starts/this', version: [1, 14, 3] } as const;

/** A machine of that kind, and releases that hold `entry` whatever is asked for. */
async function machine(host: FixtureHost, kind: string, entry: string) {
  const bin = path.join(host.home, 'bin');
  await mkdir(bin, { recursive: true });
  await writeFile(path.join(bin, 'uname'), `#!/bin/sh\necho '${kind}'\n`, { mode: 0o755 });
  const asked: string[] = [];
  const fetch: typeof globalThis.fetch = async (input) => {
    asked.push(input instanceof Request ? input.url : String(input));
    return new Response(new Uint8Array(storedZip(entry, Buffer.from(TEXT))));
  };
  const env = { ...host.env, PATH: `${bin}:/usr/bin:/bin` };
  return { host: { ...host, env, fetch }, asked };
}

test('the plugin lies where Packer looks, with its checksum and nothing beside it; Packer is not asked', async () => {
  await using home = await openHost({ env: { [PLUGIN_SHA256]: SHA256 } });
  const { host, asked } = await machine(home, 'Linux aarch64', ARM);
  const { PACKER_PLUGIN_PATH: root = '' } = await installPlugin(host, PACKER);
  expect(root.startsWith(host.scratch)).toBe(true);
  expect((await readdir(root, { recursive: true })).toSorted()).toEqual([
    'github.com',
    'github.com/hashicorp',
    'github.com/hashicorp/amazon',
    `github.com/hashicorp/amazon/${ARM}`,
    `github.com/hashicorp/amazon/${ARM}_SHA256SUM`,
  ]);
  const program = path.join(root, 'github.com/hashicorp/amazon', ARM);
  expect(await readFile(program, 'utf8')).toBe(TEXT);
  expect((await stat(program)).mode & 0o777).toBe(0o755);
  expect(await readFile(`${program}_SHA256SUM`, 'utf8')).toBe(SHA256);
  expect(asked).toEqual([
    `https://github.com/hashicorp/packer-plugin-amazon/releases/download/v1.3.9/${ARM}.zip`,
  ]);
});

test('it is fetched once; what somebody has changed is fetched again, and what is put beside it is not there', async () => {
  await using home = await openHost({ env: { [PLUGIN_SHA256]: SHA256 } });
  const { host, asked } = await machine(home, 'Linux aarch64', ARM);
  const { PACKER_PLUGIN_PATH: root = '' } = await installPlugin(host, PACKER);
  await writeFile(path.join(root, 'github.com', AMD), 'another plugin');
  await installPlugin(host, PACKER);
  expect(asked).toHaveLength(1);
  expect(await readdir(path.join(root, 'github.com'))).toEqual(['hashicorp']);
  await writeFile(path.join(host.home, '.cache/warmbake/packer', SHA256), 'changed');
  await installPlugin(host, PACKER);
  expect(asked).toHaveLength(2);
  expect(await readFile(path.join(root, 'github.com/hashicorp/amazon', ARM), 'utf8')).toBe(TEXT);
});

test.each([
  ['another program under its name', 'Linux x86_64', AMD, {}, `its SHA-256 is ${SHA256}, not a46e0d71`],
  [
    'another program than the given one',
    'Linux aarch64',
    ARM,
    { [PLUGIN_SHA256]: 'a'.repeat(64) },
    `its SHA-256 is ${SHA256}, not aaaa`,
  ],
  ['an archive without it', 'Linux x86_64', ARM, {}, `the zip file has no ${AMD}`],
])('nothing is laid out for %s', async (_, kind, entry, env, message) => {
  await using home = await openHost({ env });
  const { host } = await machine(home, kind, entry);
  await expect(installPlugin(host, PACKER)).rejects.toThrow(message);
  expect(await readdir(host.home)).toEqual(['bin']);
});

test.each([
  ['Linux aarch64', {}, ARM],
  ['Linux aarch64', { [PLUGIN_SHA256]: 'yes' }, ARM],
  ['Linux riscv64', { [PLUGIN_SHA256]: SHA256 }, 'packer-plugin-amazon_v1.3.9_x5.0_Linux riscv64'],
])('on %s with %j nothing is fetched: which checksum it must have is not known', async (kind, env, name) => {
  await using home = await openHost({ env });
  const { host, asked } = await machine(home, kind, ARM);
  await expect(installPlugin(host, PACKER)).rejects.toThrow(`which SHA-256 ${name} must have is not known`);
  expect(asked).toEqual([]);
});

test('a checksum that is given does not take the place of the pinned one', async () => {
  await using home = await openHost({ env: { [PLUGIN_SHA256]: SHA256 } });
  const { host } = await machine(home, 'Linux x86_64', AMD);
  await expect(installPlugin(host, PACKER)).rejects.toThrow('not a46e0d71');
});

test('a Packer with the builder inside gets none', async () => {
  await using host = await openHost();
  expect(await installPlugin(host, { ...PACKER, version: [1, 6, 6] })).toEqual({});
});

test('another release can be named with its checksum; that of the pinned one is not taken for it', async () => {
  await using home = await openHost();
  const name = 'packer-plugin-amazon_v1.8.2_x5.0_linux_amd64';
  const { host, asked } = await machine(home, 'Linux x86_64', name);
  const choice = { releases: 'http://releases.invalid', version: '1.8.2' };
  await expect(installPlugin(host, PACKER, choice)).rejects.toThrow(
    `which SHA-256 ${name} must have is not known`,
  );
  const { PACKER_PLUGIN_PATH: root = '' } = await installPlugin(host, PACKER, { ...choice, sha256: SHA256 });
  expect(await readdir(path.join(root, 'github.com/hashicorp/amazon'))).toContain(name);
  expect(asked).toEqual([`http://releases.invalid/v1.8.2/${name}.zip`]);
});
