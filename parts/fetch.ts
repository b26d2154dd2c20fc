// Makes sure that the real parts of the tests and the demo are there: finds what exists, fetches what is missing into
// `.parts/`, says what is where. A part that cannot be had never fails the run, unless WARMBAKE_REQUIRE_PARTS=1 says so.
import { execa } from 'execa';
import { fetchFolders } from './apt.ts';
import { fetchMoto } from './fetch-moto.ts';
import { findParts } from './find.ts';
import type { Folder } from './packages.ts';
import { BUSYBOX_IMAGE, REGISTRY_IMAGE, type Parts } from './parts.ts';
import { PROJECT } from './project.ts';

const ABOUT = {
  engine: {
    title: 'engine',
    folder: 'engine',
    install: 'install Docker 23 or later with the containerd image store, or run as root on Debian or Ubuntu',
    without: 'all real tests and the demo',
  },
  init: {
    title: 'init',
    folder: 'init',
    install: 'none needed beside an engine that is there already',
    without: 'tests of the docker-container driver',
  },
  buildx: {
    title: 'buildx',
    folder: 'buildx',
    install: 'install docker-buildx 0.13 or later',
    without: 'all real tests and the demo',
  },
  oldBuildx: {
    title: 'old buildx',
    folder: 'buildx-old',
    install: 'none needed; Debian 13 packages 0.13.1',
    without: 'tests of the oldest buildx',
  },
  registry: {
    title: 'registry',
    folder: 'registry',
    install: `install docker-registry, or docker pull ${REGISTRY_IMAGE}`,
    without: 'real tests with a registry and the demo',
  },
  busybox: {
    title: 'base image',
    folder: 'busybox',
    install: `docker pull ${BUSYBOX_IMAGE}`,
    without: 'all real tests and the demo',
  },
  packer: {
    title: 'packer',
    folder: 'packer',
    install: 'install Packer 1.6.6 or later',
    without: 'real tests of the machine image and its part of the demo',
  },
  sshd: {
    title: 'sshd',
    folder: 'sshd',
    install: 'install openssh-server',
    without: 'real tests of the machine image and its part of the demo',
  },
  compiler: {
    title: 'compiler',
    folder: 'compiler',
    install: 'none needed elsewhere; it comes from Debian 13',
    without: 'real tests of sccache',
  },
  sccache: {
    title: 'sccache',
    folder: 'sccache',
    install: 'name one with S3 support by WARMBAKE_TEST_SCCACHE',
    without: 'real tests of sccache with S3',
  },
  zsh: { title: 'zsh', folder: 'zsh', install: 'install zsh', without: 'tests of its completion' },
  fish: { title: 'fish', folder: 'fish', install: 'install fish', without: 'tests of its completion' },
} as const satisfies Record<keyof Parts, { title: string; folder: Folder; install: string; without: string }>;

const NAMES = Object.keys(ABOUT) as (keyof Parts)[];

function say(line: string): void {
  console.log(`parts: ${line}`);
}

function missingNames(parts: Parts): (keyof Parts)[] {
  return NAMES.filter((name) => parts[name].state === 'missing');
}

/** An engine is only worth its 60 MB where it could be started. */
function worthFetching(name: keyof Parts): boolean {
  return name !== 'engine' || process.getuid?.() === 0;
}

async function fetchPackages(parts: Parts): Promise<Parts> {
  const folders = missingNames(parts)
    .filter(worthFetching)
    .map((name) => ABOUT[name].folder);
  if (folders.length === 0) return parts;
  await fetchFolders(folders, say);
  return await findParts(process.env);
}

/** An existing engine can bring what no package did. */
async function pullImages(parts: Parts): Promise<Parts> {
  const engine = parts.engine.state === 'here' ? parts.engine.value : undefined;
  const images = [
    ...(parts.registry.state === 'missing' ? [REGISTRY_IMAGE] : []),
    ...(parts.busybox.state === 'missing' ? [BUSYBOX_IMAGE] : []),
  ];
  if (engine?.kind !== 'existing' || images.length === 0) return parts;
  for (const image of images) {
    say(`pulling ${image}`);
    await execa('docker', ['--host', engine.dockerHost, 'pull', '--quiet', image], {
      reject: false,
      timeout: 300_000,
    });
  }
  return await findParts(process.env);
}

const found = await findParts(process.env);
const parts = await pullImages(await fetchPackages(found));
const moto = await fetchMoto(say);

for (const name of NAMES) {
  const part = parts[name];
  const { title, install, without } = ABOUT[name];
  const label = title.padEnd('base image'.length);
  if (part.state === 'missing')
    say(`${label}  missing  ${part.because}; ${install}; skipped without it: ${without}`);
  else
    say(
      `${label}  ${found[name].state === 'here' ? 'found  ' : 'fetched'}  ${part.from.replaceAll(`${PROJECT}/`, '')}`,
    );
}

if (moto.state === 'here') say(`moto        found    ${moto.from.replaceAll(`${PROJECT}/`, '')}`);
else
  say(
    `moto        missing  ${moto.because}; skipped without it: tests against AWS's interfaces, the demo's machine image`,
  );

const isIncomplete = missingNames(parts).length > 0 || moto.state === 'missing';
if (process.env['WARMBAKE_REQUIRE_PARTS'] === '1' && isIncomplete) {
  say('WARMBAKE_REQUIRE_PARTS=1 and a part is missing');
  process.exitCode = 1;
}
