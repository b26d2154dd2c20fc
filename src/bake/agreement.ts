import { WarmbakeError } from '../platform/errors.ts';
import { type BakeEntry, type TargetDefinition, type Targets, entryText } from './definition.ts';

/** What the plan promises about one target, in bake's terms. */
export interface Promised {
  readonly name: string;
  readonly tags: readonly string[];
  readonly cacheTo: readonly BakeEntry[];
  readonly output: readonly BakeEntry[];
  readonly args: Readonly<Record<string, string>>;
  readonly annotations: readonly string[];
}

/**
 * Law L4: what bake resolves is what the plan said. Throws `config` with every difference; a target of the plan that
 * bake does not know is one. Order counts for nothing but tags; the repository's file may add arguments and annotations.
 */
export function requireAgreement(promises: readonly Promised[], targets: Targets): void {
  const differences = promises.flatMap((promised) => {
    const target = targets.get(promised.name);
    if (target === undefined) return [`target '${promised.name}' is not defined`];
    return compare(promised, target).map((text) => `${promised.name}: ${text}`);
  });
  if (differences.length === 0) return;
  const text = `bake resolves something else than the plan:\n  ${differences.join('\n  ')}`;
  throw new WarmbakeError('config', 'definition-differs', text, {
    hint: 'a file of bake.files overrides what warmbake sets; `warmbake hcl --resolved` shows the overlay of this build',
  });
}

function compare(promised: Promised, target: TargetDefinition): readonly string[] {
  const args = Object.entries(promised.args).filter(([key, value]) => !isPrintOf(target.args[key], value));
  const annotations = promised.annotations.filter((a) => !target.annotations.some((b) => isPrintOf(b, a)));
  return [
    ...(promised.tags.join(' ') === target.tags.join(' ')
      ? []
      : [`tags are [${target.tags.join(', ')}], planned [${promised.tags.join(', ')}]`]),
    ...entriesDiffer('cache-to', promised.cacheTo, target.cacheTo),
    ...entriesDiffer('output', promised.output, target.output),
    ...args.map(([key, value]) => `argument ${key} is '${target.args[key] ?? ''}', planned '${value}'`),
    ...annotations.map((a) => `annotation '${a}' is missing`),
  ];
}

/**
 * Whether `--print` shows `text` as `printed`: since 0.23 buildx doubles what would start a template in arguments and
 * annotations, so that its output can be read back as a bake file.
 */
function isPrintOf(printed: string | undefined, text: string): boolean {
  // HCL reads every text as its composed form: a branch can be called in the decomposed one.
  const composed = text.normalize('NFC');
  return printed === composed || printed === composed.replaceAll(/[$%](?=\{)/g, (sign) => sign + sign);
}

function entriesDiffer(
  what: string,
  planned: readonly BakeEntry[],
  is: readonly BakeEntry[],
): readonly string[] {
  if (sameEntries(planned, is)) return [];
  return [`${what} is [${is.map(entryText).join('; ')}], planned [${planned.map(entryText).join('; ')}]`];
}

function sameEntries(a: readonly BakeEntry[], b: readonly BakeEntry[]): boolean {
  const sorted = (entries: readonly BakeEntry[]): string => entries.map(entryText).toSorted().join('\n');
  return sorted(a) === sorted(b);
}
