import { styleText } from 'node:util';
import { jsonText, oneLine } from '../platform/outside-text.ts';
import { shownAddresses } from '../platform/shown-addresses.ts';
import {
  type Annotation,
  chapterEnd,
  chapterStart,
  githubAnnotation,
  harmlessJson,
  harmlessLine,
  type LogReader,
  type Section,
} from './ci-commands.ts';

declare const piece: unique symbol;
declare const page: unique symbol;

/** A piece of one line that may be shown. Only this file makes any: of our own words, and of texts from outside, neutralised. */
export type SafeText = string & { readonly [piece]: true };

/** Whole lines, ready to leave. Streams take nothing else (see `renderer.ts`). */
export type SafePage = string & { readonly [page]: true };

/** How text may look. */
export interface Look {
  readonly colour: boolean;
  /** Who reads the log beside people. */
  readonly log: LogReader;
  /** Columns of a line, now; absent where lines have no end: in logs, pipes and with `--wide`. */
  readonly columns?: () => number;
}

/** A line of a page: text, the head of a chapter, or what only the reader of the log is told. */
export type Line = SafeText | Heading | { readonly ends: Section } | { readonly annotation: Annotation };

/** The head of a chapter; with its section where a reader has to be told of its end. */
export interface Heading {
  readonly heading: SafeText;
  readonly open: boolean;
  readonly section?: Section;
}

/** Text from outside as a piece of a line, its addresses good for nobody; its colours are kept where `colour` is. */
export function shown(text: string, options: { readonly colour?: boolean } = {}): SafeText {
  return shownAddresses(oneLine(text, options)) as SafeText;
}

/** Our own words with pieces in them. */
export function words(own: TemplateStringsArray, ...pieces: readonly SafeText[]): SafeText {
  return String.raw({ raw: own }, ...pieces) as SafeText;
}

/** What can be read on light and on dark ground; yellow, white and grey cannot. */
export type Ink = 'bold' | 'dim' | 'red' | 'green' | 'magenta';

/** Colours our own text. The caller has decided about colours, so Node's own look at the environment is switched off. */
export function ink(look: Look, colour: Ink, text: SafeText): SafeText {
  return (look.colour ? styleText(colour, text, { validateStream: false }) : text) as SafeText;
}

/** The head of a chapter. */
export function heading(title: string, options: { readonly open?: boolean | undefined } = {}): Line {
  return { heading: shown(title), open: options.open === true };
}

/** An annotation of the build's page, for where {@link Look.log} has such: one line, whatever it says. */
export function annotationLine(annotation: Annotation): Line {
  return {
    annotation: {
      ...annotation,
      title: shown(annotation.title),
      lines: annotation.lines.map((line) => shown(line)),
    },
  };
}

/** Lines as they leave, each with its end; none but a heading opens a log group, and no text is a command to who reads the log. */
export function pageOf(look: Look, lines: readonly Line[]): SafePage {
  return lines.map((line) => `${lineOf(look, line)}\n`).join('') as SafePage;
}

function lineOf(look: Look, line: Line): string {
  if (typeof line === 'string') return harmlessLine(look.log, line);
  if ('ends' in line) return chapterEnd(look.log, line.ends);
  if ('annotation' in line) return githubAnnotation(line.annotation);
  const title = look.log === 'gitlab' ? ink(look, 'bold', line.heading) : line.heading;
  const start = chapterStart(look.log, title, line);
  return start ?? harmlessLine(look.log, ink(look, 'bold', words`== ${line.heading}`));
}

/** A text of several lines, whoever wrote them: a command's result, its help. */
export function textPage(look: Look, text: string): SafePage {
  return text
    .split('\n')
    .map((line) => harmlessLine(look.log, shown(line)))
    .join('\n') as SafePage;
}

/** A message of one line or more; what follows the first stands below it, and is no line of its own. */
export function messageLines(start: string, message: string): readonly SafeText[] {
  const [first = '', ...more] = message.split('\n');
  return [
    words`${shown(start)}${shown(first)}`,
    ...more.map((line) => words`  ${shown(line.replace(/^ {2}/, ''))}`),
  ];
}

/** A document; every terminal can be shown it, and nobody takes a command from it. */
export function jsonPage({ log }: Pick<Look, 'log'>, document: object): SafePage {
  return harmlessJson(log, shownAddresses(jsonText(document, { indent: 2 }))) as SafePage;
}

/** A document in one line: one of several that are a line each. */
export function jsonLine({ log }: Pick<Look, 'log'>, document: object): SafePage {
  return harmlessJson(log, shownAddresses(jsonText(document, { indent: 0 }))) as SafePage;
}

const HIDE_CURSOR = '\u001B[?25l';
const SHOW_CURSOR = '\u001B[?25h';
/** Terminals that know it show everything in between at once; others ignore it. */
const HOLD = '\u001B[?2026h';
const RELEASE = '\u001B[?2026l';

/** A picture of a live display: `lines` in place of the last `back` ones. */
export function framePage(
  look: Look,
  { back, hide, lines }: { readonly back: number; readonly hide: boolean; readonly lines: readonly Line[] },
): SafePage {
  const erase = back > 0 ? `\r\u001B[${back}A\u001B[J` : '';
  return `${HOLD}${hide ? HIDE_CURSOR : ''}${erase}${pageOf(look, lines)}${RELEASE}` as SafePage;
}

/** Ends what a frame with `hide` began. */
export const SHOWN_CURSOR = SHOW_CURSOR as SafePage;
