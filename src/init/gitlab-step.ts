import { configurationVariables } from '../buildkite/configuration-variables.ts';
import type { Draft } from './draft.ts';
import { type CiStep, ciYaml, HOSTED_MINUTES, withoutProgram, WRITTEN_ONCE } from './step.ts';

const FILE = '.gitlab/warmbake.gitlab-ci.yml';

/** A job in a file to include. Which image or runner it needs, only its owner knows: docker with buildx, and this tool. */
export function gitlabStep({ file, trustedBranch, registry, program }: Draft): CiStep {
  // A name with a quote in it would end the expression.
  const isPlain = /^[\w./+-]+$/.test(trustedBranch.value);
  const branch = isPlain ? `"${trustedBranch.value}"` : '$CI_DEFAULT_BRANCH';
  const job = {
    'image-build': {
      variables: configurationVariables(file, trustedBranch.value),
      rules: [
        { if: '$CI_PIPELINE_SOURCE == "merge_request_event"' },
        { if: `$CI_COMMIT_BRANCH == ${branch}` },
      ],
      timeout: `${HOSTED_MINUTES} minutes`,
      script: [`${program} build`],
    },
  };
  const [host = ''] = registry.value.split('/');
  return {
    file: FILE,
    text: `${WRITTEN_ONCE}# The job needs a runner with docker and buildx, and a login for ${host}.\n${ciYaml(job)}`,
    beside: [
      `include it in .gitlab-ci.yml: include: [{ local: ${FILE} }]`,
      `protect the branch ${trustedBranch.value} in GitLab: builds of one that is not are not trusted`,
      ...withoutProgram(program),
    ],
  };
}
