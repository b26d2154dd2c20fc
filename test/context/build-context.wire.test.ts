import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { buildContext, startContext } from '../../src/context/build-context.ts';
import { checkoutPlace } from '../../src/context/checkout.ts';
import type { BuildContext } from '../../src/context/context.ts';
import { type History, openHistory } from '../../src/context/history.ts';
import type { Warning } from '../../src/platform/events.ts';
import { openHost } from '../registry/fixture-host.ts';
import { forge, row, run } from './graph.ts';
import { PLACE } from './place.ts';
import { pullRequest, push } from './recorded.ts';

let home: string;
beforeEach(async () => {
  home = await mkdtemp(path.join(os.tmpdir(), 'warmbake-context-'));
});
afterEach(async () => {
  await rm(home, { recursive: true, force: true });
});

async function contextIn(
  cwd: string,
  env: Readonly<Record<string, string>>,
): Promise<{ context: BuildContext; warnings: readonly Warning[] }> {
  const machine = {
    HOME: home,
    GIT_CONFIG_GLOBAL: '/dev/null',
    GIT_CONFIG_NOSYSTEM: '1',
    GIT_DIR: '/nowhere',
  };
  await using opened = await openHost({ env: { ...env, ...machine } });
  const host = { ...opened, cwd, scratch: path.join(home, 'scratch') };
  return { context: await buildContext(host, openHistory(host), PLACE), warnings: opened.warnings };
}

/** main: m1 … m9 with the branch release at m6; the pull request leaves at m4. */
const COMMITS = [...row('m', 9), ...row('p', 3, 'm4')];
const BRANCHES = { main: 'm9', release: 'm6' };

describe('the commits of a build', () => {
  it('are all known in a checkout of depth 1', async () => {
    const { id, checkout } = forge(home, COMMITS, BRANCHES);
    const { context, warnings } = await contextIn(
      checkout('p3', { depth: 1 }),
      pullRequest('octocat:x', { BUILDKITE_COMMIT: id('p3') }),
    );
    expect(context).toMatchObject({ commit: id('p3'), parent: id('p2'), mergeBase: id('m4') });
    expect(warnings).toEqual([]);
  });

  it('are those of the pull request where its merge is checked out', async () => {
    const { id, checkout } = forge(home, [...COMMITS, ['merge', 'm9', 'p3']], BRANCHES);
    const { context } = await contextIn(
      checkout('merge', { depth: 1 }),
      pullRequest('octocat:x', { BUILDKITE_COMMIT: id('p3') }),
    );
    expect(context).toMatchObject({ commit: id('p3'), parent: id('p2'), mergeBase: id('m4') });
  });

  it('are foreseen as the checkout alone shows them, while the remote is still asked for the merge base', async () => {
    const { id, checkout } = forge(home, COMMITS, BRANCHES);
    const env = pullRequest('octocat:x', { BUILDKITE_COMMIT: id('p3') });
    await using opened = await openHost({ env: { ...env, HOME: home, GIT_CONFIG_GLOBAL: '/dev/null' } });
    const host = { ...opened, cwd: checkout('p3'), scratch: path.join(home, 'scratch') };
    const foreseen: BuildContext[] = [];
    let answer = (): void => undefined;
    const asked = new Promise<void>((resolve) => (answer = resolve));
    const history = openHistory(host);
    const slow: History = {
      ...history,
      mergeBase: async (...question) => {
        await asked;
        return await history.mergeBase(...question);
      },
    };
    const { known, whole } = await startContext(host, slow, PLACE);
    const context = await whole((likely) => {
      foreseen.push(likely);
      answer();
    });
    expect(foreseen).toEqual([{ ...known, previous: ['p2', 'p1', 'm4', 'm3'].map(id) }]);
    expect(context).toMatchObject({ mergeBase: id('m4'), previous: [id('p2'), id('p1')] });
  });

  it('of a pull request into another branch are compared with that branch', async () => {
    const { id, checkout } = forge(home, [...COMMITS, ['x', 'm8']], BRANCHES);
    const env = pullRequest('octocat:x', {
      BUILDKITE_COMMIT: id('x'),
      BUILDKITE_PULL_REQUEST_BASE_BRANCH: 'release',
    });
    const { context } = await contextIn(checkout('x', { depth: 1 }), env);
    expect(context).toMatchObject({ parent: id('m8'), mergeBase: id('m6') });
  });

  it('before it are the earlier pushes, and what the base was before the merge base', async () => {
    const { id, checkout } = forge(home, COMMITS, BRANCHES);
    const env = pullRequest('octocat:x', { BUILDKITE_COMMIT: id('p3') });
    const { context } = await contextIn(checkout('p3', { depth: 1 }), env);
    expect(context.previous).toEqual([id('p2'), id('p1')]);
    expect(context.basePrevious).toEqual([id('m3'), id('m2'), id('m1')]);
  });

  it('before a commit of main are the last ones of main, not all there are', async () => {
    const { id, checkout } = forge(home, COMMITS, BRANCHES);
    const { context } = await contextIn(
      checkout('m9', { depth: 100 }),
      push('main', { BUILDKITE_COMMIT: id('m9') }),
    );
    expect(context.previous).toEqual([id('m8'), id('m7'), id('m6'), id('m5')]);
    expect(context).not.toHaveProperty('basePrevious');
  });

  it('on main are the commit, by HEAD too, and its parent', async () => {
    const { id, checkout } = forge(home, COMMITS, BRANCHES);
    const { context } = await contextIn(
      checkout('m9', { depth: 1 }),
      push('main', { BUILDKITE_COMMIT: 'HEAD' }),
    );
    expect(context).toMatchObject({ trusted: true, commit: id('m9'), parent: id('m8') });
    expect(context).not.toHaveProperty('mergeBase');
  });

  it('of a first commit are that one alone', async () => {
    const { id, checkout } = forge(home, COMMITS, BRANCHES);
    const { context } = await contextIn(checkout('m1'), push('main', { BUILDKITE_COMMIT: id('m1') }));
    expect(context.commit).toBe(id('m1'));
    expect(context).not.toHaveProperty('parent');
  });
});

