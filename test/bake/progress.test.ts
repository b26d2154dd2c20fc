import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { progressReader } from '../../src/bake/progress-line.ts';
import type { Event } from '../../src/platform/events.ts';
import { logLine, recorded, replay, vertexLine } from './replay.ts';

const START = '2026-01-01T00:00:00.000000001Z';
const END = '2026-01-01T00:00:01.5Z';

function told(events: readonly Event[]): readonly string[] {
  return events.flatMap((e) => {
    if (e.type === 'log') return e.lines.map((line) => `| ${line}`);
    if (e.type !== 'step' || e.step.kind === 'internal') return [];
    return `${e.step.state} ${e.step.name.slice(0, 22)}`;
  });
}

it('steps and their output are told in order, while they happen', () => {
  expect(told(replay(recorded('buildx-0.29/run-fails')).events)).toEqual([
    'started importing cache manife',
    'executed importing cache manife',
    'pruned [base 2/3] WORKDIR /ap',
    'loaded [base 3/3] RUN --netwo',
    'started [base 3/3] RUN --netwo',
    'loaded [base 3/3] RUN --netwo',
    'started [base 3/3] RUN --netwo',
    'loaded [base 3/3] RUN --netwo',
    'started [broken 1/2] RUN --net',
    '| step one',
    'executed [broken 1/2] RUN --net',
    'started [broken 2/2] RUN --net',
    '| about to fail',
    '| line 1',
    '| line 2',
    '| line 3',
    '| line 4',
    '| error: no such thing',
    'failed [broken 2/2] RUN --net',
  ]);
});

it('the indented stream of buildx 0.13 tells the same', () => {
  const { events, trace } = replay(recorded('buildx-0.13/run-fails'));
  expect(told(events).slice(-7)).toEqual(told(replay(recorded('buildx-0.29/run-fails')).events).slice(-7));
  expect(trace.said.at(-1)).toMatch(/^ERROR: failed to solve: process/);
  expect(trace.said.length).toBeLessThan(12);
});

it('plain text beside the stream is kept for error messages', () => {
  const { trace } = replay([
    '{"unrelated": 1}',
    '{not json',
    '{',
    '  "half":',
    'ERROR: failed',
    vertexLine({}),
  ]);
  expect(trace.said).toEqual(['{"unrelated": 1}', '{not json', '{', '  "half":', 'ERROR: failed']);
  expect(trace.vertices).toHaveLength(1);
});

it('no text can break the reader', () => {
  expect.hasAssertions();
  fc.assert(
    fc.property(
      fc.array(fc.oneof(fc.string(), fc.constantFrom('{', '}', '  "a": 1')), { size: '+1' }),
      (lines) => {
        expect(() => replay(lines)).not.toThrow();
      },
    ),
  );
});

it('an object spread over lines reads like the same object on one', () => {
  const update = JSON.parse(vertexLine({ started: START })) as unknown;
  const read = progressReader();
  const spread = JSON.stringify(update, null, 2).split('\n').flatMap(read);
  expect(spread).toEqual(progressReader()(JSON.stringify(update)));
});

it('output cut anywhere, also inside a character, is told as the same whole lines', () => {
  expect.hasAssertions();
  const text = 'no end of line … é€\r\nDownloading 1 %\rDownloading 100 %\n\n  last 𝄞';
  const lines = ['no end of line … é€', 'Downloading 100 %', '', '  last 𝄞'];
  const bytes = Buffer.from(text);
  fc.assert(
    fc.property(fc.array(fc.nat({ max: bytes.length })), (cuts) => {
      const at = [0, ...cuts.sort((a, b) => a - b), bytes.length];
      const chunks = at.slice(1).map((to, i) => logLine(bytes.subarray(at[i], to)));
      const { events } = replay([
        vertexLine({ started: START }),
        ...chunks,
        vertexLine({ started: START, completed: END }),
      ]);
      expect(events.flatMap((e) => (e.type === 'log' ? e.lines : []))).toEqual(lines);
    }),
  );
});

it('a recorded step that cuts a character in two is told whole', () => {
  const { events } = replay(recorded('buildx-0.29/split-output'));
  expect(events.flatMap((e) => (e.type === 'log' ? e.lines : []))[0]).toBe('no end of line … é€');
});

it('standard output and standard error of a step do not mix within a line', () => {
  const { events } = replay([
    vertexLine({ started: START }),
    logLine('out', 1),
    logLine('error\n', 2),
    logLine('put\n', 1),
  ]);
  expect(told(events)).toEqual(['started [a 1/1] RUN x', '| error', '| output', 'aborted [a 1/1] RUN x']);
});

it('an endless line and an endless progress bar are told in pieces of bounded size', () => {
  const chunk = logLine('x'.repeat(50_000));
  const bar = logLine(`\r${'='.repeat(70)}`.repeat(1_000));
  const { events } = replay([vertexLine({ started: START }), chunk, chunk, bar, bar]);
  const lines = events.flatMap((e) => (e.type === 'log' ? e.lines : []));
  expect(Math.max(...lines.map((l) => l.length))).toBeLessThanOrEqual(16 * 1024);
  expect(lines.join('').length).toBe(100_000 + 70);
});

it('output that comes together with the end of its step is told before that end', () => {
  const both = {
    ...(JSON.parse(vertexLine({ started: START, completed: END })) as object),
    ...(JSON.parse(logLine('done\n')) as object),
  };
  expect(told(replay([JSON.stringify(both)]).events)).toEqual([
    'started [a 1/1] RUN x',
    '| done',
    'executed [a 1/1] RUN x',
  ]);
});

it('a step whose end was never told is aborted when the process has ended', () => {
  expect(told(replay(recorded('buildx-0.29/engine-lost')).events).slice(-3)).toEqual([
    'started [slow 1/1] RUN --netwo',
    '| sleeping',
    'aborted [slow 1/1] RUN --netwo',
  ]);
});

it('the first update again changes nothing', () => {
  const line = vertexLine({ started: START, completed: END });
  expect(replay([line, line, line]).events).toEqual(replay([line]).events);
});

it("findings of BuildKit's checks are kept once each", () => {
  expect(replay(recorded('buildx-0.29/split-output')).trace.warnings).toEqual([
    "FromAsCasing: 'as' and 'FROM' keywords' casing do not match (line 1)",
  ]);
});
