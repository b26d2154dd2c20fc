import { expect, it } from 'vitest';
import { summarise, type StreamRecord } from '../../src/bake/record.ts';
import { recorded, replay, vertexLine } from './replay.ts';

function recordOf(name: string): StreamRecord {
  return summarise(replay(recorded(name)).trace);
}

/** `executed RUN, pruned WORKDIR`. */
function verdicts(record: StreamRecord): readonly string[] {
  return record.steps.map((s) => `${s.verdict} ${s.name.replace(/ (?:--|printf|echo|http).*/, '')}`).sort();
}

it('a cold build executes every instruction, exports its cache and pushes its image', () => {
  const record = recordOf('buildx-0.29/cold');
  expect(record.totals).toMatchObject({ steps: 6, executed: 6, loaded: 0, pruned: 0, bytesPulled: 0 });
  expect(record.totals.secondsExecuting).toBeCloseTo(1.38, 1);
  expect(record.imports).toEqual([]);
  expect(record.exports).toEqual([
    {
      state: 'written',
      seconds: 0.164,
      manifest: 'sha256:d8de583dda8f8becd9b4da9d113eb8d4242e8fd613263d963e602efcfec99d40',
    },
  ]);
  expect(record.images).toEqual([
    {
      ref: '127.0.0.1:5199/e/app:main',
      digest: 'sha256:5fe304fa164c4caf0bffa6e21f9e774a4ae4cabbba19411bb0bf771f836dc5bf',
    },
  ]);
});

it('buildx 0.13 tells the same as 0.29', () => {
  const { totals, images, exports } = recordOf('buildx-0.13/cold');
  expect(totals).toMatchObject({ steps: 6, executed: 6, loaded: 0, pruned: 0, bytesPulled: 0 });
  expect({ images: images.length, exports: exports.map((e) => e.state) }).toEqual({
    images: 1,
    exports: ['written'],
  });
});

it('a step that was loaded is told from one that was not needed, also after its layers were pulled', () => {
  const record = recordOf('buildx-0.29/pull-request');
  expect(verdicts(record)).toEqual([
    'executed [compile 1/2] COPY src /app/src',
    'executed [compile 2/2] RUN',
    'executed [test 1/2] COPY',
    'executed [test 2/2] RUN',
    'loaded [base 3/3] RUN',
    'pruned [base 2/3] WORKDIR /app',
  ]);
  expect(record.totals).toMatchObject({ executed: 4, loaded: 1, pruned: 1, bytesPulled: 310_308 });
  const pulled = record.steps.filter(({ layersPulled }) => layersPulled.length > 0);
  expect(pulled.every((s) => s.bytesPulled > 0 && s.layersPulled.every((d) => d.startsWith('sha256:')))).toBe(
    true,
  );
  expect(pulled.length).toBeGreaterThan(0);
  expect(record.imports).toEqual([{ ref: '127.0.0.1:5199/e/cache:main', state: 'found', seconds: 0.018 }]);
});

it('a missing source is told apart from those that were found; every export has its own entry', () => {
  const record = recordOf('buildx-0.29/three-sources-two-exports');
  expect(record.imports.map(({ ref, state }) => `${ref.split(':').at(-1)} ${state}`)).toEqual([
    'gone missing',
    'main found',
    'pr-7 found',
  ]);
  expect(record.totals).toMatchObject({ executed: 0, loaded: 1, pruned: 5, importSeconds: 0.018 });
  expect(record.exports.map((e) => e.state)).toEqual(['written', 'written']);
  expect(record.exports[0]?.manifest).toBe(record.exports[1]?.manifest);
});

it('a source with too large a config is told', () => {
  expect(recordOf('buildx-0.29/oversized-source').imports[0]).toMatchObject({
    state: 'oversized',
    error: expect.stringContaining('too large (1102459 > 1048576)'),
  });
});

it('an export that failed without failing the build is told', () => {
  const [refused] = recordOf('buildx-0.29/export-refused').exports;
  expect(refused).toMatchObject({ state: 'failed', error: expect.stringContaining('403 Forbidden') });
  const two = recordOf('buildx-0.29/one-of-two-exports-refused').exports;
  expect(two.map((e) => e.state).sort()).toEqual(['failed', 'written']);
});

it('steps that targets share count once, their time and layers too', () => {
  const record = recordOf('buildx-0.29/two-targets');
  expect(record.totals).toMatchObject({ steps: 7, executed: 5, loaded: 1, pruned: 1, bytesPulled: 310_308 });
  expect(record.imports).toHaveLength(1);
  const shared = record.steps.find((s) => s.name.includes('base 3/3'));
  expect(shared?.seconds).toBeLessThan(0.05);
});

it('a directory in an empty stage that nobody needed did not run', () => {
  expect(verdicts(recordOf('buildx-0.29/workdir-in-empty-stage'))).toEqual([
    'loaded [stage-1 2/2] COPY',
    'pruned [b 2/2] RUN',
    'pruned [stage-1 1/2] WORKDIR /w',
  ]);
});

it('downloads, links and overhead are no steps; heredocs, mounts and padded numbers are', () => {
  expect(verdicts(recordOf('buildx-0.29/add-link-heredoc'))).toEqual([
    'executed [stage-0 2/8] WORKDIR /a',
    'executed [stage-0 3/8] ADD',
    'executed [stage-0 4/8] COPY',
    'executed [stage-0 5/8] COPY <<EOF /g',
    'executed [stage-0 6/8] RUN',
    'executed [stage-0 7/8] RUN',
    'executed [stage-0 8/8] RUN',
  ]);
  expect(recordOf('buildx-0.29/split-output').totals.steps).toBe(10);
});

it('a failed build has one failed step', () => {
  const record = recordOf('buildx-0.29/run-fails');
  expect(record.steps.filter((s) => s.verdict === 'failed').map((s) => s.name.slice(0, 12))).toEqual([
    '[broken 2/2]',
  ]);
});

it.each(['canceled', 'engine-lost'])('a build that was interrupted has no failed step: %s', (name) => {
  const { totals } = recordOf(`buildx-0.29/${name}`);
  expect(totals).toMatchObject({ failed: 0, aborted: 1 });
});

it('a step that was waiting when the build ended did not run', () => {
  const { trace } = replay([vertexLine({})]);
  expect(summarise(trace).steps[0]).toMatchObject({ verdict: 'not-run', seconds: 0 });
});

it('output that BuildKit clipped is told', () => {
  const clipped = recordOf('buildx-0.29/clipped-log').steps.filter((s) => s.logClipped);
  expect(clipped.map((s) => s.name.slice(0, 11))).toEqual(['[noisy 1/1]']);
});

it('an image that could not be pushed is not listed', () => {
  expect(recordOf('buildx-0.29/push-refused').images).toEqual([]);
});
