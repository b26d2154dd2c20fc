import { tableLines } from '../../src/cli/table.ts';
import { ROLES } from '../../src/refs/candidate.ts';
import { makeHistory } from './history.ts';
import { type Asking, replay } from './replay.ts';

const HISTORIES = 50;
const BUILDS = 60;
/** Builds that are started while one runs: none, and three. */
const LATE = [0, 3];
const ASKED = { maxSources: 20, earlier: 4 };

/**
 * What each role of donors saves in generated histories, and how many donors and earlier commits pay: lines of tables. The steps are
 * replayed by their keys, with the refs that the tool itself would ask for; nothing is built.
 */
export function judgeDonors(): readonly string[] {
  const histories = Array.from({ length: HISTORIES }, (_, seed) => makeHistory(seed, BUILDS));
  const total = (asking: Asking) => {
    const all = histories.flatMap((history) => replay(history, asking));
    const mean = (values: readonly number[]): number => values.reduce((sum, v) => sum + v, 0) / values.length;
    return {
      executed: mean(all.map(({ executed }) => executed)),
      rounds: mean(all.map(({ rounds }) => rounds)),
      donors: mean(all.map(({ donors }) => donors.length)),
    };
  };
  const costs = (asking: Omit<Asking, 'late'>): readonly string[] =>
    LATE.flatMap((late) => {
      const { executed, rounds, donors } = total({ ...asking, late });
      return [donors.toFixed(1), executed.toFixed(2), rounds.toFixed(1)];
    });
  const table = (title: string, rows: readonly (readonly string[])[]): readonly string[] => {
    const measured = ['donors', 'steps', 'rounds'];
    return ['', ...tableLines([title, ...measured, ...measured.map((name) => `${name}, late`)], rows)];
  };
  return [
    `${HISTORIES} generated histories of ${BUILDS} builds, means of a build: caches found and merged, steps executed of 13, rounds of compiling of 90.`,
    'Late: the three builds before are not finished yet.',
    ...table('roles', [
      ['all', ...costs(ASKED)],
      ...ROLES.map((role) => [`without ${role}`, ...costs({ ...ASKED, without: role })]),
    ]),
    ...table(
      'donors at most',
      [1, 2, 3, 4, 6, 8, 12, 20].map((maxSources) => [
        String(maxSources),
        ...costs({ ...ASKED, maxSources }),
      ]),
    ),
    ...table(
      'earlier commits',
      [0, 1, 2, 4, 6, 8, 16].map((earlier) => [String(earlier), ...costs({ ...ASKED, earlier })]),
    ),
  ];
}
