import { oneLine } from '../../platform/outside-text.ts';
import { shownAddresses } from '../../platform/shown-addresses.ts';

/** Not exported, so that nobody else can make what has it. */
const MADE = Symbol('markdown');

/** Markdown for an annotation or a summary: our own words, and texts from outside that mean nothing in it. */
export interface Markdown {
  readonly [MADE]: string;
}

/** A line of our own Markdown with texts in it: what is not {@link Markdown} is a text from outside. */
export function markdown(own: TemplateStringsArray, ...texts: readonly (Markdown | string)[]): Markdown {
  const pieces = texts.map((text) => (typeof text === 'string' ? meaningless(text) : text[MADE]));
  return { [MADE]: String.raw({ raw: own }, ...pieces) };
}

/** Puts pieces together. */
export function markdownOf(pieces: readonly Markdown[], between: '' | '\n'): Markdown {
  return { [MADE]: pieces.map((one) => one[MADE]).join(between) };
}

/** As it is taken there. */
export function markdownText(made: Markdown): string {
  return made[MADE];
}

/**
 * Text from outside in a fixed-width font: a code span, whose fence is longer than any in it (CommonMark, "Code spans"). Nothing in it
 * is Markdown or HTML.
 */
export function code(text: string): Markdown {
  const line = shownAddresses(oneLine(text));
  const longest = Math.max(0, ...[...line.matchAll(/`+/g)].map(([run]) => run.length));
  const fence = '`'.repeat(longest + 1);
  const room = longest > 0 || line.trim() !== line || line === '' ? ' ' : '';
  return { [MADE]: `${fence}${room}${line}${room}${fence}` };
}

/**
 * What could be Markdown, HTML, an emoji's name or an address stands as a character reference: such a one is never structure
 * (CommonMark, "Entity and numeric character references").
 */
function meaningless(text: string): string {
  return shownAddresses(oneLine(text))
    .replaceAll(/[!-+:<-@[-`{-~]/g, reference)
    .replaceAll(/(?<=^\d+)[.]|^-|(?<=www)[.]/gi, reference);
}

function reference(character: string): string {
  return `&#${character.codePointAt(0)};`;
}
