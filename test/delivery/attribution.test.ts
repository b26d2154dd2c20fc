import { expect, test } from 'vitest';
import { attribute } from '../../src/delivery/attribution.ts';
import { donorsInOrder } from '../../src/delivery/ledger.ts';
import { digestOf } from '../registry/fixture-registry.ts';

const [a, b, c] = ['a', 'b', 'c'].map((text) => digestOf(Buffer.from(text))) as [
  ReturnType<typeof digestOf>,
  ReturnType<typeof digestOf>,
  ReturnType<typeof digestOf>,
];
const piped = (digest: typeof a, donor: string, bytes: number) =>
  ({ digest, donor, bytes, way: 'piped', seconds: 1 }) as const;

test('each donor is told with its layers, its bytes, the steps that needed them and what it did not give', () => {
  const served = [piped(a, 'main', 10), piped(a, 'main', 4), piped(b, 'own', 7)];
  const failures = [{ digest: b, donor: 'main', because: 'it is not there' }];
  const steps = [
    { name: 'RUN install', layersPulled: [a] },
    { name: 'COPY assets', layersPulled: [b, a] },
    { name: 'RUN test', layersPulled: [] },
    { name: 'FROM elsewhere', layersPulled: [c] },
  ];
  expect(attribute(['main', 'own', 'base'], { served, failures }, steps)).toEqual([
    {
      donor: 'main',
      layers: [a],
      bytes: 14,
      steps: ['RUN install', 'COPY assets'],
      failures: [{ digest: b, because: 'it is not there' }],
    },
    { donor: 'own', layers: [b], bytes: 7, steps: ['COPY assets'], failures: [] },
    { donor: 'base', layers: [], bytes: 0, steps: [], failures: [] },
  ]);
});

test('donors are asked in their order; after a redirect that led nowhere and after a failure, here or at another layer, others are first', () => {
  const donors = ['one', 'two', 'three'];
  const empty = { served: [], failures: [] };
  expect(donorsInOrder(a, donors, empty)).toEqual(donors);
  const redirected = { ...piped(a, 'one', 1), way: 'redirected' as const };
  expect(donorsInOrder(a, donors, { ...empty, served: [redirected] })).toEqual(['two', 'three', 'one']);
  const failed = { digest: a, donor: 'two', because: 'gone' };
  const both = { served: [redirected], failures: [failed] };
  expect(donorsInOrder(a, donors, both)).toEqual(['three', 'one', 'two']);
  expect(donorsInOrder(b, donors, both)).toEqual(['one', 'three', 'two']);
});
