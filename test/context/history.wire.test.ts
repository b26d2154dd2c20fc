import { createHash } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openHistory } from '../../src/context/history.ts';
import { Interrupted } from '../../src/platform/errors.ts';
import type { Host } from '../../src/platform/host.ts';
import { clock } from '../../parts/ci-job/clock.ts';
import { openHost } from '../registry/fixture-host.ts';
import { forge, row, run, type Drawn } from './graph.ts';

let home: string;
const opened: AsyncDisposable[] = [];
beforeEach(async () => {
  home = await mkdtemp(path.join(os.tmpdir(), 'warmbake-history-'));
});
afterEach(async () => {
  for (const host of opened.splice(0)) await host[Symbol.asyncDispose]();
  await rm(home, { recursive: true, force: true });
});

async function hostIn(cwd: string, signal?: AbortSignal): Promise<Host> {
  const env = { HOME: home, GIT_CONFIG_GLOBAL: '/dev/null', GIT_CONFIG_NOSYSTEM: '1', BUILDKITE: 'true' };
  const host = await openHost({ env, ...(signal === undefined ? {} : { signal }) });
  opened.push(host);
  return { ...host, cwd, scratch: path.join(home, 'scratch') };
}

/** Every file of a folder with its size, time and content. */
async function contentOf(folder: string): Promise<readonly string[]> {
  const names = await readdir(folder, { recursive: true });
  return await Promise.all(
    names.sort().map(async (name) => {
      const file = path.join(folder, name);
      const { mtimeMs, size } = await stat(file);
      const content = await readFile(file).catch(() => '');
      return `${name} ${mtimeMs} ${size} ${createHash('sha256').update(content).digest('hex')}`;
    }),
  );
}

/** main: m1 … m9; the pull request leaves at m4. */
const PLAIN: readonly Drawn[] = [...row('m', 9), ...row('p', 3, 'm4')];

describe('the merge base of a pull request, from a checkout of depth 1, is', () => {
  it.each<[string, readonly Drawn[], { main: string; at: string }, string | undefined]>([
    ['where it left main', PLAIN, { main: 'm9', at: 'p3' }, 'm4'],
    ['where main is, when it was rebased', [...PLAIN, ...row('q', 2, 'm9')], { main: 'm9', at: 'q2' }, 'm9'],
    ['where it merged main last', [...PLAIN, ['q', 'p3', 'm7'], ['r', 'q']], { main: 'm9', at: 'r' }, 'm7'],
    ['the commit itself when main has it', PLAIN, { main: 'm9', at: 'm4' }, 'm4'],
    ['none for unrelated lines', [...row('m', 5), ...row('u', 3)], { main: 'm5', at: 'u3' }, undefined],
    ['none for a first commit beside main', [...row('m', 5), ['u']], { main: 'm5', at: 'u' }, undefined],
    ['far away where main has moved on', [...row('m', 700), ['p', 'm20']], { main: 'm700', at: 'p' }, 'm20'],
    [
      // An old line of 80 commits that merged main twice: the near ancestor m2 is there from the first step.
      'the best one also where a worse one is nearer',
      [...row('m', 2), ['x1', 'm1'], ...row('o', 80, 'm2'), ['p', 'o80', 'x1'], ['m3', 'x1', 'o1']],
      { main: 'm3', at: 'p' },
      'o1',
    ],
    [
      'the newest of several after criss-cross merges',
      [['a'], ['b', 'a'], ['c', 'a'], ['d', 'b', 'c'], ['e', 'c', 'b']],
      { main: 'd', at: 'e' },
      'c',
    ],
  ])('%s', async (_, commits, { main, at }, expected) => {
    const remote = forge(home, commits, { main });
    const host = await hostIn(remote.checkout(at, { depth: 1 }));
    expect(await openHistory(host).mergeBase(remote.id(at), 'main')).toEqual(
      expected === undefined ? { state: 'none' } : { state: 'found', commit: remote.id(expected) },
    );
  });
});

