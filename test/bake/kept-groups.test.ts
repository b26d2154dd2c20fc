import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { keepGroups, keptGroups } from '../../src/bake/kept-groups.ts';

const DEFINITION = {
  group: { default: { targets: ['web'] } },
  target: { web: { args: { x: '$${y}' } } },
};

describe('what names stand for, in the bake file that a build leaves', () => {
  it('is read back as it was, whatever the names', () => {
    const name = fc.stringMatching(/^[a-zA-Z][a-zA-Z0-9_-]{0,8}$/);
    const groups = fc.dictionary(name, fc.array(name, { minLength: 1 }));
    fc.assert(
      fc.property(groups, (written) => {
        const kept = JSON.stringify(keepGroups(DEFINITION, new Map(Object.entries(written))));
        expect(Object.fromEntries(keptGroups(JSON.parse(kept)))).toEqual({ ...written });
      }),
    );
  });

  it('stands beside what the file builds, and changes nothing of it', () => {
    expect(keepGroups(DEFINITION, new Map([['default', ['web', 'lint']]]))).toEqual({
      group: { default: { targets: ['web'] }, 'warmbake-of-default': { targets: ['web', 'lint'] } },
      target: DEFINITION.target,
    });
  });

  it('leaves no trace where targets stand for themselves', () => {
    expect(keepGroups(DEFINITION, new Map())).toBe(DEFINITION);
  });

  it.each<[string, unknown]>([
    ['the file of an older build: its own groups are not taken for it', DEFINITION],
    ['a file without groups', { target: {} }],
    ['groups of another shape', { group: { 'warmbake-of-all': ['web'] } }],
    ['no bake file at all', undefined],
  ])('is not known of %s', (_, raw) => {
    expect([...keptGroups(raw)]).toEqual([]);
  });
});
