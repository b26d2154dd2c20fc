import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { secondsOf, stepVerdict } from '../../src/bake/verdict.ts';
import type { Interval, Vertex } from '../../src/bake/vertex.ts';

const START = Date.parse('2026-08-21T12:00:00Z');

function interval(from: number, seconds: number, change: Partial<Interval> = {}): Interval {
  const at = (second: number): string => new Date(START + second * 1000).toISOString();
  return { started: at(from), completed: at(from + seconds), cached: false, ...change };
}

/** An instruction without inputs: WORKDIR in an empty stage. */
function withoutInputs(...intervals: readonly Interval[]): Vertex {
  return {
    id: 'sha256:1',
    name: '[base 1/2] WORKDIR /src',
    names: ['[base 1/2] WORKDIR /src'],
    kind: 'instruction',
    hasInputs: false,
    intervals,
    pulled: {},
    pulling: [],
    pushed: [],
    tail: [],
    clipped: false,
  };
}

it('an instruction without inputs computes its cache key first: that alone executes nothing', () => {
  expect(stepVerdict(withoutInputs(interval(0, 1)))).toBe('pruned');
});

it.each([
  ['executed', [interval(0, 1), interval(1, 1)]],
  ['loaded', [interval(0, 1), interval(1, 1, { cached: true })]],
  ['executed', [interval(0, 1), interval(1, 1), interval(2, 1)]],
] as const)('what follows its cache key says what became of it: %s', (verdict, intervals) => {
  expect(stepVerdict(withoutInputs(...intervals))).toBe(verdict);
});

it('seconds in which something ran count once, in whatever order the stretches are told', () => {
  const stretch = fc.tuple(fc.nat({ max: 30 }), fc.nat({ max: 10 }));
  expect.hasAssertions();
  fc.assert(
    fc.property(fc.array(stretch, { maxLength: 8 }), (stretches) => {
      const busy = new Set(
        stretches.flatMap(([from, seconds]) => Array.from({ length: seconds }, (_, nth) => from + nth)),
      );
      const told = stretches.map(([from, seconds]) => interval(from, seconds));
      expect(secondsOf(told)).toBe(busy.size);
    }),
  );
});

it('what has not ended took no time yet', () => {
  const { started, cached } = interval(0, 5);
  expect(secondsOf([interval(10, 2), { started, cached }])).toBe(2);
});
