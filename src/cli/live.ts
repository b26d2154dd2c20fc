import type { Clock } from '../platform/clock.ts';
import type { Event, StepUpdate } from '../platform/events.ts';
import { framePage, ink, type Line, type Look, type SafePage, shown, SHOWN_CURSOR } from './door.ts';
import { fit } from './fit.ts';
import { eventPainter, failureLines } from './paint.ts';
import { stepBoard, type Running } from './step-board.ts';
import { secondsText } from './step-text.ts';
import { stepLines, type Renderer } from './text.ts';

/** The terminal that a live display is drawn on. */
export interface Screen {
  readonly write: (text: SafePage) => void;
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
/**
 * A display for people: what has ended scrolls by, below it the running steps with their time and last line of output.
 * Output of steps is shown only where they fail. Draws at most ten times a second, each time with one write.
 */
export function liveRenderer(look: Look, screen: Screen, clock: Pick<Clock, 'now'>): LiveRenderer {
  const board = stepBoard();
  const paint = eventPainter(look);
  let queue: Line[] = [];
  let height = 0;
  let cursorHidden = false;
  let drawnAt = Number.NEGATIVE_INFINITY;

  const draw = (region: readonly Line[]): void => {
    const lines = [...queue, ...region];
    queue = [];
    if (height === 0 && lines.length === 0) return;
    const hide = region.length > 0 && !cursorHidden;
    screen.write(framePage(look, { back: height, hide, lines }));
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

  const step = (update: StepUpdate): readonly Line[] => {
    const change = board.update(update, clock.now());
    if (change.kind === 'failed') return failureLines(look, { ...update, tail: change.tail });
    return change.kind === 'ended' ? stepLines(look, update, change.word) : [];
  };

  const show = (event: Event): readonly Line[] => {
    if (event.type === 'step') return step(event.step);
    if (event.type === 'record') return [];
    if (event.type !== 'log') return paint(event);
    board.log(event.id, event.lines);
    return [];
  };

  const pause = (): void => {
    draw([]);
    if (cursorHidden) screen.write(SHOWN_CURSOR);
    cursorHidden = false;
  };

  return {
    emit: (event) => {
      queue.push(...show(event));
      tick();
    },
    tick,
    pause,
    close: pause,
  };
}

/** The lines below the scrolling part, none wider than the screen and never more than it has. */
function regionLines(
  look: Look,
  screen: Screen,
  state: { readonly running: readonly Running[]; readonly counts: string; readonly now: Date },
): readonly Line[] {
  if (state.running.length === 0) return [];
  const width = screen.columns() - 1;
  const room = Math.max(1, Math.min(MOST_STEPS, Math.floor((screen.rows() - 2) / 2)));
  const hidden = state.running.length - room;
  const steps = state.running.slice(0, room).flatMap(({ step, since, tail }) => {
    const seconds = secondsText((state.now.getTime() - since.getTime()) / 1000);
    const last = shown(tail.at(-1) ?? '').trim();
    // Neutralised before and after: a cut can go through what belongs together.
    const name = shown(fit(`${seconds.padStart(7)} ${shown(step.name)}`, width));
    return last === '' ? [name] : [name, ink(look, 'dim', shown(fit(`        │ ${last}`, width)))];
  });
  const more = hidden > 0 ? [`${hidden} more running`] : [];
  const summary = [state.counts, ...more].filter((part) => part !== '').join(', ');
  return summary === '' ? steps : [...steps, ink(look, 'dim', shown(fit(`        ${summary}`, width)))];
}
