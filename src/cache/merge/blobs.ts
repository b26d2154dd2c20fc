import { type Digest, isDigest } from '../../registry/reference.ts';
import type { Descriptor } from '../cache-manifest.ts';
import { UNCOMPRESSED } from './contradiction.ts';

/** What manifests say of their layer blobs. */
export class Blobs {
  readonly #known = new Map<
    Digest,
    { readonly descriptor: Descriptor; readonly donors: readonly string[] }
  >();

  /**
   * Blobs that BuildKit can load: without the digest of their content it cannot (`diffIDFromDescriptor`, cache/manager.go).
   * What a manifest does not list, or not so, its own results cannot use, whatever another donor knows of it.
   */
  static loadable(layers: readonly Descriptor[]): ReadonlySet<Digest> {
    const can = ({ annotations }: Descriptor): boolean => isDigest(annotations?.[UNCOMPRESSED] ?? '');
    return new Set(layers.filter(can).map(({ digest }) => digest));
  }

  /** Takes over a donor's list. */
  add(id: string, layers: readonly Descriptor[]): void {
    for (const layer of layers) {
      const { descriptor = layer, donors = [] } = this.#known.get(layer.digest) ?? {};
      this.#known.set(layer.digest, {
        descriptor: preferred(descriptor, layer),
        donors: donors.includes(id) ? donors : [...donors, id],
      });
    }
  }

  /** The known ones among `digests`, in the order of these. */
  listOf(
    digests: ReadonlySet<Digest>,
  ): ReadonlyMap<Digest, { readonly descriptor: Descriptor; readonly donors: readonly string[] }> {
    const entries = [...digests].flatMap((digest) => {
      const known = this.#known.get(digest);
      return known === undefined ? [] : [[digest, known] as const];
    });
    return new Map(entries);
  }
}

/** Of two true descriptors the one that names the content, else the smaller text: the order of the donors must not matter. */
function preferred(one: Descriptor, other: Descriptor): Descriptor {
  const key = ({ mediaType, annotations = {} }: Descriptor): string => {
    const names = Object.keys(annotations).toSorted();
    return JSON.stringify([
      !(UNCOMPRESSED in annotations),
      mediaType,
      names.map((name) => [name, annotations[name]]),
    ]);
  };
  return key(other) < key(one) ? other : one;
}
