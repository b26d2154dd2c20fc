import { expect, it } from 'vitest';
import { FRAME_MS, liveRenderer, type LiveRenderer } from '../../src/cli/live.ts';
import type { Event, StepUpdate } from '../../src/platform/events.ts';
import { recorded, replay } from '../bake/replay.ts';
import { VirtualTerminal } from './vt.ts';

interface Stage {
  readonly terminal: VirtualTerminal;
  readonly live: LiveRenderer;
  readonly pass: (milliseconds: number) => void;
}

function stage(columns = 60, rows = 24): Stage {
  const terminal = new VirtualTerminal(columns);
  let now = 0;
  const screen = { write: (text: string) => terminal.write(text), columns: () => columns, rows: () => rows };
  const live = liveRenderer({ colour: true, log: 'plain' }, screen, { now: () => new Date(now) });
  return {
    terminal,
    live,
    pass: (milliseconds) => {
      now += milliseconds;
      live.tick();
    },
  };
}

function step(id: string, state: StepUpdate['state'], name = `[build ${id}/9] RUN make ${id}`): Event {
  const seconds = state === 'started' ? {} : { seconds: 2 };
  return { type: 'step', step: { id, name, kind: 'instruction', state, ...seconds } };
}

it('running steps stand below with their time and last output; ended ones scroll by', () => {
  const { terminal, live, pass } = stage();
  live.emit({ type: 'section', title: 'Building test' });
  live.emit(step('1', 'started'));
  live.emit({ type: 'log', id: '1', lines: ['cc a.c', 'cc b.c'] });
  pass(1_500);
  live.emit(step('2', 'loaded'));
  live.emit(step('3', 'started'));
  pass(500);
  expect(terminal.lines).toEqual([
    '== Building test',
    '   2.0s loaded    [build 2/9] RUN make 2',
    '   2.0s [build 1/9] RUN make 1',
    '        │ cc b.c',
    '   0.5s [build 3/9] RUN make 3',
    '        1 loaded',
  ]);
  live.emit(step('1', 'executed'));
  pass(FRAME_MS);
  expect(terminal.lines.slice(2)).toEqual([
    '   2.0s executed  [build 1/9] RUN make 1',
    '   0.6s [build 3/9] RUN make 3',
    '        1 loaded, 1 executed',
  ]);
  live.close();
  expect(terminal.lines.at(-1)).toBe('   2.0s executed  [build 1/9] RUN make 1');
});

it('the cursor is hidden while something is drawn, and comes back', () => {
  const { terminal, live, pass } = stage();
  live.emit(step('1', 'started'));
  pass(FRAME_MS);
  expect(terminal.cursorVisible).toBe(false);
  live.emit(step('1', 'executed'));
  pass(FRAME_MS);
  live.close();
  expect(terminal.cursorVisible).toBe(true);
});

it('there are at most ten pictures a second, one write each, however much is told', () => {
  const { terminal, live, pass } = stage();
  live.emit(step('1', 'started'));
  for (let i = 0; i < 1_000; i++) {
    live.emit({ type: 'log', id: '1', lines: [`line ${i}`] });
    pass(1);
  }
  expect(terminal.writes).toBeLessThanOrEqual(11);
  pass(FRAME_MS);
  expect(terminal.lines.at(-1)).toBe('        │ line 999');
});

it('no line of the region is wider than the screen, and the region fits on it', () => {
  const { terminal, live, pass } = stage(30, 8);
  for (const id of ['1', '2', '3', '4', '5']) {
    live.emit(step(id, 'started', `[build ${id}/9] RUN ${'字 long '.repeat(20)}`));
    live.emit({ type: 'log', id, lines: ['y'.repeat(200)] });
  }
  pass(FRAME_MS);
  pass(FRAME_MS);
  expect(terminal.lines).toHaveLength(7);
  expect(Math.max(...terminal.lines.map((l) => l.length))).toBeLessThan(30);
  expect(terminal.lines.at(-1)).toBe('        2 more running');
});

it('a failed step is shown with its last output, a recorded build leaves only lines', () => {
  const { terminal, live, pass } = stage(500);
  for (const event of replay(recorded('buildx-0.29/run-fails')).events) {
    live.emit(event);
    pass(7);
  }
  live.close();
  expect(terminal.lines.map((l) => l.slice(0, 40))).toEqual([
    '   0.0s imported  importing cache manife',
    '   0.0s pruned    [base 2/3] WORKDIR /ap',
    '   0.0s loaded    [base 3/3] RUN --netwo',
    '   0.1s executed  [broken 1/2] RUN --net',
    '== failed: [broken 2/2] RUN --network=no',
    '  about to fail',
    '  line 1',
    '  line 2',
    '  line 3',
    '  line 4',
    '  error: no such thing',
    '  exit code: 7',
  ]);
});

it('control characters in output do not break the screen', () => {
  const { terminal, live, pass } = stage();
  for (const event of replay(recorded('buildx-0.29/split-output')).events) {
    live.emit(event);
    pass(FRAME_MS);
  }
  live.emit({
    type: 'step',
    step: { id: 'x', name: 'a\u001B[2Jb\nc', kind: 'instruction', state: 'started' },
  });
  live.emit({ type: 'log', id: 'x', lines: ['\u001B[31mred\u001B[5A\u0007'] });
  pass(FRAME_MS);
  expect(terminal.lines.slice(-3, -1)).toEqual(['   0.1s ab c', '        │ red']);
});

it('a question right after a step has the terminal for itself: nothing below it, and a cursor', () => {
  const { terminal, live, pass } = stage();
  live.emit(step('1', 'started'));
  pass(FRAME_MS);
  expect(terminal.cursorVisible).toBe(false);
  live.emit(step('1', 'executed'));
  live.pause();
  expect(terminal.lines.filter((line) => line !== '')).toEqual(['   2.0s executed  [build 1/9] RUN make 1']);
  expect(terminal.cursorVisible).toBe(true);
  live.emit(step('2', 'started'));
  pass(FRAME_MS);
  expect(terminal.lines.join('\n')).toContain('[build 2/9] RUN make 2');
});
