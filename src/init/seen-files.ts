import path from 'node:path';

/** CI systems as `--ci` names them; `other` is told by variables of ours (WARMBAKE_CI=other). */
export const INIT_SYSTEMS = ['buildkite', 'github', 'gitlab', 'other'] as const;
export type InitSystem = (typeof INIT_SYSTEMS)[number];

/** A CI system that a file of the repository is for. */
export interface SeenSystem {
  readonly system: InitSystem;
  /** Its own name. */
  readonly title: string;
  readonly file: string;
}

/** Files of a repository that matter here; paths from its top, `/` between their parts. */
export interface SeenFiles {
  /** May be bake files; their text decides. */
  readonly bake: readonly string[];
  /** Compose files at the top, which bare bake reads too. */
  readonly compose: readonly string[];
  readonly systems: readonly SeenSystem[];
  /** The launcher `warmbake.sh`, where somebody has committed it. */
  readonly launcher?: string;
  /** Configurations that are there already. */
  readonly configurations: readonly string[];
}

/** Names that bare bake takes Compose files by (github.com/compose-spec/compose-go, cli/options.go). */
const COMPOSE = ['compose.yaml', 'compose.yml', 'docker-compose.yml', 'docker-compose.yaml'];

/** HCL of others: Packer, Nomad, Terraform's tests and locks. */
const OTHER_HCL = /\.(?:pkr|nomad|tftest|tfvars|lock)\.hcl$/;

const SYSTEMS: readonly (readonly [RegExp, InitSystem, string])[] = [
  [/^\.buildkite\/.+\.(?:ya?ml|json|sh)$/, 'buildkite', 'Buildkite'],
  [/^\.github\/workflows\/[^/]+\.ya?ml$/, 'github', 'GitHub Actions'],
  [/^\.gitlab-ci\.ya?ml$/, 'gitlab', 'GitLab CI'],
  [/^Jenkinsfile/, 'other', 'Jenkins'],
  [/^\.circleci\/config\.ya?ml$/, 'other', 'CircleCI'],
  [/^azure-pipelines\.ya?ml$/, 'other', 'Azure Pipelines'],
  [/^bitbucket-pipelines\.ya?ml$/, 'other', 'Bitbucket Pipelines'],
  [/^\.travis\.ya?ml$/, 'other', 'Travis CI'],
  [/^\.drone\.ya?ml$/, 'other', 'Drone'],
  [/^\.woodpecker(?:\.ya?ml$|\/)/, 'other', 'Woodpecker'],
  [/^\.cirrus\.ya?ml$/, 'other', 'Cirrus CI'],
];

/** Sorts the files of a repository. Each system is there once, by its first file. */
export function sortFiles(files: readonly string[]): SeenFiles {
  const sorted = files.toSorted((a, b) => depth(a) - depth(b) || (a < b ? -1 : 1));
  const systems = SYSTEMS.flatMap(([form, system, title]) => {
    const file = sorted.find((one) => form.test(one));
    return file === undefined ? [] : [{ system, title, file }];
  });
  const launcher = sorted.find((file) => path.posix.basename(file) === 'warmbake.sh');
  return {
    bake: sorted.filter(canBeBake),
    compose: COMPOSE.filter((name) => files.includes(name)),
    systems,
    ...(launcher === undefined ? {} : { launcher }),
    configurations: sorted.filter((file) => path.posix.basename(file) === 'warmbake.yaml'),
  };
}

function canBeBake(file: string): boolean {
  if (file.split('/').some((part) => part === 'node_modules' || part === 'vendor')) return false;
  if (/\.hcl$/i.test(file))
    return !OTHER_HCL.test(file) && path.posix.basename(file) !== '.terraform.lock.hcl';
  return /\.json$/i.test(file) && /bake|docker/i.test(file);
}

function depth(file: string): number {
  return file.split('/').length;
}
