import { describe, expect, it } from 'vitest';
import { changedSettings, changesText } from '../../src/config/difference.ts';
import { parseConfigurationSource } from '../../src/config/source.ts';

const DIGEST = `sha256:${'0af1'.repeat(16)}`;

describe('where the configuration comes from', () => {
  it.each([
    ['checkout', { kind: 'checkout' }],
    ['merge-base', { kind: 'merge-base' }],
    ['merge-base:release/1', { kind: 'merge-base', branch: 'release/1' }],
    ['tip:main', { kind: 'tip', branch: 'main' }],
    [DIGEST, { kind: 'digest', digest: DIGEST }],
  ])('is said as %s', (text, source) => {
    expect(parseConfigurationSource(text, '--config-from')).toEqual(source);
  });

  it.each(['', 'HEAD', 'base', 'merge-base:', 'sha256:0af1', DIGEST.toUpperCase(), 'checkout:main'])(
    'is not said as %j',
    (text) => {
      expect(() => parseConfigurationSource(text, '--config-from')).toThrow(
        expect.objectContaining({ kind: 'usage', message: expect.stringContaining(`'${text}'`) }),
      );
      expect(() => parseConfigurationSource(text, 'WARMBAKE_CONFIG_FROM')).toThrow(
        expect.objectContaining({ kind: 'config' }),
      );
    },
  );
});

describe('what another file changes', () => {
  const USED = 'images: { trusted: a, untrusted: b }\nbake: { files: [x.hcl] }\n';

  it.each<[string, string, readonly string[] | undefined]>([
    [
      'nothing, in another spelling',
      '# x\nbake: {"files": ["x.hcl"]}\nimages:\n  untrusted: b\n  trusted: a\n',
      [],
    ],
    ['a value', USED.replace('untrusted: b', 'untrusted: a'), ['images.untrusted']],
    ['a list as a whole', USED.replace('[x.hcl]', '[x.hcl, y.hcl]'), ['bake.files']],
    ['a key more, with a name of its own', `${USED}'a b': { c: 1 }\n`, ['["a b"]']],
    ['a mapping that is none any more', USED.replace('{ trusted: a, untrusted: b }', '1'), ['images']],
    ['everything, where it is empty', '', ['']],
    ['cannot be told where it is no YAML', 'a: [', undefined],
  ])('%s', (_, other, changed) => {
    expect(changedSettings(USED, other)).toEqual(changed);
  });

  it('is named up to twenty settings', () => {
    const many = Array.from({ length: 23 }, (_, i) => `k${i}`);
    expect(changesText(many)).toBe(`${many.slice(0, 20).join(', ')} and 3 more`);
    expect(changesText(['a', 'b'])).toBe('a, b');
  });
});
