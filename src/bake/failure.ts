import { type FailureClass, ruleOf } from './failure-classes.ts';
import type { Trace } from './progress.ts';
import { registryTrouble, type RegistryTrouble } from './registry-trouble.ts';
import { errorOf, stepVerdict } from './verdict.ts';
import type { Vertex } from './vertex.ts';

/** One failed bake. */
export interface Failure {
  readonly class: FailureClass;
  /** Layers of an imported cache could not be read: a build without sources would not need them. */
  readonly importing: boolean;
  /** One line for people. */
  readonly message: string;
  /** What to do about it, where there is something. */
  readonly hint?: string;
  /** The target that failed, where bake names one of several. */
  readonly target?: string;
  /** The step that failed, with the last lines of its output. */
  readonly step?: { readonly name: string; readonly log: readonly string[] };
}

/** Judges a bake that ended with another exit code than 0 by its last words and the vertex that failed. */
export function classifyFailure(trace: Trace): Failure {
  const text = lastWords(trace.said);
  const vertex = failedVertex(trace, text);
  const importing = isReadingCache(trace, text, vertex);
  const failureClass = classOf(text, { importing, log: vertex?.tail ?? [] });
  const hint = hintFor(failureClass, text);
  return {
    class: failureClass,
    importing,
    message: messageFor(failureClass, { text, vertex }),
    ...(hint === undefined ? {} : { hint }),
    ...targetIn(trace.said),
    ...(vertex === undefined ? {} : { step: { name: vertex.name, log: vertex.tail } }),
  };
}

/** A base image that is there for those who have a login. */
const LOCKED_BASE = /^(?:\S+: )?failed to resolve source metadata for /;
const LOCKED_BASE_HINT =
  'if this base image needs a login: builds that are not trusted get those that the configuration names (logins.pull)';

function hintFor(failureClass: FailureClass, text: string): string | undefined {
  if (KILLED.test(text)) return KILLED_HINT;
  const isRefused = failureClass === 'denied' || failureClass === 'expired-token';
  return isRefused && LOCKED_BASE.test(text) ? LOCKED_BASE_HINT : ruleOf(failureClass).hint;
}

/** A bake that was stopped because nothing came any more: an imported cache, or anything of BuildKit. */
export function silenceFailure(message: string, failureClass: 'cache-import' | 'engine'): Failure {
  const importing = failureClass === 'cache-import';
  const hint = importing ? ruleOf(failureClass).hint : 'restart BuildKit, or the engine that it is part of';
  return { class: failureClass, importing, message, ...(hint === undefined ? {} : { hint }) };
}

/** buildx ends with `ERROR: …`, which can go on for some lines. */
function lastWords(said: readonly string[]): string {
  const from = said.findLastIndex((line) => line.startsWith('ERROR: '));
  const lines = from < 0 ? said.filter((line) => line.trim() !== '').slice(-5) : said.slice(from);
  return lines
    .join('\n')
    .trim()
    .replace(/^ERROR: (?:target \S+: )?(?:failed to (?:build|solve): )*/, '');
}

function targetIn(said: readonly string[]): { readonly target?: string } {
  const target = /^ERROR: target (\S+): /.exec(
    said.findLast((line) => line.startsWith('ERROR: ')) ?? '',
  )?.[1];
  return target === undefined ? {} : { target };
}

/** A failed import stops nothing, nor does an export that ignores errors: only the vertex whose error ended the build counts. */
function failedVertex(trace: Trace, text: string): Vertex | undefined {
  const failed = trace.vertices.filter((v) => v.kind !== 'import' && stepVerdict(v) === 'failed');
  return (
    failed.find((v) => text.includes(errorOf(v) ?? text)) ??
    failed.find((v) => v.kind !== 'export' && v.kind !== 'internal')
  );
}

/** The command is in quotes and can hold any text, so nothing before the exit code may be judged. */
const PROCESS = { begins: 'process "', ends: '" did not complete successfully: ' } as const;

/** What was said of a process around its command; `undefined` where that is not what ended. */
function aroundProcess(text: string): { readonly before: string; readonly ending: string } | undefined {
  const begin = text.indexOf(PROCESS.begins);
  const end = text.lastIndexOf(PROCESS.ends);
  if (begin < 0 || end < begin + PROCESS.begins.length) return undefined;
  return { before: text.slice(0, begin), ending: text.slice(end + PROCESS.ends.length) };
}

