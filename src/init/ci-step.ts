import type { TargetSettings } from '../config/settings.ts';
import { buildkiteStep } from './buildkite-step.ts';
import type { Draft } from './draft.ts';
import { githubStep } from './github-step.ts';
import { gitlabStep } from './gitlab-step.ts';
import { otherStep } from './other-step.ts';
import type { CiStep } from './step.ts';

/** The step that builds, for the system of the draft. `targets` are those of the configuration as it was read again. */
export function ciStep(draft: Draft, targets: readonly TargetSettings[]): CiStep {
  switch (draft.system) {
    case 'buildkite':
      return buildkiteStep(draft, targets);
    case 'github':
      return githubStep(draft);
    case 'gitlab':
      return gitlabStep(draft);
    case 'other':
      return otherStep(draft);
  }
}
