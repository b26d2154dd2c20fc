import type { Digest } from '../../registry/reference.ts';
import type { CacheLayer, Outcome } from './cache-graph.ts';
import { peel } from './top-down.ts';

/** The layers of all donors: the same where blob and whole parent chain are the same. */
export class LayerTable {
  readonly layers: CacheLayer[] = [];
  readonly #indices = new Map<string, number>();

  /** The layer's index here. */
  index({ blob, parent }: CacheLayer): number {
    const key = `${blob} ${parent}`;
    const index = this.#indices.get(key) ?? this.layers.push({ blob, parent }) - 1;
    this.#indices.set(key, index);
    return index;
  }

  /** Takes over a donor's layers: for each its index here, `undefined` where it or one below it cannot be loaded. */
  add(layers: readonly CacheLayer[], isLoadable: (blob: Digest) => boolean): readonly (number | undefined)[] {
    const indices: (number | undefined)[] = layers.map(() => undefined);
    for (const at of peel(layers.map(({ parent }) => (parent === undefined ? [] : [parent])))) {
      const layer = layers[at];
      if (layer === undefined || !isLoadable(layer.blob)) continue;
      if (layer.parent === undefined) indices[at] = this.index(layer);
      else {
        const parent = indices[layer.parent];
        if (parent !== undefined) indices[at] = this.index({ blob: layer.blob, parent });
      }
    }
    return indices;
  }

  /** An outcome's layers by their indices here; `undefined` where one cannot be loaded. */
  translate(
    layers: Outcome['layers'],
    {
      from,
      indices,
      loadable,
    }: {
      readonly from: readonly CacheLayer[];
      readonly indices: readonly (number | undefined)[];
      readonly loadable: ReadonlySet<Digest>;
    },
  ): Outcome['layers'] | undefined {
    if ('layer' in layers) {
      const layer = indices[layers.layer];
      return layer === undefined ? undefined : { layer };
    }
    // The parents of a chain's layers mean nothing: one entry for each blob.
    const blobs = layers.chain.map((at) => from[at]?.blob);
    const chain = blobs.flatMap((blob) =>
      blob !== undefined && loadable.has(blob) ? [this.index({ blob, parent: undefined })] : [],
    );
    return chain.length === blobs.length ? { chain } : undefined;
  }
}
