import type { FamilySettings } from '../config/families.ts';
import type { TargetSettings } from '../config/settings.ts';
import { configurationVariables } from './configuration-variables.ts';

/** A Buildkite pipeline of image-build steps, ready to be written as YAML. */
export interface ImagePipeline {
  readonly env: Readonly<Record<string, string>>;
  readonly steps: readonly ImageStep[];
}

/** A command step (Buildkite's "command step" reference). */
export interface ImageStep {
  readonly label: string;
  readonly key: string;
  readonly command: string;
  readonly agents?: Readonly<Record<string, string>>;
  readonly timeout_in_minutes: number;
  readonly retry: typeof RETRY_LOST_AGENT;
}

/** What the pipeline is written from. */
export interface ImagePipelineSettings {
  /** Families that are warmed with what a step built know it by its key. */
  readonly families: readonly FamilySettings[];
  /** The configuration, from the top of the repository. */
  readonly config: string;
  readonly trustedBranch: string;
  /** How jobs start this tool. */
  readonly program: string;
  /** Buildkite queue; absent for the cluster's default. */
  readonly queue?: string;
  readonly timeoutMinutes: number;
}

/**
 * One more try where the agent was lost (-1) or stopped, and where an outside service failed (5), which costs seconds as a
 * rule: pushes are checked before the build. A build that failed (6) would fail again. No more than three in all, since
 * each can be a cold build.
 */
const RETRY_LOST_AGENT = {
  automatic: [
    { exit_status: -1, limit: 1 },
    { signal_reason: 'agent_stop', limit: 1 },
    { exit_status: 5, limit: 1 },
  ],
};

/** One step a target. Its key is what the job of the machine image looks for: `image-build`, or with the lane behind it. */
export function imagePipeline(
  targets: readonly TargetSettings[],
  settings: ImagePipelineSettings,
): ImagePipeline {
  const { config, trustedBranch, program, queue, timeoutMinutes } = settings;
  return {
    env: configurationVariables(config, trustedBranch),
    steps: targets.map((target) => ({
      label: `:docker: build ${target.name}`,
      key: stepKey(target, settings.families),
      command: `${program} build ${target.name}`,
      ...(queue === undefined ? {} : { agents: { queue } }),
      timeout_in_minutes: timeoutMinutes,
      retry: RETRY_LOST_AGENT,
    })),
  };
}

function stepKey({ name, lane }: TargetSettings, families: readonly FamilySettings[]): string {
  const warmed = families.find(({ warm }) => warm.target === name);
  return warmed?.warm.step ?? (lane === '' ? 'image-build' : `image-build-${lane}`);
}
