/** Values that follow the build: they differ between two builds of equal content. */
export const BUILD_VALUES = ['commit', 'branch', 'buildNumber', 'buildId'] as const;

/** What a template may name. `laneSuffix` is '' for the plain lane and `-<lane>` for the others. */
export const TEMPLATE_NAMES = [...BUILD_VALUES, 'lane', 'laneSuffix'] as const;

/** What a template of an image's tag may name; see `tag-template.ts`. */
export const TAG_VALUES = [
  'commit',
  'shortCommit',
  'date',
  'buildNumber',
  'target',
  'tag',
  'version',
] as const;

export type TemplateName = (typeof TEMPLATE_NAMES)[number] | (typeof TAG_VALUES)[number];

/** A piece of text, or a place where a value goes. */
export type TemplatePiece = string | { readonly name: TemplateName };

/** What is known when a template is expanded. */
export type TemplateValues = Readonly<Partial<Record<TemplateName, string>>>;

/** `$${`, which stands for `${`, or `${name}`; the last brace is missing where a name does not end. */
const TOKEN = /\$\$\{|\$\{([^}]*)(\}?)/g;

/** The pieces of a template, in order. What {@link faultOf} objects to stays text. */
export function piecesOf(template: string): readonly TemplatePiece[] {
  const pieces: TemplatePiece[] = [];
  let end = 0;
  for (const token of template.matchAll(TOKEN)) {
    const [text, name] = token;
    pieces.push(template.slice(end, token.index), name === undefined ? '${' : isName(name) ? { name } : text);
    end = token.index + text.length;
  }
  return [...pieces, template.slice(end)].filter((piece) => piece !== '');
}

/** The template's text with each name replaced by its value, or by nothing where there is none. */
export function expand(template: string, values: TemplateValues): string {
  return piecesOf(template)
    .map((piece) => (typeof piece === 'string' ? piece : (values[piece.name] ?? '')))
    .join('');
}

/** The names that `template` uses, in order. */
export function namesIn(template: string): readonly TemplateName[] {
  return piecesOf(template).flatMap((piece) => (typeof piece === 'string' ? [] : [piece.name]));
}

/** Why `template` cannot be expanded with `known` names; `undefined` where it can. */
export function faultOf(template: string, known: readonly TemplateName[]): string | undefined {
  const names = known.map((name) => `\${${name}}`);
  for (const [text, name, brace] of template.matchAll(TOKEN)) {
    if (name === undefined) continue;
    if (brace === '') return `'${text}' has no closing brace; write $\${ for a literal \${`;
    if (names.includes(text)) continue;
    return `unknown value '${text}'; known are ${names.join(', ')}; write $\${ for a literal \${`;
  }
  return undefined;
}

function isName(text: string): text is TemplateName {
  const names: readonly string[] = [...TEMPLATE_NAMES, ...TAG_VALUES];
  return names.includes(text);
}