describe('where the remote is out of reach', () => {
  it('the merge base is the one that the checkout shows', async () => {
    const { id, checkout } = forge(home, COMMITS, BRANCHES);
    const at = checkout('p3');
    run(at, ['fetch', '--quiet', 'origin', 'main:refs/remotes/origin/main']);
    run(at, ['remote', 'set-url', 'origin', 'file:///nowhere']);
    const { context, warnings } = await contextIn(at, pullRequest('x', { BUILDKITE_COMMIT: id('p3') }));
    expect(context.mergeBase).toBe(id('m4'));
    expect(warnings).toEqual([]);
  });

  it('and the checkout does not show it either, a warning says so', async () => {
    const { id, checkout } = forge(home, COMMITS, BRANCHES);
    const at = checkout('p3', { depth: 1 });
    run(at, ['remote', 'set-url', 'origin', 'file:///nowhere']);
    const { context, warnings } = await contextIn(at, pullRequest('x', { BUILDKITE_COMMIT: id('p3') }));
    expect(context).not.toHaveProperty('mergeBase');
    expect(context.parent).toBe(id('p2'));
    expect(warnings).toEqual([
      {
        code: 'merge-base-unknown',
        message: "merge base with main is unknown: fatal: '/nowhere' does not appear to be a git repository",
      },
    ]);
  });
});

describe('a local build', () => {
  it('knows its branch, parent and merge base without asking the remote', async () => {
    const { id, checkout } = forge(home, COMMITS, BRANCHES);
    const at = checkout('p3');
    run(at, ['switch', '--quiet', '--create', 'feature/x']);
    run(at, ['fetch', '--quiet', 'origin', 'main:refs/remotes/origin/main']);
    run(at, ['config', 'remote.origin.url', '/nowhere']);
    const { context, warnings } = await contextIn(at, {});
    expect(context).toEqual({
      origin: { kind: 'local', branch: 'feature/x' },
      trusted: false,
      because: 'not in CI',
      commit: id('p3'),
      parent: id('p2'),
      mergeBase: id('m4'),
      previous: [id('p2'), id('p1')],
      basePrevious: [id('m3'), id('m2'), id('m1')],
    });
    expect(warnings).toEqual([]);
  });

  it('outside of git knows nothing, and that is enough', async () => {
    const { context, warnings } = await contextIn(home, {});
    expect(context).toEqual({ origin: { kind: 'local' }, trusted: false, because: 'not in CI' });
    expect(warnings).toEqual([]);
  });
});

it('commit HEAD outside of git is refused', async () => {
  await expect(contextIn(home, push('main', { BUILDKITE_COMMIT: 'HEAD' }))).rejects.toMatchObject({
    kind: 'config',
    message:
      'BUILDKITE_COMMIT is HEAD and git knows no commit here; run in the checkout or set the full commit id',
  });
});

it('the top level is found from a folder below it, and only in a checkout', async () => {
  const { checkout } = forge(home, COMMITS, BRANCHES);
  const at = checkout('m9');
  const below = path.join(at, 'a', 'b');
  await mkdir(below, { recursive: true });
  await using host = await openHost();
  expect(await checkoutPlace({ ...host, cwd: below })).toEqual({
    top: at,
    config: path.join(at, '.git/config'),
  });
  expect(await checkoutPlace({ ...host, cwd: home })).toBeUndefined();
  expect(await checkoutPlace({ ...host, cwd: path.join(home, 'missing') })).toBeUndefined();
  expect(await checkoutPlace({ ...host, cwd: at, env: { PATH: '/nowhere' } })).toBeUndefined();
});
