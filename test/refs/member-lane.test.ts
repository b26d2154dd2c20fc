import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { lane } from '../../src/config/fields.ts';
import { memberLane } from '../../src/refs/member-lane.ts';

describe('a member is told apart by its name', () => {
  it.each([
    ['api', '', 'api'],
    ['api', 'arm64', 'api-arm64'],
    ['node-18-0', '', 'node-18-0'],
  ])('%s in lane %j: %s', (name, own, expected) => expect(memberLane(name, own)).toBe(expected));

  it.each(['Api', 'a_b', '-', 'x-0123456789', 'validate-dockerfile-d41d8cd98f00b204e9800998ecf8427e'])(
    'with digits of a hash where that is no lane: %s',
    (name) => expect(memberLane(name, '')).toMatch(/-[0-9a-f]{8}$/),
  );
});

it('different names have different lanes, and each is one', () => {
  const name = fc.stringMatching(/^[a-zA-Z0-9_-]{1,40}$/);
  fc.assert(
    fc.property(name, name, (a, b) => {
      expect(lane.safeParse(memberLane(a, '')).success).toBe(true);
      fc.pre(a !== b);
      expect(memberLane(a, '')).not.toBe(memberLane(b, ''));
    }),
    {
      examples: [
        ['a_b', 'a-b'],
        ['A', 'a'],
        ['_', '-'],
      ],
    },
  );
});
