import { expect, test } from 'vitest';
import { configuredArguments } from '../../src/config/configured-arguments.ts';
import { FILE, parse } from './small-file.ts';

test('arguments of all targets and of each are known by their values, but not those that differ between builds', () => {
  const text = FILE.replace(
    'bake:\n',
    () => 'bake:\n  args: { HTTP_PROXY: "http://a:1", C: "${commit}" }\n  perCommit: [C]\n',
  ).replace('    lane: ""\n', () => '    lane: ""\n    args: { HTTP_PROXY: "http://b:1", D: "$${x}" }\n');
  const parsed = parse(text);
  expect(parsed.ok && [...configuredArguments(parsed.settings)]).toEqual([
    ['HTTP_PROXY', ['http://a:1', 'http://b:1']],
    ['D', ['${x}']],
  ]);
});
