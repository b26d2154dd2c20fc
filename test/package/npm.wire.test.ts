import { readFile, readdir } from 'node:fs/promises';
import path from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { VERSION } from '../../src/platform/version.ts';
import { PROJECT } from '../../parts/project.ts';
import { makeDirectory, run } from './packed.ts';

let directory: Awaited<ReturnType<typeof makeDirectory>>;
/** The package unpacked, without anything that npm would install beside it. */
let unpacked = '';
beforeAll(async () => {
  directory = await makeDirectory();
  const to = ['--silent', '--ignore-scripts', '--pack-destination', directory.path];
  const { stdout } = await execa('npm', ['pack', ...to], { cwd: PROJECT });
  await execa('tar', ['-xzf', path.join(directory.path, stdout.trim()), '-C', directory.path]);
  unpacked = path.join(directory.path, 'package');
}, 60_000);
afterAll(async () => await directory.remove());

describe('the npm package', () => {
  it('needs no other package', async () => {
    const manifest = JSON.parse(await readFile(path.join(unpacked, 'package.json'), 'utf8')) as object;
    expect(manifest).not.toHaveProperty('dependencies');
    const text = await readFile(path.join(unpacked, 'dist/program/LICENCES.txt'), 'utf8');
    for (const name of ['execa 9', 'zod 4', '@aws-sdk/client-ec2 3']) expect(text).toContain(`\n${name}`);
  });

  it('holds the program, the overlay, the example and the manual, and no more', async () => {
    const files = (await readdir(unpacked, { recursive: true, withFileTypes: true }))
      .filter((entry) => entry.isFile())
      .map((entry) => path.relative(unpacked, path.join(entry.parentPath, entry.name)));
    const pages = (await readdir(path.join(PROJECT, 'docs'))).map((page) => `docs/${page}`).toSorted();
    expect(files.filter((file) => !file.startsWith('dist/program/')).toSorted()).toEqual([
      'LICENSE',
      'README.md',
      'bake/ci.hcl',
      'bake/vllm.warmbake.yaml',
      ...pages,
      'package.json',
    ]);
    expect(files.length).toBeLessThan(260);
  });

  it.each([
    [['--version'], VERSION],
    [['--help'], 'pull request → base branch → main'],
    [['hcl', '--check', '--config', 'bake/vllm.warmbake.yaml'], 'bake/ci.hcl is up to date'],
  ])('runs where it was unpacked: %j', async (args, text) => {
    const manifest = JSON.parse(await readFile(path.join(unpacked, 'package.json'), 'utf8')) as {
      readonly bin: { readonly warmbake: string };
    };
    const program = path.join(unpacked, manifest.bin.warmbake);
    const ran = await run([program, ...args], { PATH: process.env['PATH'] }, { cwd: unpacked });
    expect([ran.exitCode, ran.out]).toEqual([0, expect.stringContaining(text)]);
  });
});
