import { describe, expect, test } from 'vitest';
import { builtTargets } from '../../../src/ami/warm/built-targets.ts';
import { furtherTargets } from '../../../src/ami/warm/further-targets.ts';
import { settingsOf, SMALL } from '../../bake/small-settings.ts';

/** A small configuration with other targets, and names and lanes that an image is warmed with beside `web`. */
function furtherOf(
  targets: string,
  groups: Readonly<Record<string, readonly string[]>>,
  built: readonly string[],
) {
  const settings = settingsOf(`${SMALL.slice(0, SMALL.indexOf('targets:'))}targets: ${targets}\n`);
  const found = builtTargets(settings, {
    groups: new Map(Object.entries(groups)),
    names: new Set(built),
  });
  const config = { targets: Object.fromEntries(built.map((name) => [name, {}])) };
  const further = furtherTargets(config, found.targets, { judged: 'web' });
  return { further: further.map(({ name, lane }) => `${name}:${lane}`), warning: found.warning?.message };
}

describe('beside the target that must be warm, an image is warmed with', () => {
  test.each<[string, string, Readonly<Record<string, readonly string[]>>, readonly string[]]>([
    ['the targets of a group', '{ web: {}, all: {} }', { all: ['web', 'api'] }, ['api:api']],
    [
      'those of a matrix',
      '{ web: {}, app: {} }',
      { app: ['app-1', 'app-2'] },
      ['app-1:app-1', 'app-2:app-2'],
    ],
    [
      'each by the lane of its own entry, else by that of its group',
      '{ web: {}, app: { lane: arm64 }, app-2: { lane: second } }',
      { app: ['app-1', 'app-2'] },
      ['app-1:app-1-arm64', 'app-2:second'],
    ],
    [
      'each once, where several groups have it',
      '{ web: {}, app: {}, all: {} }',
      { app: ['app-1'], all: ['app-1', 'web'] },
      ['app-1:app-1'],
    ],
    [
      'what has an entry of its own alone, where an older build did not say',
      '{ web: {}, all: {}, api: { lane: x } }',
      {},
      ['api:x'],
    ],
  ])('%s', (_, targets, groups, expected) => {
    const { further, warning } = furtherOf(targets, groups, ['web', 'api', 'app-1', 'app-2']);
    expect(further).toEqual(expected);
    expect(warning).toBeUndefined();
  });

  test('no target of a group that the build did not make: a check, or one that was not asked for', () => {
    const { further } = furtherOf('{ web: {}, all: {} }', { all: ['web', 'lint', 'api'] }, ['web', 'api']);
    expect(further).toEqual(['api:api']);
  });

  test('what that build had, where a name was configured after it', () => {
    const { further, warning } = furtherOf('{ web: {}, all: {}, new: {} }', { all: ['api'] }, ['web', 'api']);
    expect(further).toEqual(['api:api']);
    expect(warning).toBeUndefined();
  });

  test('no member that JavaScript knows and the artifact does not', () => {
    const { further } = furtherOf('{ web: {}, all: {} }', { all: ['constructor', '__proto__'] }, ['web']);
    expect(further).toEqual([]);
  });

  test('its own entries alone, with a warning, where the configuration does not go with the groups any more', () => {
    const { further, warning } = furtherOf('{ web: {}, all: {}, api: { lane: app-1 } }', { all: ['app-1'] }, [
      'web',
      'api',
      'app-1',
    ]);
    expect(further).toEqual(['api:app-1']);
    expect(warning).toMatch(
      /^groups and matrices are not warmed: .* have the lane 'app-1' and a repository in common/,
    );
  });
});
