import * as z from 'zod';

import { jsonOrUndefined } from '../../platform/json.ts';
import { isDigest } from '../../registry/reference.ts';
import type { CacheGraph, CacheRecord, Link } from './cache-graph.ts';
import { topDown } from './top-down.ts';

/** What a config is: a graph without loops whose indices all lead somewhere, or why it is not understood. */
export type ReadConfig =
  | { readonly state: 'read'; readonly graph: CacheGraph }
  | { readonly state: 'refused'; readonly because: string };

const digest = z.string().refine(isDigest, 'unknown digest');
const index = z.number().int();
/** Go's zero time, which it writes where there is none. */
const time = z.iso.datetime({ offset: true }).default('0001-01-01T00:00:00Z');

/**
 * Strict objects: BuildKit itself passes over fields that it does not know, and a newer one may mean something by them that
 * a copy without them gets wrong. Numbers are left out where they are 0 (Go's `omitempty`): an absent parent is the FIRST
 * layer, only -1 is none.
 */
const config = z.strictObject({
  layers: z
    .array(
      z.strictObject({
        blob: digest,
        parent: index.default(0),
        // Only importers of stores without manifests read these; the registry's take the manifest's descriptors.
        annotations: z.looseObject({}).nullish(),
      }),
    )
    .nullish(),
  records: z
    .array(
      z.strictObject({
        digest,
        layers: z.array(z.strictObject({ layer: index.default(0), createdAt: time })).nullish(),
        chains: z.array(z.strictObject({ layers: z.array(index).nullish(), createdAt: time })).nullish(),
        inputs: z
          .array(
            z.array(z.strictObject({ selector: z.string().default(''), link: index.default(0) })).nullable(),
          )
          .nullish(),
      }),
    )
    .nullish(),
});
type Config = z.infer<typeof config>;

/**
 * Reads a cache config. All or nothing, as BuildKit does where an index is wrong or something leads back to itself
 * (cache/remotecache/v1/parse.go): a file with one such fault was not made by an exporter, and nothing else of it deserves trust.
 */
export function readCacheConfig(body: Uint8Array): ReadConfig {
  const parsed = config.safeParse(jsonOrUndefined(body));
  if (!parsed.success) return { state: 'refused', because: refusal(parsed.error) };
  const graph = graphOf(parsed.data);
  const because = graphFault(graph);
  return because === undefined ? { state: 'read', graph } : { state: 'refused', because };
}

function graphOf({ layers, records }: Config): CacheGraph {
  return {
    layers: (layers ?? []).map(({ blob, parent }) => ({ blob, parent: parent === -1 ? undefined : parent })),
    records: (records ?? []).map((record): CacheRecord => ({
      digest: record.digest,
      slots: (record.inputs ?? []).map((slot) =>
        (slot ?? []).map(({ link, selector }): Link => ({ to: link, selector })),
      ),
      outcomes: [
        ...(record.layers ?? []).map(({ layer, createdAt }) => ({ layers: { layer }, createdAt })),
        ...(record.chains ?? []).map((chain) => ({
          layers: { chain: chain.layers ?? [] },
          createdAt: chain.createdAt,
        })),
      ],
    })),
  };
}

function graphFault({ layers, records }: CacheGraph): string | undefined {
  const seen = new Set<string>();
  for (const [at, { blob, parent }] of layers.entries()) {
    if (parent !== undefined && layers[parent] === undefined) return `layer ${at} has no parent ${parent}`;
    const key = `${blob} ${parent}`;
    if (seen.has(key)) return `layer ${at} stands there twice`;
    seen.add(key);
  }
  for (const [at, { slots, outcomes }] of records.entries()) {
    if (slots.some((slot) => slot.length === 0)) return `record ${at} has an empty input`;
    const link = slots.flat().find(({ to }) => records[to] === undefined);
    if (link !== undefined) return `record ${at} has no input ${link.to}`;
    const named = outcomes.flatMap((outcome) =>
      'layer' in outcome.layers ? [outcome.layers.layer] : outcome.layers.chain,
    );
    const layer = named.find((one) => layers[one] === undefined);
    if (layer !== undefined) return `record ${at} has no layer ${layer}`;
  }
  if (topDown(layers.map(({ parent }) => (parent === undefined ? [] : [parent]))) === undefined) {
    return 'its layers lead in a circle';
  }
  if (topDown(records.map(({ slots }) => slots.flat().map(({ to }) => to))) === undefined) {
    return 'its records lead in a circle';
  }
  return undefined;
}

/** The first fault of a JSON document, for people. */
function refusal({ issues: [issue] }: z.ZodError): string {
  if (issue === undefined || issue.path.length === 0)
    return issue?.code === 'unrecognized_keys' ? unknown(issue, '') : 'its config is not a cache config';
  const place = issue.path.join('.');
  return issue.code === 'unrecognized_keys'
    ? unknown(issue, ` in '${place}'`)
    : `its config has a wrong '${place}'`;
}

function unknown({ keys }: { readonly keys: readonly string[] }, where: string): string {
  return `its config has an unknown field '${keys[0]}'${where}`;
}
