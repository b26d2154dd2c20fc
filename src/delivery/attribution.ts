import type { Digest } from '../registry/reference.ts';
import type { BlobFailure, ServedBlob } from './ledger.ts';

/** What one donor gave to a build; plain data, ready for JSON. */
export interface DonorShare {
  readonly donor: string;
  /** Layers that it served; each counts once. */
  readonly layers: readonly Digest[];
  /** Bytes that it handed out, also those that were asked for twice. */
  readonly bytes: number;
  /** Names of the steps that a layer of it was pulled for, in the order of the build. */
  readonly steps: readonly string[];
  /** Layers that it did not give, with the reason. */
  readonly failures: readonly { readonly digest: Digest; readonly because: string }[];
}

/** A step as far as the attribution needs it. */
export interface PullingStep {
  readonly name: string;
  /** Digests of the layers that were pulled for it. */
  readonly layersPulled: readonly string[];
}

/**
 * Who gave what: the gateway knows the layers, BuildKit's progress which step needed them. A donor that gave nothing and
 * failed at nothing has an empty share. A step whose layers came from two donors is in both.
 */
export function attribute(
  donors: readonly string[],
  { served, failures }: { readonly served: readonly ServedBlob[]; readonly failures: readonly BlobFailure[] },
  steps: readonly PullingStep[],
): readonly DonorShare[] {
  return donors.map((donor) => {
    const mine = served.filter((s) => s.donor === donor);
    const layers = new Set(mine.map((s) => s.digest));
    const names: ReadonlySet<string> = layers;
    return {
      donor,
      layers: [...layers],
      bytes: mine.reduce((sum, s) => sum + s.bytes, 0),
      steps: steps.filter((s) => s.layersPulled.some((layer) => names.has(layer))).map((s) => s.name),
      failures: failures.filter((f) => f.donor === donor).map(({ digest, because }) => ({ digest, because })),
    };
  });
}
