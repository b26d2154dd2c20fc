/** Everything that is checked, by its stable code, in the order of the page; the chapter that it stands in. */
export const CHECKS = {
  context: 'run',
  names: 'run',
  configuration: 'run',
  'trusted-file': 'run',
  git: 'tools',
  docker: 'tools',
  buildx: 'tools',
  'buildkite-agent': 'tools',
  packer: 'tools',
  engine: 'builder',
  builder: 'builder',
  delivery: 'builder',
  definition: 'builder',
  plan: 'builder',
  'disk-engine': 'machine',
  'disk-scratch': 'machine',
  clock: 'machine',
  'machine-image': 'machine',
  'git-depth': 'git',
  'git-remote': 'git',
  'merge-base': 'git',
  login: 'registry',
  registry: 'registry',
  read: 'registry',
  write: 'registry',
  mount: 'registry',
  'free-tags': 'registry',
  sccache: 'sccache',
  'state-store': 'state',
  'ami-identity': 'ami',
  'ami-parameter': 'ami',
  'ami-network': 'ami',
  'ami-stacks': 'ami',
  'ami-images': 'ami',
  'ami-instances': 'ami',
  'ami-write': 'ami',
} as const satisfies Readonly<Record<string, string>>;

/** A check's stable code. */
export type CheckCode = keyof typeof CHECKS;

/** All codes, in the order of the page. */
export const CHECK_CODES = Object.keys(CHECKS) as readonly CheckCode[];
