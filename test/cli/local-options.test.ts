import { describe, expect, it } from 'vitest';
import { localWishes } from '../../src/cli/local-options.ts';

const wishes = (options: Readonly<Record<string, boolean | readonly string[]>>) =>
  localWishes({ args: [], options });

describe('what a person wants of a build outside of CI', () => {
  it('is nothing, unless it is said', () => expect(wishes({})).toEqual({ load: false, overrides: [] }));

  it.each([
    'app.args.X=1',
    '*.platform=linux/arm64',
    'app.args.X=',
    'a-b.args.X=a=b c',
    'app.no-cache=true',
    'app.args.tags=1',
  ])('an override is passed as it is: %s', (text) =>
    expect(wishes({ set: [text] }).overrides).toEqual([text]),
  );

  it.each(['app', 'app.args.X', '=1', 'app=1', '.x=1', 'a b.c=1', ''])(
    'what is none is refused: %j',
    (text) => {
      expect(() => wishes({ set: [text] })).toThrow(
        expect.objectContaining({ kind: 'usage', code: 'bad-override' }),
      );
    },
  );

  it.each([
    'app.tags=x:1',
    'app.tags+=x:1',
    '*.output=out',
    'app.cache-to=',
    'app.cache-from=x',
    '*.push=true',
  ])('what follows from the plan is not to be overridden: %s', (text) => {
    expect(() => wishes({ set: [text] })).toThrow(/^--set cannot change this: '/);
  });

  it.each([{ load: true }, { set: ['app.args.X=1'] }])('%j and --push do not go together', (options) => {
    expect(() => wishes({ ...options, push: true })).toThrow(
      expect.objectContaining({ code: 'not-with-push' }),
    );
  });
});
