import { configurationVariables } from '../buildkite/configuration-variables.ts';
import { parseEcrHost } from '../registry/ecr-host.ts';
import type { Draft } from './draft.ts';
import { type CiStep, ciYaml, HOSTED_MINUTES, withoutProgram, WRITTEN_ONCE } from './step.ts';

/** How a job comes by the registry's login. */
interface RegistryLogin {
  readonly permissions: Readonly<Record<string, string>>;
  readonly step: object;
  readonly beside: readonly string[];
}

/** A pull request from a fork has no token that may write: it is built as on somebody's machine, and pushes nothing. */
const SYSTEM =
  "${{ github.event_name == 'pull_request' && github.event.pull_request.head.repo.full_name != github.repository && 'local' || 'github' }}";
const MAY_WRITE = "env.WARMBAKE_CI == 'github'";

/**
 * A workflow. The engine of a hosted runner cannot export caches, so a builder is made; on the host's network it reaches the gateway. The
 * checkout keeps no token that a `COPY . .` could take along.
 */
export function githubStep({ file, trustedBranch, registry, program }: Draft): CiStep {
  const login = loginTo(registry.value.split('/')[0] ?? '');
  const workflow = {
    name: 'warmbake',
    on: { push: { branches: [trustedBranch.value] }, pull_request: {}, merge_group: {} },
    permissions: { contents: 'read', ...login.permissions },
    jobs: {
      'image-build': {
        'runs-on': 'ubuntu-latest',
        'timeout-minutes': HOSTED_MINUTES,
        env: { ...configurationVariables(file, trustedBranch.value), WARMBAKE_CI: SYSTEM },
        steps: [
          { uses: 'actions/checkout@v6', with: { 'persist-credentials': false } },
          { uses: 'docker/setup-buildx-action@v4', with: { 'driver-opts': 'network=host' } },
          { if: MAY_WRITE, ...login.step },
          { run: `${program} build`, env: { GITHUB_TOKEN: '${{ github.token }}' } },
        ],
      },
    },
  };
  return {
    file: '.github/workflows/warmbake.yml',
    text: `${WRITTEN_ONCE}# Pull requests from forks are built as on somebody's machine, and push nothing.\n${ciYaml(workflow)}`,
    beside: [...login.beside, ...withoutProgram(program)],
  };
}

function loginTo(host: string): RegistryLogin {
  const ecr = parseEcrHost(host);
  if (ecr !== undefined) {
    return {
      permissions: { 'id-token': 'write' },
      step: {
        uses: 'aws-actions/configure-aws-credentials@v6',
        with: {
          'role-to-assume':
            "${{ github.event_name == 'push' && vars.WARMBAKE_TRUSTED_ROLE || vars.WARMBAKE_UNTRUSTED_ROLE }}",
          'aws-region': ecr.region,
        },
      },
      beside: [
        'name the roles in the variables WARMBAKE_TRUSTED_ROLE and WARMBAKE_UNTRUSTED_ROLE; `warmbake iam trusted-build` and `untrusted-build` print what each may do',
      ],
    };
  }
  const isOwn = host === 'ghcr.io';
  const user = isOwn
    ? { username: '${{ github.actor }}', password: '${{ github.token }}' }
    : { username: '${{ secrets.REGISTRY_USERNAME }}', password: '${{ secrets.REGISTRY_PASSWORD }}' };
  return {
    permissions: isOwn ? { packages: 'write' } : {},
    step: { uses: 'docker/login-action@v3', with: { registry: host, ...user } },
    beside: isOwn
      ? []
      : [`give the repository the secrets REGISTRY_USERNAME and REGISTRY_PASSWORD for ${host}`],
  };
}
