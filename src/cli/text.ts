import type { Event, StepUpdate } from '../platform/events.ts';
import { ink, type Line, type Look, type SafePage, pageOf, type SafeText, shown, words } from './door.ts';
import { failureLines, pageLines } from './paint.ts';
import { stepBoard } from './step-board.ts';
import { shortName, stepLine, stepPrefix } from './step-text.ts';

/** Turns events into text. */
export interface Renderer {
  readonly emit: (event: Event) => void;
  /** Call once at the end. */
  readonly close: () => void;
}

/** The line of a step, as both renderers print it when it has ended. */
export function stepText(look: Look, step: StepUpdate, word: string): SafeText {
  // Cut when it is neutralised: half a sequence would be one.
  const line = shown(stepLine({ ...step, name: shortName(shown(step.name)) }, word));
  if (step.kind === 'export' && step.state === 'failed') return ink(look, 'yellow', line);
  if (word === 'loaded' || word === 'pulled') return ink(look, 'green', line);
  return word === 'pruned' || word === 'started' ? ink(look, 'dim', line) : line;
}

/**
 * Plain lines for CI and pipes. A step has a line when it starts and one when it ends, a cached one only the latter; output
 * comes as it is made, with the step's short name before each line.
 */
export function textRenderer(look: Look, write: (text: SafePage) => void): Renderer {
  const board = stepBoard();
  const names = new Map<string, string>();
  // Plain text shows no running time, so the board's clock may stand.
  const never = new Date(0);
  const print = (lines: readonly Line[]): void => {
    if (lines.length > 0) write(pageOf(look, lines));
  };
  const step = (update: StepUpdate): readonly Line[] => {
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
      const prefix = ink(look, 'cyan', shown(names.get(event.id) ?? ''));
      print(event.lines.map((line) => words`${prefix} ${shown(line, look)}`));
    },
    close: () => {},
  };
}
