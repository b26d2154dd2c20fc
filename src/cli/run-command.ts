import { EXIT_CODE, WarmbakeError, errorDocument, exitCodeOf, messageOf } from '../platform/errors.ts';
import type { Host } from '../platform/host.ts';
import type { CommandOutcome, CommandSpec, Input } from './command.ts';
import {
  annotationLine,
  jsonLine,
  jsonPage,
  type Line,
  type Look,
  messageLines,
  type SafePage,
  pageOf,
  textPage,
} from './door.ts';
import { pagePainter } from './page.ts';
import { annotated, headedLines } from './paint.ts';
import { type Streams, eventRenderer, looksOf } from './renderer.ts';
import { requireTrustedJob } from './trusted-job.ts';

/** The host but for the receiver of events, which is made here, and the two streams. */
export type Surroundings = Omit<Host, 'emit' | 'ask'> & {
  readonly streams: Streams;
  readonly ask?: (question: SafePage) => Promise<string | undefined>;
  /** Why no command can be run on this machine. */
  readonly unfit?: WarmbakeError;
};

/** Runs a command, prints what it leaves and answers with the exit code; never rejects. */
export async function runCommand(
  spec: CommandSpec & { readonly name: string },
  input: Input,
  { streams, ask, unfit, ...rest }: Surroundings,
): Promise<number> {
  const looks = looksOf(streams, rest.env, { wide: input.options['wide'] === true });
  const renderer = eventRenderer(streams, { ...rest, look: looks.err });
  const json = input.options['json'] === true;
  const print = (document: object): void =>
    streams.out((spec.documentLines === true ? jsonLine : jsonPage)(looks.out, document));
  const host: Host = {
    ...rest,
    emit: (event) => {
      if (event.type !== 'record') renderer.emit(event);
      else if (json) print({ schemaVersion: 1, ...event.record });
    },
    ...(ask === undefined
      ? {}
      : {
          ask: async (about, question) => {
            renderer.pause();
            streams.err(pageOf(looks.err, about.flatMap(pagePainter(looks.err))));
            return await ask(textPage(looks.err, question));
          },
        }),
  };
  const tell = (error: unknown): number => {
    streams.err(pageOf(looks.err, errorLines(looks.err, error)));
    return exitCodeOf(error);
  };
  try {
    if (unfit !== undefined) throw unfit;
    if (spec.changesShared(input)) await requireTrustedJob(host, input, spec.name);
    const outcome = await spec.run(host, input);
    renderer.close();
    if (json) print({ schemaVersion: 1, ...outcome.json });
    else printText(streams, looks.out, outcome);
    const exitCode = outcome.error === undefined ? (outcome.exitCode ?? 0) : tell(outcome.error);
    const { closing } = outcome;
    if (closing !== undefined)
      streams.err(pageOf(looks.err, pagePainter(looks.err)({ type: 'line', text: closing })));
    return exitCode;
  } catch (thrown) {
    renderer.close();
    const error: unknown = host.signal.aborted ? host.signal.reason : thrown;
    if (json) print({ schemaVersion: 1, ...spec.notStarted?.(input), error: errorDocument(error) });
    return tell(error);
  }
}

function printText({ out }: Streams, look: Look, { text, page }: CommandOutcome): void {
  if (text !== undefined) out(textPage(look, text));
  if (page !== undefined) out(pageOf(look, page.flatMap(pagePainter(look))));
}

/** Says what went wrong. Anything that is not ours is a defect and shows its stack. */
function errorLines(look: Look, error: unknown): readonly Line[] {
  const stack =
    exitCodeOf(error) === EXIT_CODE.defect && error instanceof Error
      ? [...messageLines('', error.stack ?? ''), ...messageLines('', 'this is a defect of warmbake')]
      : [];
  return [...(look.log === 'github' ? annotationLines(look, error) : toldLines(look, error)), ...stack];
}

function toldLines(look: Look, error: unknown): readonly Line[] {
  const hint = error instanceof WarmbakeError ? error.hint : undefined;
  return [
    ...headedLines(look, 'error:', { text: messageOf(error), colour: 'red' }),
    ...(hint === undefined ? [] : headedLines(look, '  hint:', { text: hint, colour: 'bold', exact: true })),
  ];
}

/** GitHub shows so many of a kind for each step. */
const MOST_ANNOTATIONS = 10;

/** An annotation for each problem at its place, below the error as a whole; else the error is one. */
function annotationLines(look: Look, error: unknown): readonly Line[] {
  const title = `warmbake: ${String(errorDocument(error)['code'])}`;
  const { hint, problems = [] } = error instanceof WarmbakeError ? error : { hint: undefined };
  if (problems.length === 0) {
    const lines = [...messageOf(error).split('\n'), ...(hint === undefined ? [] : [`hint: ${hint}`])];
    return annotated({ kind: 'error', title, lines }, toldLines(look, error));
  }
  return [
    ...toldLines(look, error),
    ...problems
      .slice(0, MOST_ANNOTATIONS)
      .map(({ message, ...at }) => annotationLine({ kind: 'error', title, lines: [message], at })),
  ];
}
