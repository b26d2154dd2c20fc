import type { Build } from './builds.ts';
import { questionsOf } from './builds.ts';
import type { ConfigJson, RecordJson } from './caches.ts';

/** Chooses one of `count`: where BuildKit goes through a map, any order may come. */
export type Chance = (count: number) => number;

/** A model of BuildKit's importer, written from the format: what a step is asked for, and which records answer. */
export interface Importer {
  readonly config: ConfigJson;
  /** Names of the records; two importers may or may not give the same name to a record that both have. */
  readonly ids: readonly string[];
  /** From record, slot, selector and digest to records. */
  readonly links: ReadonlyMap<string, readonly number[]>;
}

/**
 * Imports a config. BuildKit 0.25 to 0.32 are `forgetful`: they walk from each leaf, and a record that an earlier walk stored is
 * nothing to the current one when it is met the second time. Before and after that BuildKit keeps the `whole`.
 */
export function importCache(
  config: ConfigJson,
  chance: Chance,
  walk: 'forgetful' | 'whole' = 'forgetful',
): Importer {
  const { records } = config;
  const isInput = new Set(records.flatMap((record) => linksOf(record).map(({ to }) => to)));
  const leaves = shuffled(
    [...records.keys()].filter((at) => !isInput.has(at)),
    chance,
  );
  const stored = new Set<number>();
  const links = new Map<string, number[]>();
  for (const leaf of leaves) {
    const visited = new Map<number, boolean>();
    const add = (at: number): boolean => {
      const known = visited.get(at);
      if (known !== undefined) return known;
      visited.set(at, false);
      if (stored.has(at)) {
        if (walk === 'whole') visited.set(at, true);
        return true;
      }
      for (const { to, slot, selector } of shuffled(linksOf(records[at]), chance)) {
        if (!add(to)) continue;
        const key = [to, slot, selector, records[at]?.digest].join(' ');
        links.set(key, [...(links.get(key) ?? []), at]);
      }
      stored.add(at);
      visited.set(at, true);
      return true;
    };
    add(leaf);
  }
  return { config, ids: idsOf(config, chance), links };
}

/** Ids are hashes over digest and inputs, in whichever order these come: with several ways into a slot they are a matter of luck. */
function idsOf({ records }: ConfigJson, chance: Chance): readonly string[] {
  const ids: string[] = [];
  const idOf = (at: number): string => {
    const record = records[at];
    return (ids[at] ??= JSON.stringify([
      record?.digest,
      (record?.inputs ?? []).map((slot) =>
        shuffled(slot, chance).map(({ link = 0, selector = '' }) => [idOf(link), selector]),
      ),
    ]));
  };
  return records.map((_, at) => idOf(at));
}

/** A cache key that was found: which importer owns it, and the record. */
interface Key {
  readonly importer: Importer;
  readonly at: number;
}

/** What a build gets out of its imports: the steps whose result is loaded or need not be, as numbers; the others are executed. */
export function stepsExecuted(
  build: Build,
  importers: readonly Importer[],
  chance: Chance,
): readonly number[] {
  const found: (readonly Key[])[] = [];
  for (const { digest, slots } of questionsOf(build)) {
    const ask = (importer: Importer): readonly Key[] => {
      if (slots.length === 0) return rootsOf(importer, digest);
      const bySlot = slots.map((ways, slot) => {
        const inputs = ways.flatMap(({ step, root, selector }) =>
          (step === undefined ? rootsOf(importer, root ?? '') : (found[step] ?? []))
            .filter((key) => key.importer === importer)
            .map(({ at }) => [at, slot, selector, digest].join(' ')),
        );
        return new Set(inputs.flatMap((key) => importer.links.get(key) ?? []));
      });
      return [...(bySlot[0] ?? [])]
        .filter((at) => bySlot.every((some) => some.has(at)))
        .map((at) => ({ importer, at }));
    };
    // Of keys with one id the first to answer is kept; nobody else is asked for its children.
    const byId = new Map<string, Key>();
    for (const importer of shuffled(importers, chance)) {
      for (const key of ask(importer)) {
        const id = importer.ids[key.at] ?? '';
        if (!byId.has(id)) byId.set(id, key);
      }
    }
    found.push([...byId.values()]);
  }
  return executed(build, found);
}

/** A step without a result is executed where one that is executed, or the end of the build, needs it. */
function executed(build: Build, found: readonly (readonly Key[])[]): readonly number[] {
  const hasResult = (at: number): boolean =>
    (found[at] ?? []).some(({ importer, at: record }) => hasLoadableResult(importer.config, record));
  const isInput = new Set(build.flatMap(({ takes }) => takes));
  const needed = new Set([...build.keys()].filter((at) => !isInput.has(at)));
  for (const at of [...build.keys()].toReversed()) {
    if (needed.has(at) && !hasResult(at)) for (const to of build[at]?.takes ?? []) needed.add(to);
  }
  return [...needed].filter((at) => !hasResult(at)).toSorted((a, b) => a - b);
}

function hasLoadableResult({ records }: ConfigJson, at: number): boolean {
  return (records[at]?.layers ?? []).length + (records[at]?.chains ?? []).length > 0;
}

function rootsOf(importer: Importer, root: string): readonly Key[] {
  const at = importer.config.records.findIndex(
    ({ digest, inputs = [] }) => digest === root && inputs.length === 0,
  );
  return at < 0 ? [] : [{ importer, at }];
}

function linksOf(
  record: RecordJson | undefined,
): readonly { readonly to: number; readonly slot: number; readonly selector: string }[] {
  return (record?.inputs ?? []).flatMap((ways, slot) =>
    ways.map(({ link = 0, selector = '' }) => ({ to: link, slot, selector })),
  );
}

function shuffled<T>(list: readonly T[], chance: Chance): readonly T[] {
  const rest = [...list];
  return list.flatMap(() => rest.splice(chance(rest.length), 1));
}
