import { isTag } from '../registry/reference.ts';
import {
  TAG_VALUES,
  type TemplateName,
  type TemplateValues,
  expand,
  faultOf,
  namesIn,
  piecesOf,
} from './template.ts';

/** Values that belong to one build for ever: what they name must never be another image. */
const ONCE: ReadonlySet<TemplateName> = new Set(['commit', 'shortCommit', 'buildNumber', 'tag', 'version']);

/** Values that only the build of a git tag has. */
const OF_RELEASE: ReadonlySet<TemplateName> = new Set(['tag', 'version']);

/** Any build's values: what a template makes of them shows its form. */
const SAMPLE = {
  commit: '0'.repeat(40),
  shortCommit: '0'.repeat(12),
  date: '2000-01-31',
  buildNumber: '1',
  target: 'target',
  tag: 'v0.0.0',
  version: '0.0.0',
} as const satisfies TemplateValues;

/** True for the tag of one build or release; others move on with the trusted branch. */
export function isWrittenOnce(template: string): boolean {
  return namesIn(template).some((name) => ONCE.has(name));
}

/** True for a tag that release builds write, and no others. */
export function isOfRelease(template: string): boolean {
  return namesIn(template).some((name) => OF_RELEASE.has(name));
}

/** What a template gives for a build that stands for all: templates that agree here agree in each build. */
export function sampleTag(template: string): string {
  return expand(template, SAMPLE);
}

/** What values look like, whatever the build; a target's name is known. */
const FORMS = {
  commit: '[0-9a-f]{40}',
  shortCommit: '[0-9a-f]{12}',
  date: String.raw`\d{4}-\d\d-\d\d`,
  buildNumber: String.raw`\d+`,
} as const satisfies Partial<Record<TemplateName, string>>;

/** True where some build of `target` can get `text` from a template without a release's values. */
export function canGive(template: string, text: string, target: string): boolean {
  const forms: Readonly<Record<string, string | undefined>> = FORMS;
  const literal = (piece: string): string => piece.replaceAll(/[^\w-]/g, String.raw`\$&`);
  const pattern = piecesOf(template)
    .map((piece) => (typeof piece === 'string' ? literal(piece) : (forms[piece.name] ?? literal(target))))
    .join('');
  return new RegExp(`^${pattern}$`).test(text);
}

/** Why a template gives no tag that an image may have; `undefined` where it does. */
export function tagTemplateFault(template: string): string | undefined {
  const fault = faultOf(template, TAG_VALUES);
  if (fault !== undefined) return fault;
  const sample = sampleTag(template);
  return reservedTag(sample) ?? (isTag(sample) ? undefined : `'${template}' ${NO_TAG}`);
}

/** What a text is that is no tag. */
export const NO_TAG =
  "gives no image tag: letters, digits, '_', '.' and '-', neither '.' nor '-' first, at most 128";

/** Why `text` can be a name that builds give by themselves; `undefined` where it is free. */
export function reservedTag(text: string): string | undefined {
  const form = RESERVED.find(({ is }) => is.test(text));
  return form === undefined ? undefined : `'${text}' ${form.because}`;
}

const RESERVED = [
  { is: /^latest(?:-|$)/, because: "begins like 'latest', which follows the trusted branch by itself" },
  {
    is: /^[0-9a-f]{40}(?:-|$)/,
    because: "begins like a commit's own name, which each build gives by itself",
  },
  { is: /^pr-\d+(?:-|$)/, because: "begins like a pull request's own name" },
  {
    is: /-(?:uncompressed|gzip|estargz|zstd)$/,
    because: 'ends like the name of an image in a further compression',
  },
] as const;
