import type { Clock } from '../platform/clock.ts';
import type { Event, StepUpdate } from '../platform/events.ts';
import { failureLines, ink, type Look, pageLines } from './paint.ts';
import { fit, printable } from './printable.ts';
import { stepBoard, type Running } from './step-board.ts';
import { secondsText } from './step-text.ts';
import { stepText, type Renderer } from './text.ts';

/** The terminal that a live display is drawn on. */
export interface Screen {
  readonly write: (text: string) => void;
  readonly columns: () => number;
  readonly rows: () => number;
}

/** A renderer that needs to be called now and then, to show passing time. */
export interface LiveRenderer extends Renderer {
  /** Call every {@link FRAME_MS}. */
  readonly tick: () => void;
}

/** Milliseconds between two pictures. */
export const FRAME_MS = 100;

const MOST_STEPS = 8;
const HIDE_CURSOR = '\u001B[?25l';
const SHOW_CURSOR = '\u001B[?25h';
/** Terminals that know it show everything in between at once; others ignore it. */
const HOLD = '\u001B[?2026h';
const RELEASE = '\u001B[?2026l';

/**
 * A display for people: what has ended scrolls by, below it the running steps with their time and last line of output.
 * Output of steps is shown only where they fail. Draws at most ten times a second, each time with one write.
 */
export function liveRenderer(look: Look, screen: Screen, clock: Pick<Clock, 'now'>): LiveRenderer {
  const board = stepBoard();
  let queue: string[] = [];
  let height = 0;
  let cursorHidden = false;
  let drawnAt = Number.NEGATIVE_INFINITY;

  const draw = (region: readonly string[]): void => {
    const back = height > 0 ? `\r\u001B[${height}A\u001B[J` : '';
    const lines = [...queue, ...region].map((line) => `${line}\n`).join('');
    queue = [];
    if (back === '' && lines === '') return;
    const hide = region.length > 0 && !cursorHidden;
    screen.write(`${HOLD}${hide ? HIDE_CURSOR : ''}${back}${lines}${RELEASE}`);
    cursorHidden ||= hide;
    height = region.length;
  };

  const tick = (): void => {
    const now = clock.now();
    if (now.getTime() - drawnAt < FRAME_MS) return;
    drawnAt = now.getTime();
    draw(regionLines(look, screen, { running: board.running(), counts: countsText(), now }));
  };

  const countsText = (): string => [...board.counts()].map(([end, count]) => `${count} ${end}`).join(', ');

  const step = (update: StepUpdate): readonly string[] => {
    const change = board.update(update, clock.now());
    if (change.kind === 'failed') return failureLines(look, { ...update, tail: change.tail });
    return change.kind === 'ended' ? [stepText(look, update, change.word)] : [];
  };

  const show = (event: Event): readonly string[] => {
    if (event.type === 'step') return step(event.step);
    if (event.type !== 'log') return pageLines(look, event);
    board.log(event.id, event.lines);
    return [];
  };

  return {
    emit: (event) => {
      queue.push(...show(event));
      tick();
    },
    tick,
    close: () => {
      draw([]);
      if (cursorHidden) screen.write(SHOW_CURSOR);
      cursorHidden = false;
    },
  };
}

/** The lines below the scrolling part, none wider than the screen and never more than it has. */
function regionLines(
  look: Look,
  screen: Screen,
  state: { readonly running: readonly Running[]; readonly counts: string; readonly now: Date },
): readonly string[] {
  if (state.running.length === 0) return [];
  const width = screen.columns() - 1;
  const room = Math.max(1, Math.min(MOST_STEPS, Math.floor((screen.rows() - 2) / 2)));
  const hidden = state.running.length - room;
  const steps = state.running.slice(0, room).flatMap(({ step, since, tail }) => {
    const seconds = secondsText((state.now.getTime() - since.getTime()) / 1000);
    const last = printable(tail.at(-1) ?? '', { colour: false }).trim();
    const name = fit(`${seconds.padStart(7)} ${printable(step.name, { colour: false })}`, width);
    return last === '' ? [name] : [name, ink(look, 'dim', fit(`        │ ${last}`, width))];
  });
  const more = hidden > 0 ? [`${hidden} more running`] : [];
  const summary = [state.counts, ...more].filter((part) => part !== '').join(', ');
  return summary === '' ? steps : [...steps, ink(look, 'dim', fit(`        ${summary}`, width))];
}
