import { csvFields } from './csv.ts';
import { type Demand, pathDemand, unclear } from './demand.ts';

/** What one entry of `secret` takes: CSV as buildx before 0.19 prints it, or an object. */
export function secretDemands(entry: unknown): readonly Demand[] {
  const pairs = typeof entry === 'string' ? csvPairs(entry) : objectPairs(entry);
  if (pairs === undefined) return [unclear('it is not a list of key=value')];
  const fields = new Map(pairs.map(([key, value]) => [key === 'source' ? 'src' : key, value]));
  if (fields.size < pairs.length) return [unclear('it names a key twice')];
  const other = [...fields.keys()].find((key) => !SECRET_KEYS.has(key));
  if (other !== undefined) return [unclear(`it has a key '${other}'`)];

  const [id = '', type = '', source = '', env = ''] = ['id', 'type', 'src', 'env'].map((k) => fields.get(k));
  const fromEnvironment = type === 'env' && env === '';
  const variable = fromEnvironment ? source : env;
  const file = fromEnvironment ? '' : source;
  const demands = [
    ...(variable === '' ? [] : [{ kind: 'variable', name: variable } as const]),
    ...(file === '' ? [] : [pathDemand(file)]),
  ];
  // A secret that says no more than its name is the variable of that name, or else the file.
  if (demands.length > 0) return demands;
  return id === ''
    ? [unclear('it has no id')]
    : [{ kind: 'variable', name: id, onlyIfSet: true }, pathDemand(id)];
}

const SECRET_KEYS: ReadonlySet<string> = new Set(['id', 'type', 'src', 'env']);

/** What one entry of `ssh` takes: `id=path,path` (not CSV), or an object. */
export function sshDemands(entry: unknown): readonly Demand[] {
  const read = typeof entry === 'string' ? sshText(entry) : sshObject(entry);
  if (read === undefined) return [unclear('it is not an id with paths')];
  return [
    { kind: 'privilege', name: `ssh=${read.id === '' ? 'default' : read.id}` },
    ...read.paths.filter((path) => path !== '').map((path) => pathDemand(path)),
  ];
}

interface SshEntry {
  readonly id: string;
  readonly paths: readonly string[];
}

function sshText(text: string): SshEntry {
  const [id = '', ...rest] = text.split('=');
  return { id, paths: rest.join('=').split(',') };
}

function sshObject(entry: unknown): SshEntry | undefined {
  if (!isObject(entry)) return undefined;
  const { id = '', paths = [], ...more } = entry;
  if (typeof id !== 'string' || !isTexts(paths) || Object.keys(more).length > 0) return undefined;
  return { id, paths };
}

type Pairs = readonly (readonly [string, string])[];

/** Keys in lower case and without blanks around them, as buildx reads them; `undefined` where it is not one line of such pairs. */
function csvPairs(text: string): Pairs | undefined {
  // A reader of CSV stops at the end of a line, another goes on.
  if (/\p{Cc}/u.test(text)) return undefined;
  const pairs = fieldsOf(text)?.map((field) => {
    const equals = field.indexOf('=');
    return equals < 0
      ? undefined
      : ([field.slice(0, equals).trim().toLowerCase(), field.slice(equals + 1)] as const);
  });
  return pairs?.every((pair) => pair !== undefined) === true ? pairs : undefined;
}

function fieldsOf(text: string): readonly string[] | undefined {
  try {
    return csvFields(text);
  } catch {
    return undefined;
  }
}

function objectPairs(entry: unknown): Pairs | undefined {
  if (!isObject(entry)) return undefined;
  const pairs = Object.entries(entry).map(([key, value]) =>
    typeof value === 'string' ? ([key, value] as const) : undefined,
  );
  return pairs.every((pair) => pair !== undefined) ? pairs : undefined;
}

/** True for an object that is no list. */
export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** True for a list of texts. */
export function isTexts(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((item) => typeof item === 'string');
}
