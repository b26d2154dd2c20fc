import type { BuildPlan } from './plan.ts';
import type { TargetPlan } from './target-plan.ts';

/** What one call of bake builds: some of a plan's targets. */
export interface Work {
  readonly plan: BuildPlan;
  readonly targets: readonly TargetPlan[];
}
