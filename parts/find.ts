import { execa } from 'execa';
import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { findDocker, type ExistingDocker } from './existing-docker.ts';
import { findBuildx, findOldBuildx } from './find-buildx.ts';
import { here, missing, type Part } from './part.ts';
import {
  BUSYBOX_IMAGE,
  NOT_FETCHED,
  REGISTRY_IMAGE,
  type BusyboxSource,
  type EngineSource,
  type Parts,
  type RegistrySource,
  type ShellSource,
  type SshdSource,
} from './parts.ts';
import { fetchedFolder } from './packages.ts';
import { fetchedProgram, installedProgram, librariesBeside } from './programs.ts';

async function findEngine(docker: Part<ExistingDocker>, uid: number): Promise<Part<EngineSource>> {
  if (docker.state === 'here')
    return here(docker.from, { kind: 'existing', dockerHost: docker.value.dockerHost });
  if (uid !== 0) return missing(`${docker.because}, and only root can start one`);
  const path = await fetchedProgram('engine', ['usr/sbin/dockerd', 'usr/bin/dockerd']);
  if (path === undefined) return docker;
  const libraries = await librariesBeside(path);
  const env = { LD_LIBRARY_PATH: libraries };
  const { stdout, shortMessage } = await execa(path, ['--version'], { reject: false, env });
  const version = /version ([^,+]+)/.exec(stdout)?.[1];
  if (version === undefined) return missing(`the fetched engine does not run here: ${shortMessage}`);
  const usr = join(dirname(path), '..');
  return here(`Docker ${version} at ${path}`, {
    kind: 'own',
    path: [join(usr, 'sbin'), join(usr, 'bin')],
    libraries,
  });
}

/** An engine that is there already brings its own. */
async function findInit(docker: Part<ExistingDocker>): Promise<Part<string>> {
  if (docker.state === 'here') return here(docker.from, 'docker-init');
  const path = await fetchedProgram('init', ['usr/bin/tini-static']);
  return path === undefined ? missing(NOT_FETCHED) : here(path, path);
}

/** The address of an existing engine that holds `image`. */
async function holderOf(image: string, docker: Part<ExistingDocker>): Promise<string | undefined> {
  if (docker.state === 'missing') return undefined;
  const { dockerHost } = docker.value;
  const args = ['--host', dockerHost, 'image', 'inspect', image];
  const { exitCode } = await execa('docker', args, { reject: false, timeout: 10_000 });
  return exitCode === 0 ? dockerHost : undefined;
}

async function findRegistry(docker: Part<ExistingDocker>, searchPath: string): Promise<Part<RegistrySource>> {
  const path =
    (await installedProgram('docker-registry', searchPath)) ??
    (await fetchedProgram('registry', ['usr/bin/docker-registry']));
  if (path !== undefined) return here(path, { kind: 'program', path });
  const dockerHost = await holderOf(REGISTRY_IMAGE, docker);
  if (dockerHost !== undefined) return here(`image ${REGISTRY_IMAGE}`, { kind: 'image', dockerHost });
  return missing(NOT_FETCHED);
}

async function findBusybox(docker: Part<ExistingDocker>): Promise<Part<BusyboxSource>> {
  // One on PATH may be linked dynamically and then does not run in an empty image: only the static package counts.
  const path = await fetchedProgram('busybox', ['usr/bin/busybox', 'bin/busybox']);
  if (path !== undefined) return here(path, { kind: 'program', path });
  if ((await holderOf(BUSYBOX_IMAGE, docker)) !== undefined)
    return here(`image ${BUSYBOX_IMAGE}`, { kind: 'image' });
  return missing(NOT_FETCHED);
}

