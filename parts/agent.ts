import { readFile } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { PROJECT } from './project.ts';

/** A Buildkite whose builds are folders of `store`. */
export interface Agent {
  /** For a job of `build`: `buildkite-agent` in front of PATH. */
  env(build: { readonly id: string; readonly number: string }): Readonly<Record<string, string>>;
  /** Waits until a job of the build has added a pipeline, and answers with its first step. */
  addedStep(build: string, over: AbortSignal): Promise<AddedStep | undefined>;
}

/** A step that a running job has added to its build. */
export interface AddedStep {
  readonly command: string;
  readonly agents: Readonly<Record<string, string>>;
}

/** Plays Buildkite with a shell program in place of its agent; `path` is the PATH of the jobs. */
export function playAgent(store: string, path: string): Agent {
  return {
    env: ({ id, number }) => ({
      AGENT_STORE: store,
      PATH: [join(PROJECT, 'parts/agent'), path].join(delimiter),
      BUILDKITE: 'true',
      BUILDKITE_BRANCH: 'main',
      BUILDKITE_PULL_REQUEST: 'false',
      BUILDKITE_COMMIT: 'HEAD',
      BUILDKITE_BUILD_ID: id,
      BUILDKITE_BUILD_NUMBER: number,
    }),
    addedStep: async (build, over) => {
      while (!over.aborted) {
        const text = await readFile(join(store, build, 'pipeline.json'), 'utf8').catch(() => undefined);
        if (text !== undefined) return (JSON.parse(text) as { steps: readonly AddedStep[] }).steps[0];
        await sleep(100);
      }
      return undefined;
    },
  };
}
