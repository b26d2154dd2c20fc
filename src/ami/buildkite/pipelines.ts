import { configurationVariables } from '../../buildkite/configuration-variables.ts';
import type { FamilySettings } from '../../config/families.ts';

/** A Buildkite pipeline, ready to be written as YAML. */
export interface Pipeline<S = PipelineStep> {
  readonly env: Readonly<Record<string, string>>;
  readonly notify?: readonly Readonly<Record<string, string>>[];
  readonly steps: readonly S[];
}

/** A command step (Buildkite's "command step" reference). */
export interface PipelineStep {
  readonly label: string;
  readonly key: string;
  readonly depends_on?: string;
  readonly command: string;
  readonly agents: Readonly<Record<string, string>>;
  readonly timeout_in_minutes: number;
  readonly concurrency?: number;
  readonly concurrency_group?: string;
  readonly retry: typeof RETRY;
}

/** What pipelines are written from. */
export interface PipelineSettings {
  readonly family: FamilySettings;
  /** Buildkite queue of the jobs. */
  readonly queue: string;
  /** The configuration, from the top of the repository. */
  readonly config: string;
  readonly trustedBranch: string;
}

/** Only a job whose agent was lost starts again: what failed would fail again, and a try costs an hour. */
export const RETRY = { automatic: [{ exit_status: -1, limit: 1 }] };

/** Key of the build's meta-data that holds the image; other scripts read it as well. */
export function imageKey(family: Pick<FamilySettings, 'region'>): string {
  return `ami-${family.region}`;
}

/**
 * The daily job: build, then everything else from the finished image, so that a job that is lost while it rolls does not
 * build again. One build at a time: jobs of a concurrency group run in the order in which they were made.
 */
export function rebuildPipeline(settings: PipelineSettings): Pipeline {
  const { family, queue } = settings;
  const alone = { concurrency: 1, concurrency_group: `warmbake/ami/${family.key}` };
  const build = `build-${family.key}-ami`;
  // `$$` is Buildkite's way to leave a dollar sign to the shell.
  const image = `"$$(buildkite-agent meta-data get ${imageKey(family)})"`;
  return {
    ...head(settings),
    steps: [
      {
        label: `:packer: build and prove the ${family.key} image`,
        key: build,
        command: `warmbake ami build --family ${family.key}`,
        agents: { queue },
        timeout_in_minutes: 150,
        ...alone,
        retry: RETRY,
      },
      {
        label: `:rocket: bring out the ${family.key} image`,
        key: `rebuild-${family.key}-ami`,
        depends_on: build,
        command: `warmbake ami rebuild --family ${family.key} --image ${image}`,
        agents: { queue },
        timeout_in_minutes: 90,
        ...alone,
        retry: RETRY,
      },
    ],
  };
}

/** The watch: fails, and so calls for help, when the image is old or the fleet is not on it. */
export function watchPipeline(settings: PipelineSettings): Pipeline {
  const { family, queue } = settings;
  const age = family.maximumAgeMs === undefined ? '' : ` --max-age ${family.maximumAgeMs / 3_600_000}h`;
  return {
    ...head(settings),
    steps: [
      {
        label: `:stethoscope: is the ${family.key} image fresh and everywhere?`,
        key: `watch-${family.key}-ami`,
        command: `warmbake ami status --family ${family.key}${age} --require-in-sync`,
        agents: { queue },
        timeout_in_minutes: 10,
        retry: RETRY,
      },
    ],
  };
}

/** What all pipelines begin with. */
export function head({ family, config, trustedBranch }: PipelineSettings): Pick<Pipeline, 'env' | 'notify'> {
  const notify = family.notify.map((entry) => ({ ...entry, if: 'build.state == "failed"' }));
  const env = configurationVariables(config, trustedBranch);
  return { env, ...(notify.length === 0 ? {} : { notify }) };
}