describe('asking about history', () => {
  it('leaves the checkout exactly as it was, whatever its kind', async () => {
    const remote = forge(home, [...row('m', 60), ...row('p', 2, 'm5')], { main: 'm60' });
    for (const options of [{ depth: 1 }, { filter: 'tree:0', depth: 3 }, { filter: 'blob:none' }, {}]) {
      const into = `checkout-${JSON.stringify(options)}`;
      const checkout = remote.checkout('p2', { ...options, into });
      const before = await contentOf(checkout);
      const host = { ...(await hostIn(checkout)), scratch: path.join(home, `scratch-${into}`) };
      const history = openHistory(host);
      expect(await history.mergeBase(remote.id('p2'), 'main')).toMatchObject({ state: 'found' });
      expect(await history.isAncestor(remote.id('m3'), remote.id('m59'))).toBe('yes');
      expect(await history.parentOf(remote.id('p2'))).toBe(remote.id('p1'));
      await history.parentOf(remote.id('m40'));
      expect(await contentOf(checkout)).toEqual(before);
    }
  });

  it('fetches commits only, and few of them', async () => {
    const remote = forge(home, [...row('m', 3000), ['p', 'm2990']], { main: 'm3000' });
    const host = await hostIn(remote.checkout('p', { depth: 1 }));
    await openHistory(host).mergeBase(remote.id('p'), 'main');
    const objects = run(path.join(host.scratch, 'history.git'), [
      'cat-file',
      '--batch-all-objects',
      '--batch-check=%(objecttype)',
    ]).split('\n');
    expect(new Set(objects)).toEqual(new Set(['commit']));
    expect(objects.length).toBeLessThan(120);
  });

  it('sees the base branch as it is now, not as the checkout last saw it', async () => {
    const remote = forge(home, PLAIN, { main: 'm2' });
    const checkout = remote.checkout('p3');
    run(checkout, ['fetch', '--quiet', 'origin', 'main:refs/remotes/origin/main']);
    remote.branch('main', 'm9');
    const host = await hostIn(checkout);
    expect(await openHistory(host).mergeBase(remote.id('p3'), 'main')).toEqual({
      state: 'found',
      commit: remote.id('m4'),
    });
  });

  it('answers several questions at once', async () => {
    const remote = forge(home, PLAIN, { main: 'm9' });
    const history = openHistory(await hostIn(remote.checkout('p3', { depth: 1 })));
    const [base, ...answers] = await Promise.all([
      history.mergeBase(remote.id('p3'), 'main'),
      history.isAncestor(remote.id('m4'), remote.id('p3')),
      history.isAncestor(remote.id('m5'), remote.id('p3')),
      history.isAncestor(remote.id('m9'), remote.id('m1')),
    ]);
    expect(base).toEqual({ state: 'found', commit: remote.id('m4') });
    expect(answers).toEqual(['yes', 'no', 'no']);
  });

  it('finds its way in a worktree and under a folder with spaces and quotes', async () => {
    const remote = forge(home, PLAIN, { main: 'm9' });
    const checkout = remote.checkout('m9', { into: 'a "b" \\c' });
    run(checkout, ['worktree', 'add', '--quiet', '--detach', path.join(home, 'tree'), remote.id('m2')]);
    const history = openHistory(await hostIn(path.join(home, 'tree')));
    expect(await history.mergeBase(remote.id('p3'), 'main')).toEqual({
      state: 'found',
      commit: remote.id('m4'),
    });
  });
});

/** Makes `program` what git reaches the checkout's remote by. */
function reachedBy(checkout: string, program: string): void {
  run(checkout, ['config', 'remote.origin.url', 'ssh://forge.test/app']);
  run(checkout, ['config', 'core.sshCommand', program]);
}

