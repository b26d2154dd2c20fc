import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { groupsOfSurvey, membersOf, namesInText, surveyFile } from '../../src/bake/members.ts';

function members(groups: Readonly<Record<string, readonly string[]>>, name: string): readonly string[] {
  return membersOf({ groups: new Map(Object.entries(groups)) }, name);
}

describe('a name stands for', () => {
  it.each<[string, Readonly<Record<string, readonly string[]>>, readonly string[]]>([
    ['itself, where it is a target', { all: ['a'] }, ['x']],
    ['the targets of a group, in its order', { x: ['b', 'a'] }, ['b', 'a']],
    ['those of groups in it', { x: ['a', 'y'], y: ['b', 'z'], z: ['c'] }, ['a', 'b', 'c']],
    ['each target once', { x: ['y', 'z', 'a'], y: ['a', 'b'], z: ['b', 'c'] }, ['a', 'b', 'c']],
    ['a group that two groups hold, once', { x: ['y', 'z'], y: ['w'], z: ['w'], w: ['a', 'b'] }, ['a', 'b']],
    ['the target of its own name, where the group lists that', { x: ['x', 'a'] }, ['x', 'a']],
    ['what bake makes of groups in a circle', { x: ['y'], y: ['x', 'a'] }, ['x', 'a']],
  ])('%s', (_, groups, expected) => expect(members(groups, 'x')).toEqual(expected));

  it('no more than there is, however groups lie in each other', () => {
    const name: fc.Arbitrary<string> = fc.constantFrom('a', 'b', 'c', 'd', 'e');
    const groups = fc.dictionary(name, fc.array(name, { minLength: 1, maxLength: 4 }));
    fc.assert(
      fc.property(groups, name, (all, asked) => {
        const found = members(all, asked);
        expect(new Set(found).size).toBe(found.length);
        const named = new Set([asked, ...Object.values(all).flat()]);
        expect(found.filter((one) => !named.has(one))).toEqual([]);
      }),
    );
  });

  it('its target, also at the end of a hundred thousand groups', () => {
    const depth = 100_000;
    const groups = Object.fromEntries(Array.from({ length: depth }, (_, i) => [`g${i}`, [`g${i + 1}`]]));
    expect(members(groups, 'g0')).toEqual([`g${depth}`]);
  });
});

it('what a survey asks with is not in its answer', () => {
  const asked = JSON.parse(surveyFile(['default', 'app'], {})) as { readonly group: object };
  const printed = { group: { ...asked.group, default: { targets: ['app', ...Object.keys(asked.group)] } } };
  expect([...groupsOfSurvey(printed)]).toEqual([['default', ['app']]]);
  // Where the files have no such group, bake makes one of what was asked for.
  expect(groupsOfSurvey({ group: { default: { targets: Object.keys(asked.group) } } }).size).toBe(0);
});

it('names for suggestions are read from HCL and JSON', () => {
  expect(namesInText('group "all" {\n}\n  target app {\n}\n# target "x" {\n')).toEqual(['all', 'app']);
  expect(namesInText('{"target": {"app": {}}, "group": {"all": {}}}')).toEqual(['app', 'all']);
  expect(namesInText('{"target": ')).toEqual([]);
});
