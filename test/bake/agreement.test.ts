import { expect, it } from 'vitest';
import { type Promised, requireAgreement } from '../../src/bake/agreement.ts';
import { parseEntry, targetsOf } from '../../src/bake/definition.ts';

const promised: Promised = {
  name: 't',
  tags: ['r.io/a:1'],
  cacheTo: [{ type: 'registry', ref: 'r.io/c:2', mode: 'max' }],
  output: [{ type: 'registry' }],
  args: { A: '1' },
  annotations: ['index,manifest:k=v'],
};
const resolved = {
  tags: ['r.io/a:1'],
  'cache-to': [{ mode: 'max', ref: 'r.io/c:2', type: 'registry' }],
  output: ['type=registry'],
  args: { A: '1', MORE: 'of its own' },
  annotations: ['index,manifest:k=v', 'index:other=1'],
};

function definition(change: object = {}) {
  return targetsOf({ target: { t: { ...resolved, ...change } } });
}

it('agrees in both spellings of entries, and with arguments and annotations of the repository', () => {
  expect(() => requireAgreement([promised], definition())).not.toThrow();
});

it.each<[string, object, string]>([
  ['another tag', { tags: ['r.io/a:2'] }, 't: tags are [r.io/a:2], planned [r.io/a:1]'],
  ['a further tag', { tags: ['r.io/a:1', 'r.io/a:latest'] }, 't: tags are'],
  ['an export elsewhere', { 'cache-to': ['type=registry,ref=r.io/main:latest'] }, 't: cache-to is'],
  ['another output', { output: ['type=docker'] }, 't: output is [type=docker], planned [type=registry]'],
  ['an argument overridden', { args: { A: '2' } }, "t: argument A is '2', planned '1'"],
  ['an annotation lost', { annotations: [] }, "t: annotation 'index,manifest:k=v' is missing"],
])('refuses %s', (_, change, message) => {
  expect(() => requireAgreement([promised], definition(change))).toThrow(message);
});

it('refuses a target that bake does not know', () => {
  expect(() => requireAgreement([{ ...promised, name: 'u' }], definition())).toThrow(
    "target 'u' is not defined",
  );
});

it.each([
  ['type=registry,ref=a/b:1', { type: 'registry', ref: 'a/b:1' }],
  ['"type=local","dest=a,b"', { type: 'local', dest: 'a,b' }],
  ['a/b:1', { type: 'registry', ref: 'a/b:1' }],
  ['Type=oci, DEST =/a=b', { type: 'oci', dest: '/a=b' }],
  ['"src=/tmp/""x""",id=aws', { src: '/tmp/"x"', id: 'aws' }],
  ['type=oci,dest=a\nb', { type: 'oci', dest: 'a\nb' }],
])('reads the entry %s', (text, entry) => {
  expect(parseEntry(text)).toEqual(entry);
});

it('agrees with an argument that HCL has composed: a branch in decomposed letters is the same branch', () => {
  const branch = 'gru\u0308n';
  const named = { ...promised, args: { A: branch } };
  expect(() => requireAgreement([named], definition({ args: { A: branch.normalize('NFC') } }))).not.toThrow();
});
