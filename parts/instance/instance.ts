import { execa } from 'execa';
import { cp, mkdir, mkdtemp, readFile, readdir, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Running } from '../part.ts';
import { startGuarded } from '../guarded.ts';
import { PROJECT } from '../project.ts';

/** What an instance is made of. */
export interface InstanceNeeds {
  readonly sshd: string;
  /** Folders that sshd's libraries are looked for in. */
  readonly libraries: string;
  /** The docker command. */
  readonly docker: string;
  /** The engine behind the instance's Docker and BuildKit: its folder, and the socket of a bridge to its BuildKit. */
  readonly engine: string;
  readonly bridge: string;
  readonly reverseTunnels: boolean;
  /** Further folders that its programs come from. */
  readonly shared: readonly string[];
}

/** Something that Packer takes for the instance that it has launched. */
export interface Instance extends Running {
  readonly sshPort: number;
  /** Private key for root, a PEM file that only its owner may read. */
  readonly keyFile: string;
  /** What its systemctl, sudo, dnf … were called with, a line each. */
  calls(): Promise<readonly string[]>;
  /** The text of a file in its file system; `undefined` where there is none. */
  read(path: string): Promise<string | undefined>;
  /** Files below some of its folders that hold `text`; the store is left out, whose layers hold what was built. */
  filesWith(text: string, folders: readonly string[]): Promise<readonly string[]>;
}

const NAMESPACES = ['--mount', '--pid', '--fork', '--kill-child', '--mount-proc'] as const;

const HERE = join(PROJECT, 'parts/instance');

/** Starts one; needs root. Nothing that runs on it changes a file of this machine outside of the temp folder. */
export async function startInstance(needs: InstanceNeeds): Promise<Instance> {
  const directory = await mkdtemp(join(tmpdir(), 'warmbake-instance-'));
  const log = join(directory, 'outside', 'calls');
  await mkdir(join(directory, 'system'));
  await mkdir(join(directory, 'outside'));
  await writeFile(log, '');
  await cp(join(HERE, 'programs'), join(directory, 'programs'), { recursive: true });
  const surroundings = { LOG: log, FRESH: needs.engine, BRIDGE: needs.bridge, DOCKER: needs.docker };
  const lines = Object.entries(surroundings).map(([name, value]) => `${name}='${value}'\n`);
  await writeFile(join(directory, 'programs', 'surroundings'), lines.join(''));

  const sshPort = await freePort();
  const key = join(directory, 'key');
  await execa('ssh-keygen', ['-q', '-t', 'rsa', '-b', '2048', '-m', 'PEM', '-N', '', '-f', key]);
  await execa('ssh-keygen', [
    '-q',
    '-t',
    'rsa',
    '-b',
    '2048',
    '-m',
    'PEM',
    '-N',
    '',
    '-f',
    join(directory, 'host_key'),
  ]);
  await cp(`${key}.pub`, join(directory, 'authorized_keys'));
  const config = {
    ListenAddress: `127.0.0.1:${sshPort}`,
    HostKey: join(directory, 'host_key'),
    AuthorizedKeysFile: '/root/.ssh/authorized_keys',
    PermitRootLogin: 'yes',
    StrictModes: 'no',
    UsePAM: 'no',
    PidFile: 'none',
    AllowTcpForwarding: needs.reverseTunnels ? 'yes' : 'local',
    // Packer 1.6.6 signs with SHA-1 only.
    PubkeyAcceptedAlgorithms: '+ssh-rsa',
    HostKeyAlgorithms: '+ssh-rsa',
    SetEnv: 'PATH=/usr/local/bin:/usr/local/sbin:/usr/sbin:/usr/bin:/sbin:/bin',
  };
  await writeFile(
    join(directory, 'sshd_config'),
    Object.entries(config)
      .map(([name, value]) => `${name} ${value}\n`)
      .join(''),
  );
  const shared = [directory, needs.engine, join(needs.bridge, '..'), ...needs.shared];
  const { stop } = await startGuarded({
    argv: ['unshare', ...NAMESPACES, 'sh', join(HERE, 'start.sh'), directory, needs.sshd],
    env: { PATH: process.env['PATH'], LD_LIBRARY_PATH: needs.libraries, SHARED: shared.join(' ') },
    directory,
    ready: async (text) => (/Server listening/.test(text) ? true : undefined),
  });
  const pid = await processWith(`${directory}/sshd_config`);
  return {
    sshPort,
    keyFile: key,
    calls: async () => (await readFile(log, 'utf8')).trim().split('\n'),
    read: async (path) => await readFile(`/proc/${pid}/root${path}`, 'utf8').catch(() => undefined),
    filesWith: async (text, folders) => {
      const places = folders.map((folder) => `/proc/${pid}/root${folder}`);
      const found = await execa('grep', ['-rlsF', '--exclude-dir=warmbake-fresh-*', text, ...places], {
        reject: false,
      });
      return found.stdout.split('\n').filter((line) => line !== '');
    },
    stop,
  };
}

/** Id of the process that has `text` on its command line and is the last to have started. */
async function processWith(text: string): Promise<string> {
  const ids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const lines = await Promise.all(
    ids.map(async (id) => await readFile(`/proc/${id}/cmdline`, 'utf8').catch(() => '')),
  );
  return ids.findLast((_, i) => lines[i]?.startsWith('sshd') === true && lines[i].includes(text)) ?? '';
}

async function freePort(): Promise<number> {
  return await new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0));
    });
  });
}
