import * as z from 'zod';
import { WarmbakeError } from '../platform/errors.ts';
import { linkedTargets } from './linked-targets.ts';
import { withFittingAnnotations } from './result-form.ts';
import { escaped, spelled } from './template-text.ts';

/** What a build lays down for one target, whatever the repository's files say. */
export interface TargetResults {
  readonly name: string;
  /** The target whose definition it is; default: the one of its name. */
  readonly of?: string;
  readonly tags: readonly string[];
  /** CSV entries, as bake has them. */
  readonly cacheTo: readonly string[];
  readonly output: readonly string[];
}

/** What a definition is baked with. */
export interface BakeFileOptions {
  readonly results: readonly TargetResults[];
  /** Sources of every target, CSV entries; they take the place of what the files bring. */
  readonly cacheFrom: readonly string[];
  /** Secrets that the targets of `results` get beside their own, CSV entries. */
  readonly secrets?: readonly string[];
  /** Values for build arguments that a target has: others are not added. */
  readonly args?: Readonly<Record<string, string>>;
  /** This buildx prints some texts as a bake file must spell them: see {@link ESCAPE_CANARY}. */
  readonly printsEscaped: boolean;
}

const printedTarget = z.looseObject({ contexts: z.record(z.string(), z.string()).optional() });
const printed = z.looseObject({ target: z.record(z.string(), printedTarget) });
type PrintedGraph = z.infer<typeof printedTarget>;

/**
 * The printed definition as a bake file (JSON): what was judged is what is baked, and the repository's files are not evaluated a
 * second time. It holds the targets of `results`, and those that they take as contexts, which write nothing.
 */
export function bakeFile(raw: unknown, options: BakeFileOptions): object {
  const { results, cacheFrom, secrets = [] } = options;
  const { target: targets } = printed.parse(raw);
  const own = new Map(results.map((result) => [result.name, result]));
  const contexts = new Map(
    Object.entries(targets).map(([name, { contexts: all = {} }]) => [name, Object.values(all)]),
  );
  const sourceOf = (name: string): string => own.get(name)?.of ?? name;
  requireNoSecond(results, targets);
  for (const name of own.keys()) contexts.set(name, contexts.get(sourceOf(name)) ?? []);
  const names = [...own.keys(), ...linkedTargets(contexts, [...own.keys()])];
  const target = names.map((name) => {
    const graph = withArguments(graphOf(printedOf(targets, sourceOf(name)), options), options.args);
    const sources = cacheFrom.length === 0 ? {} : { 'cache-from': cacheFrom.map(escaped) };
    const result = own.get(name);
    if (result === undefined) return [name, { ...graph, ...sources }] as const;
    const secret = [...(Array.isArray(graph['secret']) ? graph['secret'] : []), ...secrets.map(escaped)];
    return [
      name,
      {
        ...withFittingAnnotations(graph),
        ...sources,
        ...(secret.length === 0 ? {} : { secret }),
        tags: result.tags.map(escaped),
        ...(result.cacheTo.length === 0 ? {} : { 'cache-to': result.cacheTo.map(escaped) }),
        output: result.output.map(escaped),
      },
    ] as const;
  });
  return { group: { default: { targets: [...own.keys()] } }, target: Object.fromEntries(target) };
}

/** Throws `config` where the files have a target by the name of an image in another compression: it could be linked by that. */
function requireNoSecond(
  results: readonly TargetResults[],
  targets: Readonly<Record<string, unknown>>,
): void {
  const taken = results.find(({ name, of }) => of !== undefined && Object.hasOwn(targets, name));
  if (taken === undefined) return;
  throw new WarmbakeError(
    'config',
    'variant-name-taken',
    `'${taken.name}' is a target of the bake files, and what '${taken.of ?? ''}' is called in another compression (image.also)`,
    { hint: 'give the target another name' },
  );
}

/** Throws `config` for a name that JavaScript has another use for: such a target is not among those that were judged. */
function printedOf(targets: Readonly<Record<string, PrintedGraph>>, name: string): PrintedGraph {
  const target = Object.hasOwn(targets, name) ? targets[name] : undefined;
  if (target !== undefined) return target;
  throw new WarmbakeError(
    'config',
    'target-unreadable',
    `bake's definition has no readable target '${name}'`,
    {
      hint: 'give the target another name',
    },
  );
}

/** What results are written, and where layers come from: ours alone to say, whatever a printed target has. */
export const OURS: ReadonlySet<string> = new Set(['tags', 'output', 'cache-to', 'cache-from']);

/** Attributes whose values buildx since 0.23 prints as a bake file must spell them (`bake/bake.go`, its JSON marshalling). */
const PRINTED_ESCAPED = new Set(['args', 'labels', 'annotations', 'dockerfile-inline', 'extra-hosts']);

function withArguments(graph: PrintedGraph, args: BakeFileOptions['args'] = {}): PrintedGraph {
  const own = z.record(z.string(), z.unknown()).safeParse(graph['args']);
  if (!own.success) return graph;
  const known = Object.entries(args).filter(([name]) => Object.hasOwn(own.data, name));
  return { ...graph, args: { ...own.data, ...Object.fromEntries(known) } };
}

function graphOf(target: PrintedGraph, { printsEscaped }: BakeFileOptions): PrintedGraph {
  const attributes = Object.entries(target).filter(([key]) => !OURS.has(key));
  return Object.fromEntries(
    attributes.map(([key, value]) => [
      key,
      spelled(value, { escapeValues: !(printsEscaped && PRINTED_ESCAPED.has(key)) }),
    ]),
  );
}
