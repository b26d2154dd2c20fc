import { expect, test } from 'vitest';
import { followProgress } from '../../../src/bake/progress.ts';
import { summarise } from '../../../src/bake/record.ts';
import { stepLimit } from '../../../src/ami/warm/step-limit.ts';
import { totalBytes } from '../../../src/ami/warm/store-bytes.ts';
import { judgeWarmth, storeUse, warmthTag, type StoreUse } from '../../../src/ami/warm/warmth.ts';

const WARM: StoreUse = { executed: 0, loaded: 22, executedSteps: [], pulledLayers: 0, pulledBytes: 0 };
const warmed = { use: { ...WARM, pulledLayers: 30, pulledBytes: 9e9 }, seconds: 400 };
const judge = (use: Partial<StoreUse>, bytes = 31e9) =>
  judgeWarmth(warmed, { use: { ...WARM, ...use }, seconds: 4 }, { bytes, minimumBytes: 20e9 });

test('a store that serves everything and is large enough is warm; its numbers go into one tag', () => {
  const verdict = judge({});
  if (!verdict.warm) throw new Error(verdict.because.join());
  const tag = warmthTag(verdict.warmth);
  expect(tag).toBe(
    'executed=0 loaded=22 bytes=31000000000 seconds=4 warmed-executed=0 warmed-loaded=22 warmed-seconds=400',
  );
  expect(tag.length).toBeLessThan(256);
});

test.each([
  [
    'one step',
    judge({ executed: 1, executedSteps: ['[tools 1/1] RUN make'] }),
    '1 steps were executed without imports: [tools 1/1] RUN make',
  ],
  [
    'one layer, of a base image even',
    judge({ pulledLayers: 1, pulledBytes: 3e6 }),
    '1 layers were pulled (3.0 MB)',
  ],
  ['nothing seen at all', judge({ loaded: 0 }), 'no step was seen at all'],
  ['a small store', judge({}, 48e3), 'the store holds 0.0 MB, at least 20.0 GB are expected'],
])('%s is enough to be cold', (_, verdict, because) => {
  expect(verdict).toEqual({ warm: false, because: [because] });
});

/** Lines of a stream: one vertex with what is given. */
const vertex = (name: string, more: object): string =>
  JSON.stringify({ vertexes: [{ digest: `sha256:${name}`, name, inputs: ['sha256:0'], ...more }] });
const pulling = (name: string, id: string): string =>
  JSON.stringify({ statuses: [{ id, vertex: `sha256:${name}`, current: 5 }] });
const LAYER = `sha256:${'a'.repeat(64)}`;

test('the base image counts as pulled, the collecting stage does not count as a step', () => {
  const follow = followProgress(() => undefined);
  const ran = { started: '2026-01-01T00:00:00Z', completed: '2026-01-01T00:00:01Z' };
  follow.line(vertex('[base 1/2] FROM r.io/base:1', ran));
  follow.line(pulling('[base 1/2] FROM r.io/base:1', LAYER));
  follow.line(vertex('[warmbake-warm 1/1] COPY --from=base /.warmbake-none* /', ran));
  follow.line(vertex('[base 2/2] RUN make', { ...ran, cached: true }));
  const trace = follow.end();
  expect(storeUse(trace, summarise(trace))).toEqual({
    executed: 0,
    loaded: 1,
    executedSteps: [],
    pulledLayers: 1,
    pulledBytes: 5,
  });
});

test.each([
  ['a step that works', [vertex('[a 1/1] RUN make', { started: 'now' })], '[a 1/1] RUN make'],
  [
    'a step that has ended',
    [
      vertex('[a 1/1] RUN make', { started: 'now' }),
      vertex('[a 1/1] RUN make', { started: 'now', completed: 'now' }),
    ],
    undefined,
  ],
  ['a step that is loaded', [vertex('[a 1/1] RUN make', { started: 'now', cached: true })], undefined],
  [
    'a step whose layers are pulled',
    [vertex('[a 1/1] RUN make', { started: 'now' }), pulling('[a 1/1] RUN make', LAYER)],
    undefined,
  ],
  [
    'a step whose layers are unpacked',
    [vertex('[a 1/1] RUN make', { started: 'now' }), pulling('[a 1/1] RUN make', `extracting ${LAYER}`)],
    undefined,
  ],
  ['a base image that takes long', [vertex('[a 1/2] FROM r.io/base', { started: 'now' })], undefined],
  ['an upload of the context', [vertex('[internal] load build context', { started: 'now' })], undefined],
])('after the limit, overdue is: %s', (_, lines, name) => {
  const limit = stepLimit(120_000, () => 0);
  for (const line of lines) limit.line(line);
  expect(limit.overdue(120_000)).toBeUndefined();
  expect(limit.overdue(121_000)).toEqual(name === undefined ? undefined : { name, seconds: 121 });
});

test.each([
  ['ID\tRECLAIMABLE\tSIZE\nReclaimable:\t0B\nTotal:\t\t0B\n', 0],
  ['Shared:\t\t5.5kB\nTotal:\t\t113.2MB\n', 113_200_000],
  ['Total:\t\t31.04GB', 31_040_000_000],
  ['ERROR: no builder', undefined],
])('the total of `buildx du` is read', (text, bytes) => {
  expect(totalBytes(text)).toBe(bytes);
});
