import { posix } from 'node:path';
import * as z from 'zod';
import { parseReference } from '../registry/reference.ts';
import { sampleTag, tagTemplateFault } from './tag-template.ts';
import { BUILD_VALUES, type TemplateName, expand, faultOf, namesIn } from './template.ts';

/** Text of one form; `what` completes the sentence `'x' is not a valid …`. */
export function form(pattern: RegExp, what: string) {
  const fault = ({ input }: { readonly input?: unknown }): string =>
    `'${String(input)}' is not a valid ${what}`;
  const isBad = (input: unknown): boolean => typeof input === 'number' && !pattern.test(String(input));
  return z
    .string({ error: (issue) => (isBad(issue.input) ? fault(issue) : undefined) })
    .regex(pattern, { error: fault });
}

/** Text that `fault` has nothing to say about. */
function text(fault: (value: string) => string | undefined) {
  return z.string().superRefine((value, context) => {
    const message = fault(value);
    if (message !== undefined) context.addIssue({ code: 'custom', message });
  });
}

/** A mapping whose keys are names of one form; contents under a bad name are checked all the same. */
export function named<V extends z.ZodType>(pattern: RegExp, what: string, value: V) {
  return z.record(z.string(), value).superRefine(
    (entries, context) => {
      for (const name of Object.keys(entries)) {
        if (pattern.test(name)) continue;
        const message = `'${name}' is not a valid ${what}`;
        context.addIssue({ code: 'custom', path: [name], params: { atKey: true }, message });
      }
    },
    {
      when: ({ value: entries }) =>
        typeof entries === 'object' && entries !== null && !Array.isArray(entries),
    },
  );
}

/** What a bake variable may be called: as HCL and a process environment have it, and not in the overlay's own range. */
const VARIABLE = /^(?!WARMBAKE_)[A-Za-z_][A-Za-z0-9_]*$/;
const variableForm = 'variable name (letters, digits and _, no digit first, no WARMBAKE_ first)';
export const variableName = form(VARIABLE, variableForm);

/** Bake variables with what they are set to. */
export const variables = named(VARIABLE, variableForm, templateField(BUILD_VALUES));

/** Build arguments that know `values`. */
export function buildArguments(values: readonly TemplateName[]) {
  const pattern = /^[A-Za-z_][A-Za-z0-9_]*$/;
  return named(pattern, 'argument name (letters, digits and _, no digit first)', templateField(values));
}

function templateField(known: readonly TemplateName[]) {
  return text((value) => faultOf(value, known));
}

/** A template that gives a full reference, another one for every commit. */
export const referenceTemplate = text((value) => {
  const fault = faultOf(value, ['commit', 'lane', 'laneSuffix']);
  if (fault !== undefined) return fault;
  if (!namesIn(value).includes('commit')) {
    return `'${value}' is one name for all commits; add \${commit} to its tag`;
  }
  const sample = expand(value, { commit: SAMPLE_COMMIT });
  return parseReference(sample) === undefined ? `'${value}' gives no host/repository:tag` : undefined;
});

/** Templates of an image's further tags, each giving another one. */
export const tagTemplates = z.array(text(tagTemplateFault)).superRefine((templates, context) => {
  for (const [index, template] of templates.entries()) {
    const earlier = templates.slice(0, index).find((one) => sampleTag(one) === sampleTag(template));
    if (earlier === undefined) continue;
    const message = `'${template}' gives the tag that '${earlier}' gives`;
    context.addIssue({ code: 'custom', path: [index], message });
  }
});

/** Stands for any commit where a reference template is tried out. */
export const SAMPLE_COMMIT = '0'.repeat(40);

/**
 * A bake file inside of the repository. Of a Compose file (which bake takes what ends otherwise for) the parser reads further files:
 * `.env`, and those of `extends`, `include` and `env_file`, wherever they are.
 */
export const bakeFilePath = text((value) => {
  const path = posix.normalize(value);
  const inside = value !== '' && !posix.isAbsolute(path) && path !== '..' && !path.startsWith('../');
  // What bake would read from standard input, from elsewhere, or as an option.
  const plain = !value.includes('://') && !value.startsWith('-');
  if (!inside || !plain) return `'${value}' is not a path below the repository root`;
  return /\.(?:hcl|json)$/i.test(value)
    ? undefined
    : `'${value}' is not a bake file: .hcl or .json; Compose is not supported (\`docker buildx bake -f ${/^[\w./-]+$/.test(value) ? value : 'FILE'} --print > docker-bake.json\` makes one of it)`;
});

/** What bake calls an entitlement, keys of the ssh agent by their id, and proxies of steps by their argument. */
export const privilege = form(
  /^(?:network\.host|security\.insecure|device(?:=\S+)?|ssh=[\w.-]+|proxy=\w+)$/,
  'privilege; write network.host, security.insecure, device, device=NAME, ssh=ID or proxy=ARGUMENT',
);

export const absolutePath = form(/^\//, 'absolute path');
export const word = form(/^\S+$/, 'single word');

/**
 * A variant's name: a part of tags. Tags end in 10 hex digits where a branch name had to be shortened, so
 * a lane must not look like that.
 */
export const lane = form(
  /^(?:(?!(?:.*-)?[0-9a-f]{10}$)[a-z0-9][a-z0-9._-]{0,31})?$/,
  "lane (lower-case letters, digits, '.', '_' and '-', at most 32, not ending like a hash of 10 hex digits)",
);

/** An image that cannot change behind its name. */
export const pinnedImage = form(
  /^[a-z0-9][\w.:/-]*@sha256:[0-9a-f]{64}$/,
  'image pinned by digest; write name@sha256:<64 hex digits>, or the builder changes when the tag moves',
);
