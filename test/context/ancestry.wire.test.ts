import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { ancestry, commonAncestor, type Graph } from '../../src/context/ancestry.ts';
import { openHost } from '../registry/fixture-host.ts';
import { forge, type Drawn } from './graph.ts';

/** Histories with branches, merges, merges of merges and several first commits. */
const history = fc
  .array(fc.tuple(fc.nat({ max: 9 }), fc.nat(), fc.nat()), { minLength: 8, maxLength: 16 })
  .map((rows) =>
    rows.map(([kind, one, two], index): Drawn => {
      if (index === 0 || kind === 0) return [`c${index}`];
      const recent = (seed: number): string => `c${index - 1 - (seed % Math.min(index, 4))}`;
      return [`c${index}`, ...(kind > 5 ? [recent(one)] : new Set([recent(one), recent(two)]))];
    }),
  );

/** Two commits, and the commits below which history is cut off. */
const question = fc.record({
  a: fc.nat(),
  b: fc.nat(),
  cuts: fc.array(fc.nat(), { minLength: 1, maxLength: 3 }),
});

it('a cut-off history says what the whole one would, or that it does not know', async () => {
  let certain = 0;
  let unknown = 0;
  const questions = fc.array(question, { minLength: 12, maxLength: 12 });
  await fc.assert(
    fc.asyncProperty(history, questions, async (commits, asked) => {
      const home = await mkdtemp(path.join(os.tmpdir(), 'warmbake-ancestry-'));
      try {
        const { directory, id } = forge(home, commits, {});
        await using host = await openHost({
          env: { GIT_CONFIG_GLOBAL: '/dev/null', GIT_CONFIG_NOSYSTEM: '1' },
        });
        const shallowFile = path.join(directory, 'shallow');
        const graph: Graph = { host, shallowFile, options: { directory } };
        const nameOf = (seed: number): string => `c${seed % commits.length}`;
        for (const { a, b, cuts } of asked) {
          await writeFile(shallowFile, [...new Set(cuts.map((cut) => `${id(nameOf(cut))}\n`))].join(''));
          const [first, second] = [nameOf(a), nameOf(b)];
          const common = commonOf(commits, first, second);

          const found = await commonAncestor(graph, id(first), id(second));
          const best = common.best.length === 0 ? [undefined] : common.best.map(id);
          expect(found.certain ? best : [undefined, ...common.all.map(id)]).toContain(found.commit);

          const told = await ancestry(graph, id(first), id(second));
          expect(['unknown', common.best.includes(first) ? 'yes' : 'no']).toContain(told);

          certain += Number(found.certain) + Number(told !== 'unknown');
          unknown += Number(!found.certain) + Number(told === 'unknown');
        }
      } finally {
        await rm(home, { recursive: true, force: true });
      }
    }),
    { numRuns: 8, endOnFailure: true },
  );
  expect(Math.min(certain, unknown)).toBeGreaterThan(0);
});

/** The truth, from the drawing: all common ancestors, and those that are no ancestor of another. */
function commonOf(commits: readonly Drawn[], a: string, b: string): { all: string[]; best: string[] } {
  const parents = new Map(commits.map(([name, ...of]) => [name, of]));
  const reach = (name: string): ReadonlySet<string> => {
    const reached = new Set([name]);
    // A set visits what is added to it on the way.
    for (const one of reached) for (const parent of parents.get(one) ?? []) reached.add(parent);
    return reached;
  };
  const [fromA, fromB] = [reach(a), reach(b)];
  const all = [...fromA].filter((name) => fromB.has(name));
  return { all, best: all.filter((name) => !all.some((other) => other !== name && reach(other).has(name))) };
}
