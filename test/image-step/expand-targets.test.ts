import { describe, expect, it } from 'vitest';
import type { Settings } from '../../src/config/settings.ts';
import { chooseTargets } from '../../src/image-step/choose-targets.ts';
import { type ExpandedTargets, asConfigured, expandTargets } from '../../src/image-step/expand-targets.ts';
import { settingsOf, SMALL } from '../bake/small-settings.ts';

/** A small configuration with other targets. */
function withTargets(targets: string, more = ''): Settings {
  return settingsOf(`${SMALL.slice(0, SMALL.indexOf('targets:'))}targets: ${targets}\n${more}`);
}

function expanded(
  settings: Settings,
  groups: Readonly<Record<string, readonly string[]>>,
  missing: readonly string[] = [],
): ExpandedTargets {
  return expandTargets(settings, {
    groups: new Map(Object.entries(groups)),
    missing: new Set(missing),
    targets: new Map(),
  });
}

const MATRIX = { app: ['app-1', 'app-2'] };

describe('a group or matrix stands for its targets', () => {
  it('each with a lane of its own, as they share repositories', () => {
    const { settings } = expanded(withTargets('{ app: {} }'), MATRIX);
    expect(settings.targets.map(({ name, lane }) => [name, lane])).toEqual([
      ['app-1', 'app-1'],
      ['app-2', 'app-2'],
    ]);
  });

  it('before the lane of the group', () => {
    const { settings } = expanded(withTargets('{ app: { lane: arm64 } }'), MATRIX);
    expect(settings.targets.map(({ lane }) => lane)).toEqual(['app-1-arm64', 'app-2-arm64']);
  });

  it('also where it has one only: another one later renames nothing', () => {
    const { settings } = expanded(withTargets('{ app: {} }'), { app: ['app-1'] });
    expect(settings.targets.map(({ lane }) => lane)).toEqual(['app-1']);
  });

  it('without a lane of its own, where each target has its own repositories', () => {
    const apart = SMALL.replaceAll(/app\/(\w+-(?:main|test))/g, '"app/$1/${target}"');
    const settings = settingsOf(`${apart.slice(0, apart.indexOf('targets:'))}targets: { app: {}, web: {} }`);
    expect(expanded(settings, MATRIX).settings.targets.map(({ lane }) => lane)).toEqual(['', '', '']);
  });

  it('beside targets that stand for themselves', () => {
    const { settings } = expanded(withTargets('{ web: {}, app: {} }'), MATRIX);
    expect(settings.targets.map(({ name, lane }) => [name, lane])).toEqual([
      ['web', ''],
      ['app-1', 'app-1'],
      ['app-2', 'app-2'],
    ]);
  });
});

describe('of several entries the more specific wins, field by field', () => {
  const targets = `
  all: { cache: { mode: min, compression: gzip }, args: { A: all, B: all, C: all }, image: { compression: zstd } }
  app: { args: { A: app, B: app }, image: { push: false } }
  app-2: { lane: two, args: { A: own }, image: { compression: gzip } }`;
  const { settings } = expanded(withTargets(targets), { ...MATRIX, all: ['web', 'app'] });
  const target = (name: string) => settings.targets.find((one) => one.name === name);

  it('the entry of the member itself first, then that of the smaller group', () => {
    expect(target('app-2')).toMatchObject({
      lane: 'two',
      args: { A: 'own', B: 'app', C: 'all' },
      cache: { mode: 'min', compression: 'gzip' },
      image: { compression: 'gzip', push: false },
    });
    expect(target('app-1')).toMatchObject({ lane: 'app-1', args: { A: 'app', B: 'app', C: 'all' } });
  });

  it('and what nobody says has its default', () => {
    expect(target('web')).toMatchObject({ image: { compression: 'zstd', push: true }, inherits: [] });
  });

  it('a member that says only something else keeps its lane', () => {
    const { settings: others } = expanded(withTargets('{ app: {}, app-2: { args: { A: b } } }'), MATRIX);
    expect(others.targets.map(({ lane }) => lane)).toEqual(['app-1', 'app-2']);
  });
});

describe('is refused', () => {
  it.each<[string, string, Readonly<Record<string, readonly string[]>>, RegExp]>([
    ['two targets of one lane', '{ a: {}, b: {} }', {}, /'b' and 'a' have the lane ''/],
    ['a member with the lane of another target', '{ app: {}, web: { lane: app-1 } }', MATRIX, /lane 'app-1'/],
    ['two names that differ by case', '{ app: {} }', { app: ['a-b', 'A_b'] }, /differ only by case/],
  ])('%s', (_, targets, groups, message) => {
    expect(() => expanded(withTargets(targets), groups)).toThrow(message);
  });
});

it('what the files do not have is told: targets that inherit nothing, and what others inherit', () => {
  const settings = withTargets(
    '{ ap: {}, ok: { inherits: [base, _ci], lane: a }, no: { inherits: [bse], lane: b } }',
  );
  const { ghosts, orphans } = expanded(settings, {}, ['ap', 'bse']);
  expect(ghosts).toEqual(['ap']);
  expect([...orphans]).toEqual([['no', 'bse']]);
});

describe('what is built', () => {
  const names = (
    all: Pick<ExpandedTargets, 'settings' | 'standsFor' | 'within'>,
    named: readonly string[] = [],
  ) => chooseTargets(all, named).map(({ name }) => name);
  const TARGETS = '{ app: {}, web: {} }';

  it.each<[string, readonly string[], readonly string[]]>([
    ['without names: all', [], ['app-1', 'app-2', 'web']],
    ['of a group: its members', ['app'], ['app-1', 'app-2']],
    ['a member', ['app-2'], ['app-2']],
    ['what is named twice: once', ['app-2', 'app', 'web'], ['app-2', 'app-1', 'web']],
  ])('%s', (_, named, expected) =>
    expect(names(expanded(withTargets(TARGETS), MATRIX), named)).toEqual(expected),
  );

  it('without names what `default` says', () => {
    expect(names(expanded(withTargets(TARGETS, 'default: [app-2, web]'), MATRIX))).toEqual(['app-2', 'web']);
  });

  it('a group or matrix within a configured one, by its own name', () => {
    const files = { ...MATRIX, default: ['app', 'web'], more: ['app', 'other'] };
    const all = expanded(withTargets('{ default: {} }'), files);
    expect(names(all, ['app'])).toEqual(['app-1', 'app-2']);
    expect(names(expanded(withTargets('{ default: {} }', 'default: [app]'), files))).toEqual([
      'app-1',
      'app-2',
    ]);
    expect(() => names(all, ['ap'])).toThrow(expect.objectContaining({ hint: "did you mean 'app'?" }));
    // One of its targets is not configured: it would be built with what nobody chose.
    expect(() => names(all, ['more'])).toThrow(/'more' is not a configured target; there are default, app-1/);
  });

  it('a wrong name is refused with the one that was meant', () => {
    const all = expanded(withTargets(TARGETS), MATRIX);
    expect(() => names(all, ['wbe'])).toThrow(
      expect.objectContaining({ kind: 'usage', code: 'unknown-target', hint: "did you mean 'web'?" }),
    );
    expect(() => names(expanded(withTargets(TARGETS, 'default: [ap-2]'), MATRIX))).toThrow(
      expect.objectContaining({ kind: 'config', hint: "did you mean 'app-2'?" }),
    );
  });

  it('as configured, where nobody asked bake', () => {
    expect(names(asConfigured(withTargets(TARGETS)))).toEqual(['app', 'web']);
  });
});
