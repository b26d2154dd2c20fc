import { donorLines } from '../../image-step/result.ts';
import type { Host } from '../../platform/host.ts';
import { withJoinedSignal } from '../../platform/joined-signal.ts';
import type { PackerCallbacks } from '../packer/callbacks.ts';
import { fillAllFurther, proveAllFurther, type FurtherUse } from '../warm/further-store.ts';
import type { WarmLayers } from '../warm/layers.ts';
import type { WarmPlans } from '../warm/prepare.ts';
import { fillStore, proveStore, type WarmOptions } from '../warm/store.ts';
import type { TimedUse, Warmth } from '../warm/warmth.ts';

/** What is done to the store of the machine that Packer has started. */
export interface WarmStages extends PackerCallbacks {
  /** Of the target that must be warm; `undefined` until it was proved. */
  readonly warmth: () => Warmth | undefined;
}

/** What {@link warmStages} works with. */
export interface WarmWork {
  readonly plans: WarmPlans;
  /** Name of the target that must be warm. */
  readonly target: string;
  /** Closed once the store is filled. */
  readonly layers: WarmLayers;
  readonly options: WarmOptions;
  /** Of this machine's loopback, which leads to the other one's BuildKit. */
  readonly port: number;
}

/** The two stages, for one run of Packer. */
export function warmStages(host: Host, { plans, target, layers, options, port }: WarmWork): WarmStages {
  const { judged, further } = plans;
  let filled: readonly FurtherUse[] = [];
  let warmed: TimedUse | undefined;
  let warmth: Warmth | undefined;
  return {
    warmth: () => warmth,
    fill: async (over) => {
      host.emit({ type: 'section', title: `Warming ${judged.stages.length} stages` });
      await until(host, over, async (there) => {
        const store = { address: `tcp://127.0.0.1:${port}` };
        warmed = await fillStore(there, store, { ...options, target, plan: judged, layers });
        filled = await fillAllFurther(there, { further, layers, options });
      });
      for (const text of donorLines(layers.shares())) host.emit({ type: 'line', text });
      await layers.close();
    },
    prove: async (over) => {
      host.emit({ type: 'section', title: 'Proving the store: the same build without imports' });
      const use = warmed;
      if (use === undefined) return;
      await until(host, over, async (there) => {
        warmth = await proveStore(there, use, { ...options, plan: judged });
        await proveAllFurther(there, { filled, options });
      });
    },
  };
}

/** Runs a stage: what it does ends when Packer has ended. */
async function until(host: Host, over: AbortSignal, stage: (host: Host) => Promise<void>): Promise<void> {
  await withJoinedSignal([host.signal, over], async (signal) => await stage({ ...host, signal }));
}
