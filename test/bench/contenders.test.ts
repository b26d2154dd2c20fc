import { expect, test } from 'vitest';
import { CONTENDERS, definitionFor, type Planned } from '../../bake/bench/contenders.ts';

const PLANNED: Planned = {
  targets: [
    {
      name: 'app',
      lane: '',
      tags: ['r/t/images-test:c2'],
      cacheFrom: [
        { role: 'parent', ref: 'r/t/cache-main:c1' },
        { role: 'own', ref: 'r/t/cache-test:pr-7' },
        { role: 'main', ref: 'r/t/cache-main:latest' },
      ],
      cacheTo: [{ ref: 'r/t/cache-test:c2', attributes: 'mode=max' }],
      promote: [{ what: 'cache', to: 'r/t/cache-test:pr-7' }],
    },
  ],
  definition: { target: { app: { context: '.', tags: ['planned'], 'cache-from': ['planned'] } } },
};

test.each([
  ['no cache', [], []],
  ['main only', ['r/t/cache-main:latest'], []],
  [
    'several refs',
    ['r/t/cache-main:c1', 'r/t/cache-test:pr-7', 'r/t/cache-main:latest'],
    ['r/t/cache-test:pr-7', 'r/t/cache-test:c2'],
  ],
  ['inline', ['r/t/images-test:pr-7', 'r/t/images-main:latest'], 'inline'],
  ['local store', [], []],
] as const)(
  'a pull request with %s imports and exports its refs, and keeps the rest of the definition',
  (...given) => {
    const [name, imports, exports] = given;
    const contender = CONTENDERS.find((one) => one.name === name) ?? CONTENDERS[0];
    expect(definitionFor(contender, PLANNED).target['app']).toEqual({
      context: '.',
      tags: name === 'inline' ? ['r/t/images-test:c2', 'r/t/images-test:pr-7'] : ['r/t/images-test:c2'],
      'cache-from': imports.map((ref) => `type=registry,ref=${ref}`),
      'cache-to':
        exports === 'inline' ? ['type=inline'] : exports.map((ref) => `type=registry,ref=${ref},mode=max`),
    });
  },
);
