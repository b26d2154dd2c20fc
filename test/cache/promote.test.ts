import { expect, it } from 'vitest';
import fc from 'fast-check';
import { type AncestorAnswer, type PromotionFacts, decidePromotion } from '../../src/cache/promote.ts';
import { isCommitSha } from '../../src/ci/commit-sha.ts';

const [ours, held] = ['a', 'b'].map((c) => c.repeat(40)) as [string, string];
if (!isCommitSha(ours)) throw new Error('fixture');
const unordered = { commit: ours, heldIsOlder: 'unknown', heldIsNewer: 'unknown' } as const;

it.each<[string, PromotionFacts, boolean]>([
  ['to a name that does not exist yet', { ...unordered, holds: undefined }, true],
  ['onto itself', { ...unordered, holds: { revision: ours } }, true],
  ['from an ancestor', { ...unordered, holds: { revision: held }, heldIsOlder: 'yes' }, true],
  ['from a descendant', { ...unordered, holds: { revision: held }, heldIsNewer: 'yes' }, false],
  [
    'from an ancestor that a later build made',
    { ...unordered, holds: { revision: held, buildNumber: '9' }, buildNumber: '8', heldIsOlder: 'yes' },
    true,
  ],
  [
    'from a lower build number where git cannot tell',
    { ...unordered, holds: { revision: held, buildNumber: '9' }, buildNumber: '10' },
    true,
  ],
  [
    'from what an earlier try of the same build made, where git cannot tell',
    { ...unordered, holds: { revision: held, buildNumber: '9' }, buildNumber: '9' },
    true,
  ],
  [
    'from a higher build number where git cannot tell',
    { ...unordered, holds: { revision: held, buildNumber: '10' }, buildNumber: '9' },
    false,
  ],
  [
    'from a higher build number where the commits are unrelated',
    {
      commit: ours,
      holds: { revision: held, buildNumber: '10' },
      buildNumber: '9',
      heldIsOlder: 'no',
      heldIsNewer: 'no',
    },
    false,
  ],
  [
    'onto itself, made by a later build',
    { ...unordered, holds: { revision: ours, buildNumber: '9' }, buildNumber: '8' },
    true,
  ],
  ['from a manifest of other tools', { ...unordered, holds: {}, buildNumber: '9' }, true],
  [
    'from what no build number is known of, where git cannot tell',
    { ...unordered, holds: { revision: held }, buildNumber: '9' },
    true,
  ],
  [
    'to a build without a number, where git cannot tell',
    { ...unordered, holds: { revision: held, buildNumber: '9' } },
    true,
  ],
  [
    'from a build whose number is none, where git cannot tell',
    { ...unordered, holds: { revision: held, buildNumber: 'nightly' }, buildNumber: '9' },
    true,
  ],
])('latest moves or stays: %s', (_, facts, move) => {
  expect(decidePromotion(facts).move).toBe(move);
});

it('a move that rests on nothing is warned about', () => {
  expect(decidePromotion({ ...unordered, holds: {} }).warning).toContain('another tool');
  expect(decidePromotion({ ...unordered, holds: { revision: held } }).warning).toContain('cannot order');
  expect(decidePromotion({ ...unordered, holds: undefined }).warning).toBeUndefined();
});

it('in whatever order builds of one line of history finish, the newest commit ends up under the name', () => {
  const shas = Array.from({ length: 6 }, (_, i) => String(i).repeat(40)).filter((s) => isCommitSha(s));
  fc.assert(
    fc.property(fc.shuffledSubarray(shas, { minLength: 1 }), fc.boolean(), (finished, gitKnows) => {
      let holds: PromotionFacts['holds'];
      for (const commit of finished) {
        const at = shas.indexOf(commit);
        const heldAt = shas.findIndex((s) => s === holds?.revision);
        const say = (yes: boolean): AncestorAnswer => (gitKnows ? (yes ? 'yes' : 'no') : 'unknown');
        const decision = decidePromotion({
          commit,
          buildNumber: String(100 + at),
          holds,
          heldIsOlder: say(heldAt < at),
          heldIsNewer: say(heldAt > at),
        });
        if (decision.move) holds = { revision: commit, buildNumber: String(100 + at) };
      }
      expect(holds?.revision).toBe([...finished].toSorted().at(-1));
    }),
  );
});
