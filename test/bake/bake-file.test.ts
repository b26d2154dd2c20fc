import { expect, it } from 'vitest';
import { bakeFile } from '../../src/bake/bake-file.ts';

const results = [{ name: 'app', tags: ['ours/app:1'], cacheTo: [], output: ['type=registry'] }];
const options = { results, cacheFrom: [], printsEscaped: true };

it('bakes the planned targets and what they are made from, and nothing else that the files define', () => {
  const raw = {
    target: {
      app: { contexts: { a: 'target:lib' } },
      lib: { contexts: { b: 'target:deep', c: 'target:app' } },
      deep: {},
      evil: { tags: ['theirs/main:latest'] },
    },
  };
  const { target } = bakeFile(raw, options) as { readonly target: object };
  expect(Object.keys(target)).toEqual(['app', 'lib', 'deep']);
});

it.each(['tags', 'output', 'cache-to', 'cache-from'])(
  'lets no %s of the files through, in a planned target or in a linked one',
  (key) => {
    const theirs = { [key]: ['type=registry,ref=theirs/main:latest'] };
    const raw = { target: { app: { contexts: { a: 'target:lib' }, ...theirs }, lib: theirs } };
    expect(JSON.stringify(bakeFile(raw, options))).not.toContain('theirs');
  },
);

it('gives secrets of the build to planned targets only, beside their own', () => {
  const raw = {
    target: { app: { contexts: { a: 'target:lib' }, secret: [{ id: 'own' }] }, lib: {} },
  };
  expect(bakeFile(raw, { ...options, secrets: ['id=aws,src=/run/x'] })).toMatchObject({
    target: { app: { secret: [{ id: 'own' }, 'id=aws,src=/run/x'] }, lib: {} },
  });
});

it('gives a build argument another value where a target has it, a linked one too, and adds none', () => {
  const raw = {
    target: {
      app: { contexts: { a: 'target:lib' }, args: { USE: '1', OTHER: '1' } },
      lib: { args: { USE: '1' } },
    },
  };
  expect(bakeFile(raw, { ...options, args: { USE: '0', UNKNOWN: '0' } })).toMatchObject({
    target: { app: { args: { USE: '0', OTHER: '1' } }, lib: { args: { USE: '0' } } },
  });
  expect(JSON.stringify(bakeFile(raw, { ...options, args: { UNKNOWN: '0' } }))).not.toContain('UNKNOWN');
});

it('spells what this buildx has not escaped, and leaves what it has', () => {
  const target = { context: '${dir}', args: { 'k${x}': '$${v}' }, secret: [{ src: '%{f}' }] };
  expect(bakeFile({ target: { app: target } }, options)).toMatchObject({
    target: { app: { context: '$${dir}', args: { 'k$${x}': '$${v}' }, secret: [{ src: '%%{f}' }] } },
  });
  expect(bakeFile({ target: { app: target } }, { ...options, printsEscaped: false })).toMatchObject({
    target: { app: { args: { 'k$${x}': '$$${v}' } } },
  });
});

it.each(['__proto__', 'constructor', 'lib'])('bakes no linked target %s that was not judged', (name) => {
  const raw = JSON.parse(`{"target": {"app": {"contexts": {"a": "target:${name}"}}}}`);
  expect(() => bakeFile(raw, options)).toThrow(`no readable target '${name}'`);
});
