import type { Event, StepUpdate } from '../platform/events.ts';
import type { Host } from '../platform/host.ts';
import { ink, type Line, type Look, type SafePage, pageOf, type SafeText, shown, words } from './door.ts';
import { columnsOf, cutText } from './fit.ts';
import { logChapters } from './log-chapters.ts';
import { eventPainter, failureLines } from './paint.ts';
import { stepBoard } from './step-board.ts';
import { shortName, stepLine, stepPrefix } from './step-text.ts';
import { wrapped } from './wrap.ts';

/** Turns events into text. */
export interface Renderer {
  readonly emit: (event: Event) => void;
  /** Leaves the terminal to a question: all events so far are shown, and nothing stands below them. */
  readonly pause: () => void;
  /** Call once at the end. */
  readonly close: () => void;
}

/** The line of a step, as both renderers print it when it has ended; its name is cut where the line would not fit. */
export function stepLines(look: Look, step: StepUpdate, word: string): readonly SafeText[] {
  const width = look.columns?.();
  // Cut when it is neutralised: half a sequence would be one.
  const name = shortName(shown(step.name));
  const line = shown(stepLine({ ...step, name }, word));
  if (width === undefined || columnsOf(line) <= width) return [coloured(look, { step, word, line })];
  if (line.endsWith(name)) return [coloured(look, { step, word, line: shown(cutText(line, width)) })];
  const [first = '', ...more] = wrapped(line, { width, hang: STEP_NAME }).map((part) => shown(part));
  return [coloured(look, { step, word, line: shown(first) }), ...more];
}

/** The column that a step's name stands in. */
const STEP_NAME = 18;

/** How it ended has a colour; what people read has that of their terminal. */
function coloured(
  look: Look,
  { step, word, line }: { readonly step: StepUpdate; readonly word: string; readonly line: SafeText },
): SafeText {
  if (word === 'pruned' || word === 'started') return ink(look, 'dim', line);
  const isLost = step.kind === 'export' && step.state === 'failed';
  const isWarm = word === 'loaded' || word === 'pulled';
  const at = line.indexOf(word);
  if (at < 0 || (!isLost && !isWarm)) return line;
  const told = ink(look, isLost ? 'magenta' : 'green', shown(word));
  return words`${shown(line.slice(0, at))}${told}${shown(line.slice(at + word.length))}`;
}

/**
 * Plain lines for CI and pipes. A step has a line when it starts and one when it ends, a cached one only the latter; output
 * comes as it is made, with the step's short name before each line.
 */
export function textRenderer(
  look: Look,
  write: (text: SafePage) => void,
  run: Pick<Host, 'clock' | 'random'>,
): Renderer {
  const board = stepBoard();
  const paint = eventPainter(look);
  const names = new Map<string, string>();
  const chapters = logChapters(look, run);
  // Plain text shows no running time, so the board's clock may stand.
  const never = new Date(0);
  const print = (lines: readonly Line[]): void => {
    if (lines.length > 0) write(pageOf(look, chapters.marked(lines)));
  };
  const step = (update: StepUpdate): readonly Line[] => {
    names.set(update.id, stepPrefix(update.name));
    const change = board.update(update, never);
    if (change.kind === 'silent') return [];
    if (change.kind === 'failed') return failureLines(look, { ...update, tail: change.tail });
    return stepLines(look, update, change.kind === 'started' ? 'started' : change.word);
  };
  return {
    pause: () => undefined,
    emit: (event) => {
      if (event.type === 'step') return print(step(event.step));
      if (event.type === 'record') return;
      if (event.type !== 'log') return print(paint(event));
      board.log(event.id, event.lines);
      const prefix = ink(look, 'bold', shown(names.get(event.id) ?? ''));
      print(event.lines.map((line) => words`${prefix} ${shown(line, look)}`));
    },
    close: () => print(chapters.ended()),
  };
}