const ENGINE =
  /Cannot connect to the Docker daemon|error reading from server|transport is closing|closing transport|^Unavailable: |code = Unavailable|no builder "[^"]*" found|failed to receive status|failed to list workers|dial unix|no such job|^context deadline exceeded$/;

const UNPACKING = /failed to prepare extraction snapshot .*: parent snapshot \S+ does not exist/;

const DEFINITION =
  /failed to find target|^open .*: no such file|^\S+:\d+,\d+-[\d,]+: |failed to parse|failed to read dockerfile|dockerfile parse error|target stage "[^"]*" could not be found|circular dependency|unable to prepare context|failed to stat|secret \S+: not found|failed to calculate checksum of ref|failed to resolve source metadata for .*: not found/;

function classOf(
  text: string,
  about: { readonly importing: boolean; readonly log: readonly string[] },
): FailureClass {
  const ending = aroundProcess(text)?.ending;
  if ((ending ?? text).endsWith('context canceled')) return 'canceled';
  if (ending !== undefined) return about.log.some(isDiskFull) ? 'disk-full' : 'compile';
  if (isDiskFull(text)) return 'disk-full';
  if (ENGINE.test(text)) return 'engine';
  if (UNPACKING.test(text)) return 'unpacking';
  const trouble = registryTrouble(text);
  if (about.importing) return trouble === undefined ? 'cache-import' : WHILE_IMPORTING[trouble];
  if (DEFINITION.test(text)) return 'definition';
  return trouble === undefined ? 'unknown' : ELSEWHERE[trouble];
}

function isDiskFull(text: string): boolean {
  return /no space left on device/i.test(text);
}

const READING_LAYERS =
  /httpReadSeeker|could not fetch content descriptor|unexpected commit digest|short read: expected|failed to load cache|failed to compute cache key: (?!failed to calculate checksum)/;

/**
 * Layers of imported caches are pulled when a step or an export needs them, and it is that one which fails. Only a base
 * image's own vertices say that they read something else.
 */
function isReadingCache(trace: Trace, text: string, vertex: Vertex | undefined): boolean {
  const imported = trace.vertices.some((v) => v.kind === 'import' && stepVerdict(v) === 'executed');
  return imported && vertex?.kind !== 'internal' && READING_LAYERS.test(aroundProcess(text)?.before ?? text);
}

const TRANSIENT = {
  throttled: 'rate-limit',
  expired: 'expired-token',
  unavailable: 'registry-error',
} as const satisfies Partial<Record<RegistryTrouble, FailureClass>>;

const WHILE_IMPORTING = {
  ...TRANSIENT,
  damaged: 'cache-import',
  denied: 'cache-import',
  missing: 'cache-import',
  oversized: 'cache-import',
  quota: 'cache-import',
} as const satisfies Record<RegistryTrouble, FailureClass>;

/** A push to a repository that does not exist is answered with 404. */
const ELSEWHERE = {
  ...TRANSIENT,
  damaged: 'registry-error',
  oversized: 'registry-error',
  denied: 'denied',
  missing: 'denied',
  quota: 'quota',
} as const satisfies Record<RegistryTrouble, FailureClass>;

function messageFor(
  failureClass: FailureClass,
  about: { readonly text: string; readonly vertex: Vertex | undefined },
): string {
  if (about.text === '') return 'docker buildx bake failed without a word';
  if (failureClass === 'canceled') return 'the build was cancelled';
  const ending = aroundProcess(about.text)?.ending;
  if (ending !== undefined && about.vertex !== undefined) {
    return `${shortened(about.vertex.name)} ended with ${ending.replace('exit code: ', 'exit code ')}`;
  }
  return about.text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '')
    .join('; ');
}

/** A command can be pages long. */
function shortened(name: string): string {
  return name.length > 120 ? `${name.slice(0, 119)}…` : name;
}

/** The kernel ends what uses too much memory with SIGKILL: 128 + 9. */
const KILLED = /did not complete successfully: exit code: 137$/;
const KILLED_HINT = 'the process was killed, most often because memory ran out: run fewer jobs at a time';
