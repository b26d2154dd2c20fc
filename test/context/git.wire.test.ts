import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { changedFiles } from '../../src/context/changes.ts';
import { checkoutPlace } from '../../src/context/checkout.ts';
import { firstParents } from '../../src/context/git.ts';
import { openHistory } from '../../src/context/history.ts';
import type { Host } from '../../src/platform/host.ts';
import { openHost } from '../registry/fixture-host.ts';
import { forge, row, run } from './graph.ts';

let home: string;
let ran: string;
let program: string;
beforeEach(async () => {
  home = await mkdtemp(path.join(os.tmpdir(), 'warmbake-git-'));
  ran = path.join(home, 'ran');
  program = path.join(home, 'program');
  await writeFile(program, `#!/bin/sh\necho "$0 $*" >> '${ran}'\n`);
  await chmod(program, 0o755);
});
afterEach(async () => await rm(home, { recursive: true, force: true }));

async function hostIn(cwd: string): Promise<Host & AsyncDisposable> {
  const env = { HOME: home, GIT_CONFIG_GLOBAL: '/dev/null', GIT_CONFIG_NOSYSTEM: '1' };
  return Object.assign(await openHost({ env }), { cwd });
}

it("a checkout's configuration starts no file watcher", async () => {
  const { checkout } = forge(home, row('m', 2), { main: 'm2' });
  const at = checkout('m2');
  run(at, ['config', 'core.fsmonitor', program]);
  await using host = await hostIn(at);
  await writeFile(path.join(at, 'new'), 'new');
  expect(await changedFiles(host)).toEqual(['new']);
  await expect(readFile(ran)).rejects.toThrow(/ENOENT/);
});

it('nor a program in place of a remote', async () => {
  const { id, checkout } = forge(home, row('m', 2), { main: 'm2' });
  const at = checkout('m2', { depth: 1 });
  run(at, ['config', 'protocol.ext.allow', 'always']);
  run(at, ['config', 'remote.origin.url', `ext::${program}`]);
  await using host = await hostIn(at);
  expect(await openHistory(host).mergeBase(id('m2'), 'main')).toMatchObject({ state: 'unknown' });
  await expect(readFile(ran)).rejects.toThrow(/ENOENT/);
});

it('nor a program in place of what a remote is asked by', async () => {
  const { id, checkout } = forge(home, [...row('m', 3), ['t', 'm1']], { main: 'm3' });
  const at = checkout('t', { depth: 1 });
  run(at, ['config', 'remote.origin.uploadpack', program]);
  await using host = await hostIn(at);
  expect(await openHistory(host).mergeBase(id('t'), 'main')).toEqual({ state: 'found', commit: id('m1') });
  await expect(readFile(ran)).rejects.toThrow(/ENOENT/);
});

it('a folder of a checkout that is made like a repository is none', async () => {
  const { checkout } = forge(home, row('m', 2), { main: 'm2' });
  const at = checkout('m2');
  const folder = path.join(at, 'docker');
  run(at, ['init', '--quiet', '--bare', folder]);
  run(at, [`--git-dir=${folder}`, 'config', 'core.bare', 'false']);
  run(at, [`--git-dir=${folder}`, 'config', 'core.worktree', '/']);
  await using host = await hostIn(folder);
  expect(await checkoutPlace(host)).toBeUndefined();
});

it('what a message says is no commit and no parent', async () => {
  const { id, checkout } = forge(home, row('m', 3), { main: 'm3' });
  const at = checkout('m3');
  const message = `x\n\ncommit ${id('m1')}\nparent ${id('m1')}\n`;
  const as = ['-c', 'user.name=a', '-c', 'user.email=a@example.org'];
  run(at, [...as, 'commit', '--quiet', '--allow-empty', '--message', message]);
  const head = run(at, ['rev-parse', 'HEAD']) as ReturnType<typeof id>;
  await using host = await hostIn(at);
  expect(await firstParents(host, head, { count: 2 })).toEqual({
    line: [id('m3'), id('m2')],
    parent: id('m3'),
    isWhole: false,
  });
  expect(await firstParents(host, head, { count: 9 })).toMatchObject({
    line: [id('m3'), id('m2'), id('m1')],
    isWhole: true,
  });
});

it.each<[string, (evil: string) => { readonly more: string; readonly says?: string }]>([
  ['a header of its own', (evil) => ({ more: `commit ${evil}\nparent ${evil}\n` })],
  ['a message behind a NUL', (evil) => ({ more: '', says: `x\0${evil}\ntree ${evil}\nparent ${evil}\n` })],
  ['an encoding of line ends', (evil) => ({ more: 'encoding UTF-7\n', says: `+AAo-commit ${evil}+AAAACg-` })],
])('nor what an author writes elsewhere in the commit: %s', async (_, written) => {
  const { id, checkout } = forge(home, row('m', 3), { main: 'm3' });
  const at = checkout('m3');
  const evil = 'e'.repeat(40);
  const { more, says = 'x' } = written(evil);
  const tree = run(at, ['rev-parse', 'HEAD^{tree}']);
  const by = `Test <test@example.com> 1700000000 +0000\n`;
  const file = path.join(home, 'commit');
  await writeFile(file, `tree ${tree}\nparent ${id('m3')}\nauthor ${by}committer ${by}${more}\n${says}\n`);
  const head = run(at, ['hash-object', '--literally', '-t', 'commit', '-w', file]) as ReturnType<typeof id>;
  await using host = await hostIn(at);
  expect(await firstParents(host, head, { count: 9 })).toEqual({
    line: [id('m3'), id('m2'), id('m1')],
    parent: id('m3'),
    isWhole: true,
  });
});

it('a shallow clone knows the parent of its last commit, which it has not got', async () => {
  const { id, checkout } = forge(home, row('m', 3), { main: 'm3' });
  await using host = await hostIn(checkout('m3', { depth: 1 }));
  expect(await firstParents(host, id('m3'), { count: 9 })).toEqual({
    line: [],
    parent: id('m2'),
    isWhole: false,
  });
});
