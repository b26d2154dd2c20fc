import * as z from 'zod';
import { linkedTargets } from '../../bake/linked-targets.ts';
import { escaped } from '../../bake/template-text.ts';
import type { BakeConfig, PrintedTarget } from './bake-config.ts';

/** Name of the bake target, and of the stage that is added to the Dockerfile. */
export const WARM_TARGET = 'warmbake-warm';

/**
 * What decides about layers is kept of a printed target. Everything else goes: its caches, so that only trusted ones are
 * read, its tags and outputs, and its secrets, which are files of the machine that printed them.
 */
const printed = z.object({
  context: z.string().default('.'),
  dockerfile: z.string().default('Dockerfile'),
  'dockerfile-inline': z.string().optional(),
  target: z.string().optional(),
  args: z.record(z.string(), z.string().nullish()).default({}),
  contexts: z.record(z.string(), z.string()).default({}),
  platforms: z.array(z.string()).optional(),
  network: z.string().optional(),
  entitlements: z.array(z.string()).optional(),
  'shm-size': z.string().optional(),
  ulimits: z.array(z.string()).optional(),
  'extra-hosts': z.unknown().optional(),
});

/** The target to warm with, its texts taken literally. */
export interface WarmTarget {
  readonly context: string;
  readonly dockerfile: string;
  /** The Dockerfile itself, where the target carries it. */
  readonly inline?: string;
  /** Absent is the last stage. */
  readonly stage?: string;
  readonly args: Readonly<Record<string, string>>;
}

/** Reads what is needed to find the stages of a target. */
export function warmTarget(target: PrintedTarget): WarmTarget {
  const { context, dockerfile, target: stage, args, 'dockerfile-inline': inline } = printed.parse(target);
  return {
    context: literal(context),
    dockerfile: literal(dockerfile),
    ...(inline === undefined ? {} : { inline: literal(inline) }),
    ...(stage === undefined ? {} : { stage: literal(stage) }),
    args: Object.fromEntries(set(args).map(([key, value]) => [key, literal(value)])),
  };
}

/**
 * The Dockerfile with one more stage that needs all others in full. BuildKit leaves cached layers in the registry until
 * something wants their files; matching no file in each stage wants them all, and nothing has to be sent anywhere:
 * outputs of every stage (`type=tar`) store the same layers, but send each stage's whole file system to the client.
 * A `mark` that the store has seen before wants nothing: the result of the added stage is in it, whatever became of the others.
 */
export function warmDockerfile(
  dockerfile: string,
  stages: readonly string[],
  { mark }: { readonly mark: string },
): string {
  const copies = stages.map((stage) => `COPY --from=${stage} /.warmbake-${mark}* /\n`);
  return `${dockerfile.replace(/\n*$/, '\n')}\nFROM scratch AS ${WARM_TARGET}\n${copies.join('')}`;
}

/**
 * A bake file (JSON) with {@link WARM_TARGET}: the printed target on another Dockerfile, importing nothing. Targets
 * that it takes as contexts come along. Nothing is exported: the tar of the added stage is empty and goes nowhere.
 */
export function warmDefinition(
  config: BakeConfig,
  target: string,
  { dockerfile }: { readonly dockerfile: string },
): string {
  const contexts = Object.entries(config.targets).map(
    ([name, linked]) => [name, Object.values(printed.parse(linked).contexts)] as const,
  );
  const rest = linkedTargets(new Map(contexts), [target]).map((name) => [
    name,
    layersOf(config.targets[name]),
  ]);
  const warm = {
    ...layersOf(config.targets[target]),
    dockerfile: escaped(dockerfile),
    'dockerfile-inline': undefined,
    target: WARM_TARGET,
    output: ['type=tar,dest=/dev/null'],
  };
  return JSON.stringify({ target: { ...Object.fromEntries(rest), [WARM_TARGET]: warm } }, undefined, 2);
}

const warmFile = z.object({ target: z.record(z.string(), z.record(z.string(), z.unknown())) });

/** What {@link warmDefinition} wrote, importing `cacheFrom` (entries as bake reads them). */
export function importing(text: string, cacheFrom: readonly string[]): string {
  const { target } = warmFile.parse(JSON.parse(text));
  const targets = Object.entries(target).map(([name, one]) => [name, { ...one, 'cache-from': cacheFrom }]);
  return JSON.stringify({ target: Object.fromEntries(targets) }, undefined, 2);
}

/** What {@link warmDefinition} wrote, but of the printed target's own stage: its tar has all files, and goes nowhere as well. */
export function readingDefinition(text: string, stage: string | undefined): string {
  const { target } = warmFile.parse(JSON.parse(text));
  const own = { ...target[WARM_TARGET], target: stage };
  return JSON.stringify({ target: { ...target, [WARM_TARGET]: own } }, undefined, 2);
}

function layersOf(target: PrintedTarget | undefined) {
  const { args, contexts, ...rest } = printed.parse(target ?? {});
  const texts = Object.entries(rest).map(([key, value]) => [
    key,
    typeof value === 'string' ? escaped(literal(value)) : value,
  ]);
  return {
    ...Object.fromEntries(texts),
    args: Object.fromEntries(set(args).map(([key, value]) => [key, escaped(literal(value))])),
    contexts: Object.fromEntries(
      Object.entries(contexts).map(([key, value]) => [key, escaped(literal(value))]),
    ),
  };
}

/** A `null` argument is taken from the environment of the build; there is nothing in ours. */
function set(args: z.infer<typeof printed>['args']): readonly (readonly [string, string])[] {
  return Object.entries(args).flatMap(([key, value]) => (value == null ? [] : [[key, value] as const]));
}

/** `${` and `%{` that are not escaped: buildx before 0.23 prints them so. */
const BARE = /(?<!\$)\$\{|(?<!%)%\{/;

/**
 * The text that a printed string stands for. bake reads strings as templates, also in JSON; buildx since 0.23 escapes what
 * it prints for that, older ones print the text as it is.
 */
function literal(text: string): string {
  return BARE.test(text) ? text : text.replaceAll('$${', '${').replaceAll('%%{', '%{');
}
