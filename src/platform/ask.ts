import { createInterface } from 'node:readline/promises';
import type { Readable, Writable } from 'node:stream';

/** Both ends of the terminal where somebody sits. */
export interface Sitting {
  readonly input: Readable;
  readonly output: Writable;
}

/** Options of {@link askAt}. */
export interface AskOptions {
  readonly signal: AbortSignal;
  /** In raw mode the terminal hands over Ctrl-C as a key. */
  readonly interrupt: () => void;
}

/**
 * Asks, and answers with the line; with `undefined` where there is no line any more (Ctrl-D, a terminal that has gone). Rejects where
 * `signal` aborts.
 */
export async function askAt(
  { input, output }: Sitting,
  question: string,
  { signal, interrupt }: AskOptions,
): Promise<string | undefined> {
  // It ended at an earlier question, and will not say so again.
  if (input.readableEnded) return undefined;
  const terminal = createInterface({ input, output });
  terminal.on('SIGINT', interrupt);
  // Typed ahead, Ctrl-D is an end of the input: the question would never be answered.
  const ended = new Promise<undefined>((resolve) => {
    // A line right before it is the answer.
    terminal.once('close', () => setImmediate(() => resolve(undefined)));
  });
  try {
    // The terminal edits its last line only; a prompt of many would be drawn again and again.
    const line = question.lastIndexOf('\n') + 1;
    output.write(question.slice(0, line));
    const answer = await Promise.race([answerTo(terminal.question(question.slice(line), { signal })), ended]);
    signal.throwIfAborted();
    if (answer === undefined) output.write('\n');
    return answer;
  } finally {
    terminal.close();
  }
}

/** `undefined` where the question was not answered: readline rejects it at Ctrl-D, and where it is aborted. */
async function answerTo(question: Promise<string>): Promise<string | undefined> {
  try {
    return await question;
  } catch {
    return undefined;
  }
}