/** On PATH there can be another program of that name (cracklib's). */
async function findPacker(searchPath: string): Promise<Part<string>> {
  const candidates = [
    await installedProgram('packer', searchPath),
    await fetchedProgram('packer', ['usr/bin/packer']),
  ];
  for (const path of candidates) {
    if (path === undefined) continue;
    const { stdout } = await execa(path, ['version'], { reject: false, timeout: 10_000 });
    const version = /^Packer v(\S+)/m.exec(stdout)?.[1];
    if (version !== undefined) return here(`${version} at ${path}`, path);
  }
  return missing(NOT_FETCHED);
}

async function findSshd(searchPath: string): Promise<Part<SshdSource>> {
  const installed = await installedProgram('sshd', `${searchPath}:/usr/sbin`);
  if (installed !== undefined) return here(installed, { program: installed, libraries: '' });
  const fetched = await fetchedProgram('sshd', ['usr/sbin/sshd']);
  if (fetched === undefined) return missing(NOT_FETCHED);
  return here(fetched, { program: fetched, libraries: await librariesBeside(fetched) });
}

async function findCompiler(): Promise<Part<string>> {
  const root = await fetchedFolder('compiler');
  return root === undefined ? missing(NOT_FETCHED) : here(root, root);
}

/** Where Debian's packages have each shell and the functions that come with it. */
const SHELLS = {
  zsh: { program: 'bin/zsh-static', functions: 'usr/share/zsh/functions' },
  fish: { program: 'usr/bin/fish', functions: 'usr/share/fish/functions' },
} as const;

async function findShell(name: keyof typeof SHELLS, searchPath: string): Promise<Part<ShellSource>> {
  const installed = await installedProgram(name, searchPath);
  if (installed !== undefined) return here(installed, { program: installed, libraries: '' });
  const { program, functions } = SHELLS[name];
  const [root, fetched] = [
    await fetchedFolder(name),
    await fetchedProgram(name, [program, `usr/${program}`]),
  ];
  if (root === undefined || fetched === undefined) return missing(NOT_FETCHED);
  const libraries = await librariesBeside(join(root, 'usr/bin/any'));
  return here(fetched, { program: fetched, functions: join(root, functions), libraries });
}

/** What signs requests to S3 names its algorithm: a build of sccache without S3 support does not. */
const SIGNATURE = 'AWS4-HMAC-SHA256';

/** WARMBAKE_TEST_SCCACHE names one that runs with Debian 13's libraries; it goes first. */
async function findSccache(named: string | undefined): Promise<Part<string>> {
  const path = named ?? (await fetchedProgram('sccache', ['usr/bin/sccache']));
  if (path === undefined) return missing(NOT_FETCHED);
  const program = await readFile(path).catch(() => undefined);
  if (program === undefined) return missing(`cannot read ${path}`);
  return program.includes(SIGNATURE) ? here(path, path) : missing(`${path} has no S3 support`);
}

/** Finds what is there (WARMBAKE_TEST_BUILDX names another newest buildx), existing parts before fetched ones; fetches and starts nothing. */
export async function findParts(env: NodeJS.ProcessEnv): Promise<Parts> {
  const docker = await findDocker(env);
  const buildx = await findBuildx(
    docker.state === 'here' ? docker.value.buildx : undefined,
    env['WARMBAKE_TEST_BUILDX'],
  );
  const [engine, init, oldBuildx, registry, busybox, packer, sshd, compiler, sccache, zsh, fish] =
    await Promise.all([
      findEngine(docker, process.getuid?.() ?? -1),
      findInit(docker),
      findOldBuildx(buildx),
      findRegistry(docker, env['PATH'] ?? ''),
      findBusybox(docker),
      findPacker(env['PATH'] ?? ''),
      findSshd(env['PATH'] ?? ''),
      findCompiler(),
      findSccache(env['WARMBAKE_TEST_SCCACHE']),
      findShell('zsh', env['PATH'] ?? ''),
      findShell('fish', env['PATH'] ?? ''),
    ]);
  return { engine, init, buildx, oldBuildx, registry, busybox, packer, sshd, compiler, sccache, zsh, fish };
}
