import type { Event, StepUpdate } from '../platform/events.ts';
import { failureLines, ink, type Look, pageLines } from './paint.ts';
import { printable } from './printable.ts';
import { stepBoard } from './step-board.ts';
import { shortName, stepLine, stepPrefix } from './step-text.ts';

/** Turns events into text. */
export interface Renderer {
  readonly emit: (event: Event) => void;
  /** Call once at the end. */
  readonly close: () => void;
}

/** The line of a step, as both renderers print it when it has ended. */
export function stepText(look: Look, step: StepUpdate, word: string): string {
  const name = shortName(printable(step.name, { colour: false }));
  const error = step.error === undefined ? {} : { error: printable(step.error, { colour: false }) };
  const line = stepLine({ ...step, name, ...error }, word);
  if (step.kind === 'export' && step.state === 'failed') return ink(look, 'yellow', line);
  if (word === 'loaded' || word === 'pulled') return ink(look, 'green', line);
  return word === 'pruned' || word === 'started' ? ink(look, 'dim', line) : line;
}

/**
 * Plain lines for CI and pipes. A step has a line when it starts and one when it ends, a cached one only the latter; output
 * comes as it is made, with the step's short name before each line.
 */
export function textRenderer(look: Look, write: (text: string) => void): Renderer {
  const board = stepBoard();
  const names = new Map<string, string>();
  // Plain text shows no running time, so the board's clock may stand.
  const never = new Date(0);
  const print = (lines: readonly string[]): void => {
    if (lines.length > 0) write(`${lines.join('\n')}\n`);
  };
  const step = (update: StepUpdate): readonly string[] => {
    names.set(update.id, stepPrefix(update.name));
    const change = board.update(update, never);
    if (change.kind === 'silent') return [];
    if (change.kind === 'failed') return failureLines(look, { ...update, tail: change.tail });
    return [stepText(look, update, change.kind === 'started' ? 'started' : change.word)];
  };
  return {
    emit: (event) => {
      if (event.type === 'step') return print(step(event.step));
      if (event.type !== 'log') return print(pageLines(look, event));
      board.log(event.id, event.lines);
      const prefix = printable(names.get(event.id) ?? '', { colour: false });
      print(event.lines.map((line) => `${ink(look, 'cyan', prefix)} ${printable(line, look)}`));
    },
    close: () => {},
  };
}
