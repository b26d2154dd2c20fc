import { cp, readdir, readFile, stat, truncate, utimes, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { execa } from 'execa';
import { describe, expect, it } from 'vitest';
import { COMPILED, WRAPPER } from '../../package/loader.ts';
import { PROJECT } from '../../parts/project.ts';
import { makeDirectory } from './packed.ts';

const PROGRAM = path.join(PROJECT, 'dist/program');

/** A copy of the program, changed; answers with what it says. */
async function changed(
  change: (directory: string) => Promise<void>,
  args: readonly string[],
): Promise<string> {
  const directory = await makeDirectory();
  try {
    const copy = path.join(directory.path, 'program');
    await cp(PROGRAM, copy, { recursive: true, preserveTimestamps: true });
    await change(copy);
    const program = path.join(copy, 'warmbake.cjs');
    const { stdout, stderr } = await execa(process.execPath, [program, ...args], { reject: false });
    return `${stdout}${stderr}`;
  } finally {
    await directory.remove();
  }
}

/** Head and code of the file of compiled pieces. */
async function compiledOf(directory: string) {
  const all = await readFile(path.join(directory, COMPILED));
  const end = all.indexOf('\n');
  const head = JSON.parse(all.subarray(0, end).toString()) as {
    readonly node: string;
    readonly pieces: Readonly<Record<string, readonly [at: number, length: number]>>;
  };
  return { head, code: all.subarray(end + 1) };
}

describe('compiled pieces', () => {
  it('are those that a build begins with, and this Node takes each', async () => {
    const { head, code } = await compiledOf(PROGRAM);
    expect(head.node).toBe(process.version);
    const names = Object.keys(head.pieces).join(' ');
    for (const piece of ['program', 'configuration', 'build', 'plan', 'execa']) {
      expect(names).toContain(`./${piece}`);
    }
    expect(names).not.toContain('client-');
    const [before, after] = WRAPPER;
    const scripts = await Promise.all(
      Object.entries(head.pieces).map(async ([name, [at, length]]) => ({
        text: `${before}${await readFile(path.join(PROGRAM, name), 'utf8')}${after}`,
        code: code.subarray(at, at + length).toString('base64'),
      })),
    );
    const check = `const { Script } = require('node:vm');
      const all = JSON.parse(require('node:fs').readFileSync(0, 'utf8'));
      const taken = all.map(({ text, code }) => !new Script(text, { cachedData: Buffer.from(code, 'base64') }).cachedDataRejected);
      console.log(JSON.stringify(taken));`;
    const { stdout } = await execa(process.execPath, ['-e', check], { input: JSON.stringify(scripts) });
    expect(JSON.parse(stdout)).toEqual(scripts.map(() => true));
  });

  it('have what a build does at its end too, though nothing was built to make them', async () => {
    const { code } = await compiledOf(PROGRAM);
    expect(code.includes('cache-mark-failed')).toBe(true);
  });

  it.each<[string, (file: string) => Promise<void>]>([
    [
      'are of another Node',
      async (file) =>
        await writeFile(file, (await readFile(file, 'latin1')).replace('"node":"v', '"node":"x'), 'latin1'),
    ],
    ['are cut off', async (file) => await truncate(file, 20_000)],
    ['are empty', async (file) => await truncate(file, 0)],
    [
      // V8 takes them as they are, and ends with a segmentation fault.
      'are spoiled',
      async (file) => {
        const all = await readFile(file);
        for (let i = all.indexOf('\n') + 200; i < all.length; i += 501) all[i] = (all[i] ?? 0) ^ 0x55;
        await writeFile(file, all);
      },
    ],
    ['are nonsense', async (file) => await writeFile(file, '{"pieces":\n')],
  ])('are done without where they %s', async (_, spoil) => {
    const said = await changed(async (copy) => await spoil(path.join(copy, COMPILED)), ['schema', '--help']);
    expect(said).toContain('warmbake schema');
  });

  it('do not hide what somebody has changed in a piece, of the same length', async () => {
    const said = await changed(
      async (copy) => {
        const name = (await readdir(copy)).find((file) => file.startsWith('program-')) ?? '';
        const text = await readFile(path.join(copy, name), 'utf8');
        const { mtime } = await stat(path.join(copy, name));
        await writeFile(path.join(copy, name), text.replaceAll('--help shows', '--HELP shows'));
        await utimes(path.join(copy, name), mtime, mtime);
      },
      ['no-such-command'],
    );
    expect(said).toContain('--HELP shows what there is');
  });
});
