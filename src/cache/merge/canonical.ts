import { digestOf } from '../../registry/digest.ts';
import type { CacheGraph, CacheLayer, CacheRecord, Outcome } from './cache-graph.ts';
import { compareCreatedAt } from './created-at.ts';
import { peel } from './top-down.ts';

/**
 * The same graph in the one order that depends on its content alone: layers by blob, records by digest (as BuildKit sorts them),
 * where these are equal by all that lies below. Layers that no record names are left away.
 * Outcomes stand oldest first: BuildKit before 0.25 keeps only the last one of a record.
 */
export function canonical({ layers, records }: CacheGraph): CacheGraph {
  const below = layerNames(layers);
  const layerOrder = sortedBy(namedLayers({ layers, records }), (at) => `${layers[at]?.blob} ${below[at]}`);
  const layerAt = positions(layerOrder);
  const names = recordNames(records);
  const order = sortedBy([...records.keys()], (at) => `${records[at]?.digest} ${names[at]}`);
  const recordAt = positions(order);
  return {
    layers: pick(layers, layerOrder).map(({ blob, parent }) => ({
      blob,
      parent: parent === undefined ? undefined : layerAt(parent),
    })),
    records: pick(records, order).map(({ digest, slots, outcomes }) => ({
      digest,
      slots: slots.map((links) =>
        sortedBy(
          links.map(({ to, selector }) => ({ to: recordAt(to), selector })),
          ({ to, selector }) => `${names[order[to] ?? to]} ${selector}`,
        ),
      ),
      outcomes: outcomes.map((outcome) => moved(outcome, layerAt)).toSorted(byAge),
    })),
  };
}

function moved({ layers, createdAt }: Outcome, layerAt: (index: number) => number): Outcome {
  if ('layer' in layers) return { layers: { layer: layerAt(layers.layer) }, createdAt };
  return { layers: { chain: layers.chain.map(layerAt) }, createdAt };
}

function byAge(one: Outcome, other: Outcome): number {
  const age = compareCreatedAt(one.createdAt, other.createdAt);
  return age === 0 ? compareText(JSON.stringify(one.layers), JSON.stringify(other.layers)) : age;
}

/** Layers that outcomes name, and their parents. */
function namedLayers({ layers, records }: CacheGraph): readonly number[] {
  const named = new Set<number>();
  for (const outcome of records.flatMap(({ outcomes }) => outcomes)) {
    for (const at of 'layer' in outcome.layers ? [outcome.layers.layer] : outcome.layers.chain) {
      for (
        let one: number | undefined = at;
        one !== undefined && !named.has(one);
        one = layers[one]?.parent
      ) {
        named.add(one);
        if (!('layer' in outcome.layers)) break;
      }
    }
  }
  return [...named];
}

function layerNames(layers: readonly CacheLayer[]): readonly string[] {
  const names = layers.map(() => '');
  for (const at of peel(layers.map(({ parent }) => (parent === undefined ? [] : [parent])))) {
    const layer = layers[at];
    const parent = layer?.parent === undefined ? '' : names[layer.parent];
    names[at] = nameOf([layer?.blob, parent]);
  }
  return names;
}

function recordNames(records: readonly CacheRecord[]): readonly string[] {
  const names = records.map(() => '');
  for (const at of peel(records.map(({ slots }) => slots.flat().map(({ to }) => to)))) {
    const record = records[at];
    const slots = record?.slots.map((links) =>
      links.map(({ to, selector }) => JSON.stringify([names[to], selector])).toSorted(),
    );
    names[at] = nameOf([record?.digest, slots]);
  }
  return names;
}

function nameOf(content: readonly unknown[]): string {
  return digestOf(new TextEncoder().encode(JSON.stringify(content)));
}

function positions(order: readonly number[]): (index: number) => number {
  const at = new Map(order.map((index, position) => [index, position]));
  return (index) => at.get(index) ?? -1;
}

function pick<T>(list: readonly T[], order: readonly number[]): readonly T[] {
  return order.flatMap((at) => {
    const one = list[at];
    return one === undefined ? [] : [one];
  });
}

function sortedBy<T>(list: readonly T[], key: (one: T) => string): readonly T[] {
  return list
    .map((one) => ({ one, key: key(one) }))
    .toSorted((a, b) => compareText(a.key, b.key))
    .map(({ one }) => one);
}

function compareText(one: string, other: string): number {
  if (one === other) return 0;
  return one < other ? -1 : 1;
}
