import type { Host } from '../../platform/host.ts';
import type { WarmLayers } from './layers.ts';
import { oneByOne } from './one-by-one.ts';
import type { WarmPlans } from './prepare.ts';
import { fillFurther, proveStore, type WarmOptions } from './store.ts';
import type { TimedUse } from './warmth.ts';

/** What a further target left in the store, until it is proved. */
export interface FurtherUse {
  readonly target: string;
  readonly plan: WarmPlans['further'][number]['plan'];
  readonly warmed: TimedUse;
}

/**
 * Fills the store of the last `fillStore` with what the trusted build made beside the judged target, one target after the other, since what they share
 * is loaded once. One that cannot be loaded is a warning: it never costs the image.
 */
export async function fillAllFurther(
  host: Host,
  {
    further,
    layers,
    options,
  }: {
    readonly further: WarmPlans['further'];
    readonly layers: WarmLayers;
    readonly options: WarmOptions;
  },
): Promise<readonly FurtherUse[]> {
  const filled: FurtherUse[] = [];
  await oneByOne(host, further, async (own, { target, plan }) => {
    host.emit({ type: 'section', title: `Warming ${plan.stages.length} stages of ${target}` });
    filled.push({ target, plan, warmed: await fillFurther(own, { ...options, target, plan, layers }) });
  });
  return filled;
}

/** Builds the same without imports, after BuildKit's restart; what the store lacks is a warning. */
export async function proveAllFurther(
  host: Host,
  { filled, options }: { readonly filled: readonly FurtherUse[]; readonly options: WarmOptions },
): Promise<void> {
  await oneByOne(host, filled, async (own, { plan, warmed }) => {
    await proveStore(own, warmed, { ...options, plan });
  });
}
