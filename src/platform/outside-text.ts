/** OSC, DCS, APC, PM and SOS strings with their end; CSI sequences; other escapes (ECMA-48). */
const ESCAPE = new RegExp(
  [
    String.raw`\u001B[\]PX^_][^\u0007\u001B]*(?:\u0007|\u001B\\)?`,
    String.raw`\u001B\[[0-?]*[ -/]*[@-~]?`,
    String.raw`\u001B[ -/]*[0-~]?`,
  ].join('|'),
  'g',
);
const COLOUR = new RegExp(String.raw`^\u001B\[[\d;:]*m$`);
/** A palette's or an RGB colour, whose numbers are no attributes. */
const COLOUR_NUMBERS = /[345]8[;:](?:5[;:]\d+|2(?:[;:]\d*){3,4})/g;
const CONCEALS = /(?:^|[;:])0*8(?:[;:]|$)/;
const RESET = '\u001B[0m';

/** Scripts whose letters join, where a joiner or non-joiner between two of them changes what is read. */
const JOINING = [
  'Arab',
  'Syrc',
  'Mong',
  'Deva',
  'Beng',
  'Guru',
  'Gujr',
  'Orya',
  'Taml',
  'Telu',
  'Knda',
  'Mlym',
  'Sinh',
]
  .map((script) => String.raw`\p{Script=${script}}`)
  .join('');
const LETTER = String.raw`(?!\p{DI})[${JOINING}]`;
const PICTURE = String.raw`\p{Extended_Pictographic}\p{Emoji_Modifier}?[\uFE0E\uFE0F]?`;

/** What is invisible and yet belongs to ordinary text. */
const KEPT = [
  // A flag of a part of a country.
  String.raw`\u{1F3F4}[\u{E0030}-\u{E0039}\u{E0061}-\u{E007A}]{3,6}\u{E007F}`,
  // Emoji, alone or joined to one: a person at a computer.
  String.raw`${PICTURE}(?:\u200D${PICTURE})*`,
  String.raw`[0-9#*]\uFE0F\u20E3`,
  String.raw`${LETTER}[\u200C\u200D](?=${LETTER})`,
  String.raw`\p{Script=Han}[\u{E0100}-\u{E01EF}]`,
].join('|');

/**
 * Controls but escape, which is left of colours only; what is ignored by default (bidi controls, zero-width and fill characters,
 * tags, variation selectors); interlinear annotations; halves of surrogate pairs.
 */
const DROPPED = String.raw`[\u0000-\u001A\u001C-\u001F\u007F-\u009F\p{DI}\uFFF9-\uFFFB\p{Cs}]`;
const KEPT_OR_DROPPED = new RegExp(`(${KEPT})|${DROPPED}`, 'gu');
const ORDINARY = /^[\u0020-\u007E]*$/;

/**
 * Text from outside as one line of a page: nothing in it moves a cursor, changes a setting, reorders what is read or hides. Colours stay
 * where allowed, and end with the text. Ordinary text of any language is unchanged, as is what this gave before.
 */
export function oneLine(text: string, { colour = false }: { readonly colour?: boolean } = {}): string {
  if (ORDINARY.test(text)) return text;
  const kept = text.replaceAll(ESCAPE, (sequence) => (colour && isColour(sequence) ? sequence : ''));
  const line = kept
    .replaceAll('\t', '    ')
    .replaceAll(/\r?\n|[\u2028\u2029]/g, ' ')
    .replaceAll(KEPT_OR_DROPPED, (found, ordinary: string | undefined) => ordinary ?? replacement(found));
  return line.includes('\u001B') && !line.endsWith(RESET) ? `${line}${RESET}` : line;
}

function isColour(sequence: string): boolean {
  if (!COLOUR.test(sequence)) return false;
  const attributes = sequence.slice('\u001B['.length, -1).replaceAll(COLOUR_NUMBERS, '');
  return !CONCEALS.test(attributes);
}

/** Half a pair would become this on its way out. */
function replacement(found: string): string {
  return /\p{Cs}/u.test(found) ? '\uFFFD' : '';
}

/**
 * A document as JSON that a terminal can be shown: what {@link oneLine} would change in its texts is written as an escape, so the value
 * is the same. With a line end.
 */
export function jsonText(document: unknown, { indent }: { readonly indent?: number } = {}): string {
  const text = JSON.stringify(document, undefined, indent);
  return `${text.replaceAll(HIDDEN, (found) => escapes(found))}\n`;
}

const HIDDEN = /[\u007F-\u009F\u2028\u2029\uFFF9-\uFFFB\p{DI}]/gu;

function escapes(found: string): string {
  return Array.from({ length: found.length }, (_, at) => escape(found.charCodeAt(at))).join('');
}

function escape(unit: number): string {
  return String.raw`\u${unit.toString(16).padStart(4, '0')}`;
}
