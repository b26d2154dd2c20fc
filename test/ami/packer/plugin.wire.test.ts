import { createHash } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { expect, test } from 'vitest';
import { PLUGIN_SHA256, installPlugin } from '../../../src/ami/packer/plugin.ts';
import { openHost } from '../../registry/fixture-host.ts';

const ARM = 'packer-plugin-amazon_v1.3.9_x5.0_linux_arm64';
const AMD = 'packer-plugin-amazon_v1.3.9_x5.0_linux_amd64';
const TEXT = 'a plugin\n';
const SHA256 = createHash('sha256').update(TEXT).digest('hex');

/** Installs with a Packer whose `init` leaves these files. */
async function install(files: readonly string[], env: Readonly<Record<string, string>> = {}) {
  await using host = await openHost({ env });
  const program = path.join(host.home, 'packer');
  const lines = files.map((name) => `printf '${TEXT.trim()}\\n' >"$PACKER_PLUGIN_PATH/github.com/${name}"`);
  const script = ['#!/bin/sh', 'mkdir -p "$PACKER_PLUGIN_PATH/github.com"', ...lines].join('\n');
  await mkdir(host.scratch, { recursive: true });
  await writeFile(program, script, { mode: 0o755 });
  return await installPlugin(host, { program, version: [1, 14, 3] }, { file: 'plugins.pkr.hcl' });
}

test.each([
  ['the pinned plugin, changed', [AMD], `${AMD} has SHA-256 ${SHA256}, not a46e0d71`],
  [
    'a plugin for another machine, whose checksum nobody has given',
    [ARM, `${ARM}_SHA256SUM`],
    `${ARM} has SHA-256 ${SHA256}, and which it must have is not known`,
  ],
  ['a plugin of another version', ['packer-plugin-amazon_v1.4.0_x5.0_linux_amd64'], 'is not known'],
  ['another plugin beside it', ['packer-plugin-other_v1.0.0_x5.0_linux_amd64'], 'is not known'],
])('is not used: %s', async (_, files, message) => {
  await expect(install(files)).rejects.toThrow(message);
});

test('a plugin for another machine is used where its checksum is given', async () => {
  const used = install([ARM, `${ARM}_SHA256SUM`], { [PLUGIN_SHA256]: SHA256 });
  expect(await used).toEqual({ PACKER_PLUGIN_PATH: expect.stringContaining('packer/plugins') });
  await expect(install([ARM], { [PLUGIN_SHA256]: 'a'.repeat(64) })).rejects.toThrow(`not ${'a'.repeat(64)}`);
});
