/** Whose log it is: each of these systems reads commands out of it. `several`: nobody knows which of them, so it is told nothing. */
export type LogReader = 'buildkite' | 'github' | 'gitlab' | 'several' | 'plain';

/** A part of the log that can be folded. */
export interface Section {
  /** Names it in GitLab, once a job: small letters, digits and `-`. */
  readonly name: string;
  /** When it begins or ends, in seconds since 1970. */
  readonly seconds: number;
}

/** Something for the page of the build: GitHub shows it there, and beside the line of a file. */
export interface Annotation {
  readonly kind: 'error' | 'warning';
  readonly title: string;
  readonly lines: readonly string[];
  /** Lines and columns count from 1. */
  readonly at?: { readonly file: string; readonly line: number; readonly column: number };
}

/** Colours. */
const COLOUR = String.raw`\u001B\[[\d;:]*m`;
const COLOURS = new RegExp(COLOUR, 'g');

/** Buildkite's agent looks for groups after taking colours away; a space before them is no group. */
const GROUP = /^(?:---|\+\+\+|~~~|\^\^\^)/;

/**
 * What can stand between the characters of a command so that some reader overlooks it. GitHub's runner trims the start of a line, and
 * compares by the rules of a culture, for which what is ignorable is not there.
 */
const OVERLOOKED = String.raw`(?:${COLOUR}|[\p{DI}\p{M}\p{Cf}])*`;
const START = new RegExp(String.raw`^((?:${COLOUR}|[\s\p{DI}\p{M}\p{Cf}])*:)(?=${OVERLOOKED}:)`, 'u');
/** The older form counts anywhere in a line, and is what the page of a job looks for. */
const OLD_FORM = new RegExp(String.raw`(#${OVERLOOKED}#)(?=${OVERLOOKED}\[)`, 'gu');

/**
 * A line that is text for whoever reads the log, whatever it begins with or holds. GitLab's markers need a carriage return and an erasing
 * escape, which no text that is shown has (`platform/outside-text.ts`). A second time changes nothing.
 */
export function harmlessLine(reader: LogReader, line: string): string {
  switch (reader) {
    case 'buildkite':
      return GROUP.test(line.replaceAll(COLOURS, '')) ? ` ${line}` : line;
    case 'github':
      // Most lines have neither.
      return /[:#]/.test(line) ? line.replace(START, '$1 ').replaceAll(OLD_FORM, '$1 ') : line;
    case 'several':
      return harmlessLine('buildkite', harmlessLine('github', line));
    case 'gitlab':
    case 'plain':
      return line;
  }
}

/** JSON that no reader takes a command from, and the same document: `#` stands in its texts only. */
export function harmlessJson(reader: LogReader, json: string): string {
  return reader === 'github' || reader === 'several' ? json.replaceAll('##[', String.raw`#\u0023[`) : json;
}

/** True where chapters of the log have an end that must be said. */
export function hasEnds(reader: LogReader): boolean {
  return reader === 'github' || reader === 'gitlab';
}

/**
 * The line that begins a chapter. Buildkite: `---` folded, `+++` unfolded ("Managing log output"). GitHub: `::group::`, folded always, so an
 * open one is a line (`undefined`). GitLab: `section_start` ("Custom collapsible sections"). `undefined` where there is no such line.
 */
export function chapterStart(
  reader: LogReader,
  title: string,
  { open, section }: { readonly open: boolean; readonly section?: Section | undefined },
): string | undefined {
  if (reader === 'buildkite') return `${open ? '+++' : '---'} ${title}`;
  if (reader === 'github' && !open && section !== undefined)
    return `::group::${escapedData(harmlessLine('github', title))}`;
  if (reader !== 'gitlab' || section === undefined) return undefined;
  const { name, seconds } = section;
  return `${ERASE}section_start:${seconds}:${name}${open ? '' : '[collapsed=true]'}\r${ERASE}${title}`;
}

/** The line that ends it. */
export function chapterEnd(reader: LogReader, { name, seconds }: Section): string {
  return reader === 'gitlab' ? `${ERASE}section_end:${seconds}:${name}\r${ERASE}` : '::endgroup::';
}

/** Erases to the end of the line: on terminals, so that nobody sees what is for GitLab. */
const ERASE = '\u001B[0K';

/** GitHub keeps so many characters of an annotation, and shows no more of it in the log. */
export const LONGEST_ANNOTATION = 4096;

/** `::error …::message` (docs.github.com/actions, "Workflow commands"). */
export function githubAnnotation({ kind, title, lines, at }: Annotation): string {
  const message = lines.map((line) => harmlessLine('github', line)).join('\n');
  const place =
    at === undefined ? [] : [`file=${escapedProperty(at.file)}`, `line=${at.line}`, `col=${at.column}`];
  return `::${kind} ${[`title=${escapedProperty(title)}`, ...place].join(',')}::${escapedData(message)}`;
}

function escapedData(text: string): string {
  return text.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A');
}

function escapedProperty(text: string): string {
  return escapedData(text).replaceAll(':', '%3A').replaceAll(',', '%2C');
}
