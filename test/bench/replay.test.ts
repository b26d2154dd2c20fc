import { expect, test } from 'vitest';
import type { Content, HistoryBuild } from '../../bake/bench/history.ts';
import { makeHistory } from '../../bake/bench/history.ts';
import { replay } from '../../bake/bench/replay.ts';
import { type CommitSha, isCommitSha } from '../../src/ci/commit-sha.ts';

const ASKED = { maxSources: 20, earlier: 4, late: 0 };

function sha(digit: string): CommitSha {
  const text = digit.repeat(40);
  if (!isCommitSha(text)) throw new Error(text);
  return text;
}

const FIRST: Content = { server: 0, parser: 0, assets: 0, tests: 0, vendor: 0, tools: 0 };
const [first, moved, merged] = [sha('1'), sha('2'), sha('3')];
const [pushed, second, rebased] = [sha('a'), sha('b'), sha('d')];
const onMain = { number: 7, mergeBase: first, base: [] };

/** The demo's seven builds without the one that is skipped. */
const DEMO: readonly HistoryBuild[] = [
  { commit: first, content: FIRST, line: [] },
  { commit: pushed, content: { ...FIRST, server: 1 }, line: [first], pullRequest: onMain },
  { commit: second, content: { ...FIRST, server: 1, assets: 2 }, line: [pushed, first], pullRequest: onMain },
  { commit: moved, content: { ...FIRST, vendor: 3 }, line: [first] },
  {
    commit: rebased,
    content: { ...FIRST, server: 1, assets: 2, vendor: 3 },
    line: [sha('c'), moved, first],
    pullRequest: { number: 7, mergeBase: moved, base: [first] },
  },
  { commit: merged, content: { ...FIRST, server: 1, assets: 2, vendor: 3 }, line: [moved, first] },
];

test('a replay executes what the engine executes in the demo', () => {
  expect(replay(DEMO, ASKED).map(({ executed }) => executed)).toEqual([13, 7, 6, 9, 7, 9]);
});

test('the rebased pull request needs both donors', () => {
  const rebuilt = (asked: Partial<Parameters<typeof replay>[1]>) =>
    replay(DEMO, { ...ASKED, ...asked })[4]?.executed;
  expect([rebuilt({}), rebuilt({ without: 'own' }), rebuilt({ maxSources: 1 })]).toEqual([7, 9, 9]);
});

test('what is not finished helps nobody', () => {
  expect(replay(DEMO, { ...ASKED, late: 9 }).map(({ executed }) => executed)).toEqual([
    13, 13, 13, 13, 13, 13,
  ]);
});

test('a seed gives the same history every time, of full commit ids, whose merge bases were built on main', () => {
  const history = makeHistory(7, 60);
  expect(makeHistory(7, 60)).toEqual(history);
  expect(history.every(({ commit }) => isCommitSha(commit))).toBe(true);
  const main = new Set(history.filter((b) => b.pullRequest === undefined).map(({ commit }) => commit));
  const bases = history.flatMap(({ pullRequest }) => pullRequest?.mergeBase ?? []);
  expect(bases.filter((base) => !main.has(base))).toEqual([]);
});
