import { expect, it } from 'vitest';
import { refusedOverride } from '../../src/bake/refused-override.ts';

const TARGETS = ['app', 'web-1'];

it.each([
  [
    'a target that there is not',
    "could not find any target matching 'web'",
    ['app.args.X=1', 'web.args.X=1'],
    "--set web.args.X=1: bake knows no target 'web'; this build has app, web-1",
  ],
  [
    'a key that there is not',
    'unknown key: nokey',
    ['app.nokey=1'],
    "--set app.nokey=1: bake knows no key 'nokey'",
  ],
  [
    'a value that does not fit',
    'invalid value maybe for boolean key no-cache',
    ['*.pull=true', '*.no-cache=maybe'],
    '--set *.no-cache=maybe: invalid value maybe for boolean key no-cache',
  ],
  [
    'a name that is missing',
    'invalid key app.args, args requires name',
    ['app.args=1'],
    '--set app.args=1: invalid key app.args, args requires name',
  ],
])(
  'of --set is told with what was written, and is no matter of a file: %s',
  (_, words, overrides, message) => {
    expect(refusedOverride({ words, overrides, targets: TARGETS })).toMatchObject({
      kind: 'usage',
      code: 'bad-override',
      message,
      hint: expect.stringMatching(/./),
    });
  },
);

it.each([
  ['docker-bake.hcl:2,34-3,1: Invalid block definition', ['app.args.X=1']],
  ['unknown key: nokey', []],
  ["could not find any target matching 'web'", []],
])('what is not about one is left to the files: %s', (words, overrides) => {
  expect(refusedOverride({ words, overrides, targets: TARGETS })).toBeUndefined();
});