describe('unknown is an answer', () => {
  async function because(url: string, { branch = 'main' } = {}): Promise<string> {
    const remote = forge(home, PLAIN, { main: 'm9' });
    const checkout = remote.checkout('p3', { depth: 1 });
    run(checkout, ['remote', 'set-url', 'origin', url === '' ? remote.url : url]);
    const history = openHistory(await hostIn(checkout));
    const told = await history.mergeBase(remote.id('p3'), branch);
    expect(await history.isAncestor(remote.id('m3'), remote.id('m9'))).toBe(url === '' ? 'yes' : 'unknown');
    return told.state === 'unknown' ? told.because : told.state;
  }

  it('where the remote is gone', async () => {
    expect(await because('file:///nowhere')).toBe("fatal: '/nowhere' does not appear to be a git repository");
  });

  it('where the remote has no such branch', async () => {
    expect(await because('', { branch: 'gone' })).toBe("fatal: couldn't find remote ref refs/heads/gone");
  });

  it('where the branch is no branch name but a trick', async () => {
    expect(await because('', { branch: 'main:refs/heads/x' })).toBe(
      "'main:refs/heads/x' is not a branch name",
    );
  });

  it('where nothing listens, without the password of the remote', async () => {
    expect(await because('http://someone:t0ken@127.0.0.1:9/app.git')).toMatch(
      /^fatal: unable to access 'http:\/\/127.0.0.1:9\/app.git\/'/,
    );
  });

  it('without a password that the remote itself tells', async () => {
    const remote = forge(home, PLAIN, { main: 'm9' });
    const checkout = remote.checkout('p3', { depth: 1 });
    const tells = path.join(home, 'tells');
    const line = 'cannot read git://someone:t0ken@forge.test/app';
    await writeFile(tells, `#!/bin/sh\necho "${line}" >&2\nexit 1\n`, { mode: 0o755 });
    reachedBy(checkout, tells);
    const told = await openHistory(await hostIn(checkout)).mergeBase(remote.id('p3'), 'main');
    expect(told).toEqual({ state: 'unknown', because: 'cannot read git://forge.test/app' });
  });

  it('where the commit was never pushed', async () => {
    const remote = forge(home, PLAIN, { main: 'm9' });
    const checkout = remote.checkout('p3', { depth: 1 });
    run(checkout, [
      '-c',
      'user.name=a',
      '-c',
      'user.email=a@example.org',
      'commit',
      '--quiet',
      '--allow-empty',
      '-m',
      'x',
    ]);
    const history = openHistory(await hostIn(checkout));
    const head = run(checkout, ['rev-parse', 'HEAD']) as ReturnType<typeof remote.id>;
    expect(await history.mergeBase(head, 'main')).toMatchObject({ state: 'unknown' });
    expect(await history.parentOf(head)).toBe(remote.id('p3'));
  });

  it('where the remote does not answer in time, and nothing is left running', async () => {
    const remote = forge(home, PLAIN, { main: 'm9' });
    const checkout = remote.checkout('p3', { depth: 1 });
    const pidFile = path.join(home, 'pid');
    const hangs = path.join(home, 'hangs');
    await writeFile(hangs, `#!/bin/sh\necho $$ > ${pidFile}\nexec sleep 30\n`, { mode: 0o755 });
    reachedBy(checkout, hangs);
    const started = clock.now().getTime();
    const told = await openHistory(await hostIn(checkout), { limitMs: 700 }).mergeBase(
      remote.id('p3'),
      'main',
    );
    expect(told).toMatchObject({ state: 'unknown', because: 'the remote did not answer in time' });
    expect(clock.now().getTime() - started).toBeLessThan(3000);
    const pid = (await readFile(pidFile, 'utf8')).trim();
    // An ended process may stay in the table until somebody asks for its exit code.
    expect(await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => ' Z ')).toContain(' Z ');
  });
});

it('a question stops where the run is interrupted', async () => {
  const remote = forge(home, PLAIN, { main: 'm9' });
  const stop = new AbortController();
  const history = openHistory(await hostIn(remote.checkout('p3', { depth: 1 }), stop.signal));
  stop.abort(new Interrupted('SIGTERM'));
  await expect(history.mergeBase(remote.id('p3'), 'main')).rejects.toThrow(Interrupted);
});
