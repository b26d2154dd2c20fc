import * as z from 'zod';
import { nearest } from '../platform/nearest.ts';
import type { Finding, Path } from './problem.ts';
import { configuration } from './schema.ts';

type Issue = z.core.$ZodIssue;
type Shape = z.core.JSONSchema.BaseSchema;

/** JSON Schema of the file, where messages find names and descriptions. Made for the first one: most files have no mistake. */
let jsonSchema: Shape | undefined;

/** What the schema found, in the words of someone who reads the file. */
export function explainIssues(issues: readonly Issue[]): readonly Finding[] {
  return issues.flatMap((issue) => {
    if (issue.code === 'unrecognized_keys') {
      return issue.keys.map((key) => ({
        path: [...issue.path, key],
        message: unknownKey(issue.path, key),
        atKey: true,
      }));
    }
    const atKey = issue.code === 'custom' && issue.params?.['atKey'] === true;
    return [{ path: issue.path, message: problemMessage(issue), atKey }];
  });
}

function unknownKey(path: Path, key: string): string {
  const known = keysOf(shapeAt(path));
  const meant = nearest(key, known);
  return meant === undefined
    ? `unknown key; known are ${known.join(', ')}`
    : `unknown key; did you mean '${meant}'?`;
}

/** Of a value that may be text as well, those of its mapping. */
function keysOf(shape: Shape | undefined): readonly string[] {
  const own = Object.keys(shape?.properties ?? {});
  return own.length > 0 ? own : (shape?.anyOf ?? []).flatMap((one) => Object.keys(one.properties ?? {}));
}

function problemMessage(issue: Issue): string {
  if (issue.code === 'invalid_type') return wrongType(issue);
  if (issue.code === 'invalid_value')
    return `${written(issue.input)} is not one of ${issue.values.join(', ')}`;
  return issue.message;
}

const WANTED: Readonly<Record<string, string>> = {
  string: 'text',
  int: 'a whole number',
  number: 'a whole number',
  array: 'a list',
  object: 'a mapping',
  record: 'a mapping',
  boolean: 'true or false',
};

function wrongType(issue: z.core.$ZodIssueInvalidType): string {
  const { input, expected, path } = issue;
  if (input === undefined) return `missing: ${shapeAt(path)?.description ?? 'see the documentation'}`;
  if (input === null) return `empty; write ${WANTED[expected] ?? expected}`;
  // The field knows more than its type: quoted, the number would be no better.
  if (!issue.message.startsWith('Invalid input')) return issue.message;
  if (expected === 'string' && (typeof input === 'number' || typeof input === 'boolean')) {
    return `${input} is not text; write "${input}"`;
  }
  const isFraction = expected === 'number' && shapeAt(path)?.type === 'number';
  const wanted = isFraction ? 'a number' : (WANTED[expected] ?? expected);
  const example = expected === 'record' ? keyExample(input) : '';
  return `${written(input)} does not fit; write ${wanted}${example}`;
}

/** How the first of a list is written as a key. */
function keyExample(input: unknown): string {
  if (!Array.isArray(input)) return '';
  const first: unknown = input[0];
  const name = typeof first === 'object' && first !== null && !Array.isArray(first) ? nameIn(first) : first;
  return ` with each name as a key, without '- ': '${typeof name === 'string' ? name : 'name'}: {}'`;
}

function nameIn(entry: object): unknown {
  return 'name' in entry ? entry.name : Object.keys(entry)[0];
}

function written(input: unknown): string {
  if (typeof input === 'string') return `'${input}'`;
  if (Array.isArray(input)) return 'a list';
  // JSON has no word for what YAML writes as .inf and .nan.
  if (typeof input === 'number') return String(input);
  return typeof input === 'object' ? 'a mapping' : JSON.stringify(input);
}

/** The schema of the value at `path`. */
function shapeAt(path: Path): Shape | undefined {
  jsonSchema ??= z.toJSONSchema(configuration, { io: 'input' });
  let shape: Shape | boolean | undefined = jsonSchema;
  for (const key of path) {
    if (typeof shape !== 'object') return undefined;
    shape =
      typeof key === 'number'
        ? (shape.items as Shape)
        : (shape.properties?.[String(key)] ?? shape.additionalProperties);
  }
  return typeof shape === 'object' ? shape : undefined;
}
