import { messageOf } from '../../platform/errors.ts';
import { warn } from '../../platform/events.ts';
import type { Host } from '../../platform/host.ts';
import { within } from '../../platform/time-limit.ts';
import type { WarmLayers } from './layers.ts';
import type { WarmPlans } from './prepare.ts';
import { fillFurther, proveStore, type WarmOptions } from './store.ts';
import type { TimedUse } from './warmth.ts';

/** The daily job has two hours; a further target whose caches are missed must not use them up. Milliseconds for each. */
const FURTHER_MS = 15 * 60_000;

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
  for (const { target, plan } of further) {
    host.emit({ type: 'section', title: `Warming ${plan.stages.length} stages of ${target}` });
    await orWarn(host, target, async (own) => {
      filled.push({ target, plan, warmed: await fillFurther(own, { ...options, target, plan, layers }) });
    });
  }
  return filled;
}

/** Builds the same without imports, after BuildKit's restart; what the store lacks is a warning. */
export async function proveAllFurther(
  host: Host,
  { filled, options }: { readonly filled: readonly FurtherUse[]; readonly options: WarmOptions },
): Promise<void> {
  for (const { target, plan, warmed } of filled) {
    await orWarn(host, target, async (own) => {
      await proveStore(own, warmed, { ...options, plan });
    });
  }
}

async function orWarn(host: Host, target: string, work: (own: Host) => Promise<void>): Promise<void> {
  try {
    await within(FURTHER_MS, async (signal) => await work({ ...host, signal }), host);
  } catch (error) {
    host.signal.throwIfAborted();
    warn(host.emit, 'target-not-warm', `'${target}' is not warm on this image: ${messageOf(error)}`);
  }
}
