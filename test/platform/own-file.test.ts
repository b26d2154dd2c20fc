import { mkdir, mkdtemp, readFile, readdir, realpath, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { requireOwnFile, writeOwnFile } from '../../src/platform/own-file.ts';

let top = '';
const at = (...names: readonly string[]): string => path.join(top, ...names);
beforeEach(async () => {
  top = await realpath(await mkdtemp(path.join(tmpdir(), 'warmbake-own-file-')));
  for (const folder of ['checkout/.git', 'checkout/out/.git', 'checkout/lib/.GIT', 'elsewhere'])
    await mkdir(at(folder), { recursive: true });
  await writeFile(at('elsewhere/profile'), 'theirs');
  await writeFile(at('checkout/.git/config'), 'theirs');
});
afterEach(async () => await rm(top, { recursive: true }));

const write = async (file: string): Promise<void> =>
  await writeOwnFile(file, 'ours', { root: at('checkout'), option: '--result' });

it.each(['checkout/result.json', 'checkout/out/result.json', 'elsewhere/result.json', 'elsewhere/profile'])(
  'a file is written whole, with nothing left beside it: %s',
  async (name) => {
    await write(at(name));
    expect(await readFile(at(name), 'utf8')).toBe('ours');
    expect((await readdir(path.dirname(at(name)))).filter((file) => /^\.(?!git)/.test(file))).toEqual([]);
  },
);

it.each<[string, string, string, RegExp]>([
  ['the file itself', 'elsewhere/profile', 'checkout/result.json', /--result: '.*result\.json' is a link/],
  [
    'its folder',
    'elsewhere',
    'checkout/logs',
    /--result: '.*logs' is a link in the checkout, to '.*elsewhere'/,
  ],
  [
    'a folder that leads into .git',
    'checkout/.git',
    'checkout/logs',
    /is a link in the checkout, to '.*\.git'/,
  ],
])('a link of the checkout is not followed: %s', async (_, target, link, message) => {
  await symlink(at(target), at(link));
  const names: Readonly<Record<string, string>> = { elsewhere: 'profile', 'checkout/.git': 'config' };
  const file = at(link, names[target] ?? '');
  await expect(write(file)).rejects.toThrow(message);
  expect(await readFile(at('elsewhere/profile'), 'utf8')).toBe('theirs');
  expect(await readFile(at('checkout/.git/config'), 'utf8')).toBe('theirs');
});

it("a link on the way to the checkout is the machine's own", async () => {
  await symlink(at('checkout'), at('short'));
  await write(at('short/out/result.json'));
  expect(await readFile(at('checkout/out/result.json'), 'utf8')).toBe('ours');
  await symlink(at('elsewhere'), at('checkout/logs'));
  await expect(write(at('short/logs/profile'))).rejects.toThrow('is a link in the checkout');
});

it.each([
  ['a folder that is not there', 'elsewhere/none/result.json', /the folder of '.*' is not there/],
  ["settings of the checkout's git", 'checkout/.git/config', /is in a \.git of the checkout/],
  ['settings of git in another case', 'checkout/lib/.GIT/config', /is in a \.git of the checkout/],
  ['settings of a submodule', 'checkout/out/.git/config', /is in a \.git of the checkout/],
  ['a folder', 'checkout/out', /'.*out' is not a file/],
])('told before anything is written: %s', async (_, name, message) => {
  const asked = requireOwnFile(at(name), { root: at('checkout'), option: '--result' });
  await expect(asked).rejects.toMatchObject({ kind: 'usage', message: expect.stringMatching(message) });
});
