import { execa } from 'execa';
import { existsSync } from 'node:fs';
import { access, mkdir, mkdtemp, readFile, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  AREAS,
  EXTRA_SUITES,
  fetchedFolder,
  OWN_SUITE,
  packagesOf,
  STAMP,
  stampOf,
  type Distribution,
  type Folder,
} from './packages.ts';
import { PARTS } from './project.ts';

const MIRROR: Record<Distribution, string> = {
  debian: 'http://deb.debian.org/debian',
  ubuntu: 'http://archive.ubuntu.com/ubuntu',
};

/** The machine's release, where its packages can be unpacked into a private folder. */
interface Release {
  readonly distribution: Distribution;
  readonly codename: string;
}

async function releaseHere(): Promise<Release | undefined> {
  const text = await readFile('/etc/os-release', 'utf8').catch(() => '');
  const fields = new Map(
    text.split('\n').map((line) => {
      const [key = '', value = ''] = line.split('=', 2);
      return [key, value.replaceAll('"', '')] as const;
    }),
  );
  const id = fields.get('ID');
  const codename = fields.get('VERSION_CODENAME');
  return (id === 'debian' || id === 'ubuntu') && codename !== undefined
    ? { distribution: id, codename }
    : undefined;
}

/** The machine's own mirror: the one that carries its codename. */
async function mirrorHere({ distribution, codename }: Release): Promise<string> {
  const format = ['indextargets', '--format', '$(RELEASE) $(REPO_URI)', 'Identifier: Packages'];
  const { stdout } = await execa('apt-get', format, { reject: false, timeout: 30_000 });
  const own = stdout.split('\n').find((line) => line.startsWith(`${codename} `));
  return own?.split(' ')[1] ?? MIRROR[distribution];
}

async function sourceList(release: Release): Promise<string> {
  const { distribution, codename } = release;
  const mirror = await mirrorHere(release);
  const keyring = `/usr/share/keyrings/${distribution}-archive-keyring.gpg`;
  const signed = await access(keyring).then(
    () => `[signed-by=${keyring}] `,
    () => '',
  );
  const suites = new Set([codename, ...EXTRA_SUITES[distribution](codename)]);
  return [...suites].map((suite) => `deb ${signed}${mirror} ${suite} ${AREAS[distribution]}\n`).join('');
}

/** Options that keep all of apt's state in `state`; on the command line since the machine's own files would win otherwise. */
function privateState(state: string, { distribution, codename }: Release): readonly string[] {
  const settings = {
    'Dir::Etc::SourceList': join(state, 'sources.list'),
    'Dir::Etc::SourceParts': '/dev/null',
    'Dir::Etc::PreferencesParts': '/dev/null',
    'Dir::State::Lists': join(state, 'lists'),
    'Dir::Cache': join(state, 'cache'),
    // Container images switch these off to stay small; each call would parse 30 MB of lists again.
    'Dir::Cache::pkgcache': 'pkgcache.bin',
    'Acquire::GzipIndexes': 'false',
    'APT::Default-Release': OWN_SUITE[distribution](codename) ?? '',
    'APT::Sandbox::User': 'root',
    'Acquire::Languages': 'none',
    'Acquire::Retries': '2',
    'Acquire::http::Timeout': '20',
  };
  return Object.entries(settings).flatMap(([key, value]) => ['-o', `${key}=${value}`]);
}

async function run(argv: readonly [string, ...string[]], cwd: string): Promise<void> {
  const [program, ...args] = argv;
  const { failed, stderr, shortMessage } = await execa(program, args, {
    cwd,
    reject: false,
    timeout: 600_000,
    env: { LC_ALL: 'C.UTF-8', DEBIAN_FRONTEND: 'noninteractive' },
  });
  if (failed) throw new Error(stderr.split('\n').find((line) => line.startsWith('E:')) ?? shortMessage);
}

/** Moves a complete folder into place, unless a fetch beside this one was quicker. */
async function publish(from: string, folder: Folder): Promise<void> {
  if ((await fetchedFolder(folder)) !== undefined) return;
  await rm(join(PARTS, folder), { recursive: true, force: true });
  await rename(from, join(PARTS, folder));
}

/** Removes what fetches left behind that were killed. */
async function sweep(): Promise<void> {
  for (const name of await readdir(PARTS)) {
    const pid = /^incoming-(\d+)-/.exec(name)?.[1];
    if (pid !== undefined && !existsSync(`/proc/${pid}`)) await rm(join(PARTS, name), { recursive: true });
  }
}

/** Downloads and unpacks one set of packages, aside first. */
async function fetchFolder(
  folder: Folder,
  packages: readonly string[],
  { apt, state }: { readonly apt: readonly [string, ...string[]]; readonly state: string },
): Promise<void> {
  const aside = join(state, folder);
  await mkdir(aside);
  await run([...apt, 'download', ...packages], aside);
  for (const deb of await readdir(aside)) {
    await run(['dpkg-deb', '-x', deb, '.'], aside);
    await rm(join(aside, deb));
  }
  await writeFile(join(aside, STAMP), stampOf(packages));
  await publish(aside, folder);
}

/**
 * Fetches the packages of `folders` and unpacks each set into its own folder below `.parts/`, without touching the system
 * and without needing root. A folder appears in one rename when it is complete, so an interrupted fetch leaves nothing
 * half done and two fetches at once do no harm. What cannot be fetched is said; it keeps nothing else from being fetched.
 */
export async function fetchFolders(folders: readonly Folder[], say: (line: string) => void): Promise<void> {
  const orSay = async (what: string, work: Promise<void>): Promise<void> => {
    await work.catch((error: unknown) => {
      say(`${what}: not fetched: ${error instanceof Error ? error.message : String(error)}`);
    });
  };
  const release = await releaseHere();
  if (release === undefined) return say('packages are fetched on Debian and Ubuntu only');
  const { distribution, codename } = release;
  await mkdir(PARTS, { recursive: true });
  await sweep();
  const state = await mkdtemp(join(PARTS, `incoming-${process.pid}-`));
  try {
    const apt = ['apt-get', '-qq', ...privateState(state, release)] as const;
    await mkdir(join(state, 'lists', 'partial'), { recursive: true });
    await mkdir(join(state, 'cache'));
    await writeFile(join(state, 'sources.list'), await sourceList(release));
    say(`fetching package lists of ${distribution} ${codename}`);
    await orSay('package lists', run([...apt, 'update'], state));
    for (const folder of folders) {
      const packages = packagesOf(distribution, folder);
      if (packages.length === 0) continue;
      say(`fetching ${packages.join(', ')}`);
      await orSay(folder, fetchFolder(folder, packages, { apt, state }));
    }
  } finally {
    await rm(state, { recursive: true, force: true });
  }
}
