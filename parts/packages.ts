import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { PARTS } from './project.ts';

/** Folders below `.parts/`; each is complete or absent. */
export const FOLDERS = [
  'engine',
  'init',
  'buildx',
  'buildx-old',
  'registry',
  'busybox',
  'packer',
  'sshd',
  'compiler',
  'sccache',
  'zsh',
  'fish',
] as const;
export type Folder = (typeof FOLDERS)[number];

/** What names of compiler packages end in. */
const TRIPLET = process.arch === 'arm64' ? 'aarch64-linux-gnu' : 'x86-64-linux-gnu';

/** sccache without S3 support, a C compiler and every library of both: together they run in an empty image. */
const COMPILER = [
  'sccache',
  `gcc-14-${TRIPLET}`,
  `cpp-14-${TRIPLET}`,
  `binutils-${TRIPLET}`,
  'libbinutils',
  'libsframe1',
  'zlib1g',
  'libzstd1',
  'libgmp10',
  'libisl23',
  'libmpfr6',
  'libmpc3',
  'libc6',
  'libgcc-s1',
  'libssl3t64',
];

/** The static one has its modules in it; another one looks for them where its package is installed. */
const ZSH = ['zsh-static', 'zsh-common'];
const FISH = ['fish', 'fish-common', 'libpcre2-32-0'];

/** Distributions whose packages are known to work when unpacked into a private folder. */
export type Distribution = 'debian' | 'ubuntu';

/**
 * Packages of each folder, as `apt-get download` takes them. Without a suite it is the machine's own: what links against
 * its libraries. Debian before 13 has no engine that is new enough, so engine and buildx come from sid (their libc
 * requirement is low); trixie's buildx is 0.13.1, the oldest that warmbake supports. bookworm has the last Packer
 * of Debian, 1.6.6. trixie's sccache has no S3 support, sid's has. Ubuntu carries new engines in its own updates, no old
 * buildx and no Packer.
 */
const PACKAGES: Record<Distribution, Record<Folder, readonly string[]>> = {
  debian: {
    engine: ['docker.io/sid', 'docker-cli/sid', 'containerd/sid', 'runc'],
    init: ['tini/bookworm'],
    buildx: ['docker-buildx/sid'],
    'buildx-old': ['docker-buildx/trixie'],
    registry: ['docker-registry/trixie'],
    busybox: ['busybox-static'],
    packer: ['packer/bookworm'],
    sshd: ['openssh-server', 'libwrap0'],
    compiler: COMPILER.map((name) => `${name}/trixie`),
    sccache: ['sccache/sid'],
    zsh: ZSH,
    fish: FISH,
  },
  ubuntu: {
    engine: [
      'docker.io',
      'containerd',
      'runc',
      'libnftables1',
      'libnftnl11',
      'libjansson4',
      'libmnl0',
      'libxtables12',
    ],
    init: ['tini'],
    buildx: ['docker-buildx'],
    'buildx-old': [],
    registry: ['docker-registry'],
    busybox: ['busybox-static'],
    packer: [],
    sshd: ['openssh-server', 'libwrap0'],
    compiler: [],
    sccache: [],
    zsh: ZSH,
    fish: FISH,
  },
};

/** The suite that a package without one comes from, where it is not simply the newest that the suites have. */
export const OWN_SUITE: Record<Distribution, (own: string) => string | undefined> = {
  debian: (own) => own,
  // Its engine, 24.0, is too old: the one of its updates is meant.
  ubuntu: () => undefined,
};

/** Suites besides the machine's own, and the archive areas that hold the packages. */
export const EXTRA_SUITES: Record<Distribution, (own: string) => readonly string[]> = {
  debian: () => ['bookworm', 'trixie', 'sid'],
  ubuntu: (own) => [`${own}-updates`],
};
export const AREAS: Record<Distribution, string> = { debian: 'main', ubuntu: 'main universe' };

/** The packages of a folder; empty where the distribution has none. */
export function packagesOf(distribution: Distribution, folder: Folder): readonly string[] {
  return PACKAGES[distribution][folder];
}

/** File in a fetched folder that names its packages; written last, so its presence means: complete. */
export const STAMP = 'packages.json';

/** What a complete folder says in its {@link STAMP}. */
export function stampOf(packages: readonly string[]): string {
  return `${JSON.stringify(packages)}\n`;
}

/** Path of a fetched folder; `undefined` where it is absent, or was filled from another list of packages. */
export async function fetchedFolder(folder: Folder): Promise<string | undefined> {
  const path = join(PARTS, folder);
  const stamp = await readFile(join(path, STAMP), 'utf8').catch(() => '');
  const known = Object.values(PACKAGES).map((list) => stampOf(list[folder]));
  return known.includes(stamp) ? path : undefined;
}
