import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { variablesInText } from '../../src/bake/buildx.ts';
import { settledByText } from '../../src/bake/variable-text.ts';

const HCL = 'variable "COMMIT" {\n}\nvariable MAX_JOBS { default = 2 }\ntarget "app" {}\n';
const JSON_FILE = '{"variable": {"COMMIT": {"default": "x"}}, "target": {"app": {"args": {"HOME": "1"}}}}';

/** Whether bake need not list the variables of `text`, where COMMIT is set. */
function settled(text: string, ...others: readonly string[]): boolean {
  return settledByText({ texts: ['group "all" {}', text], wanted: ['COMMIT'], others });
}

describe('the text of bake files settles', () => {
  it.each<[string, string, readonly string[]]>([
    ['that a variable can be declared', HCL, []],
    ['the same in JSON', JSON_FILE, []],
    ['that a name of the environment is not', HCL, ['HOME', 'JOBS', 'MAX', 'app']],
    ['the same where the name stands in a comment', `# HOME is yours\n${HCL}`, ['HOME']],
    ['the same where it is used', `${HCL}target "x" { args = { HOME = COMMIT } }`, ['HOME']],
  ])('%s', (_, text, others) => expect(settled(text, ...others)).toBe(true));
});

describe('bake is asked for the list where', () => {
  it.each<[string, string, readonly string[]]>([
    ['no text has the name', 'variable "COMIT" {}', []],
    ['a name of the environment may be declared', HCL, ['PATH', 'MAX_JOBS']],
    ['a key of JSON is one', JSON_FILE, ['HOME']],
    ['a comment stands before a label', `${HCL}variable /* x */ "HOME" {}`, ['PATH']],
    ['a label is escaped', `${HCL}variable "\\u0048OME" {}`, ['PATH']],
    ['a key of JSON is escaped', JSON_FILE.replace('HOME', '\\u0048OME'), ['PATH']],
  ])('%s', (_, text, others) => expect(settled(text, ...others)).toBe(false));

  it('a name is none that a template can hold', () => {
    const facts = { texts: ['variable "A-B" {}'], wanted: ['A-B'], others: [] };
    expect(settledByText(facts)).toBe(false);
  });
});

it('whatever is declared in plain words is seen, however the file is laid out', () => {
  const name = fc.stringMatching(/^[A-Z][A-Z_]{0,5}$/);
  const gap = fc.constantFrom(' ', '  ', '\t');
  const block = fc
    .tuple(name, gap, gap, fc.boolean())
    .map(([label, one, two, quoted]) => `variable${one}${quoted ? `"${label}"` : label}${two}{}\n`);
  fc.assert(
    fc.property(fc.array(block, { minLength: 1 }), (blocks) => {
      const text = blocks.join('# a variable, or two\n');
      for (const declared of variablesInText(text)) {
        expect(settledByText({ texts: [text], wanted: [], others: [declared] })).toBe(false);
        expect(settledByText({ texts: [text], wanted: [declared], others: [] })).toBe(true);
      }
    }),
  );
});
