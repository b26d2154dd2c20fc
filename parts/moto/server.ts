import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startGuarded } from '../guarded.ts';
import { here, missing, need, type Part, type Running } from '../part.ts';
import { installedProgram } from '../programs.ts';
import { PARTS } from '../project.ts';

/** Account that moto plays. */
export const MOTO_ACCOUNT = '123456789012';

/** Credentials that moto takes, like all others; for `process.env` or a child's environment. */
export const MOTO_CREDENTIALS = {
  AWS_ACCESS_KEY_ID: 'moto',
  AWS_SECRET_ACCESS_KEY: 'moto',
  AWS_EC2_METADATA_DISABLED: 'true',
} as const;

/** An image that is there from the start: the only way to one with a past. */
export interface SeededImage {
  readonly ami_id: string;
  readonly name: string;
  /** `2026-08-21T11:00:00.000Z`. */
  readonly creation_date: string;
  readonly state?: string;
  readonly owner_id?: string;
  readonly tags?: Readonly<Record<string, string>>;
}

/** Where `moto_server` comes from: this machine, or `.parts/moto` (`pip install --target`). */
export async function findMoto(env: NodeJS.ProcessEnv): Promise<Part<string>> {
  const path = await installedProgram('moto_server', `${env['PATH'] ?? ''}:${join(PARTS, 'moto', 'bin')}`);
  return path === undefined
    ? missing("no moto_server; install it with pip install 'moto[server]'")
    : here(path, path);
}

/** An AWS that keeps nothing, on this machine's loopback. */
export interface Moto {
  /** For AWS_ENDPOINT_URL. */
  readonly url: string;
}

/** Starts moto with nothing in it but `images`. Throws `PartMissing` where there is none. */
export async function startMoto(images: readonly SeededImage[] = []): Promise<Moto & Running> {
  const program = need('moto', await findMoto(process.env));
  const directory = await mkdtemp(join(tmpdir(), 'warmbake-moto-'));
  const seeds = join(directory, 'images.json');
  const seed = {
    owner_id: MOTO_ACCOUNT,
    state: 'available',
    architecture: 'x86_64',
    virtualization_type: 'hvm',
    hypervisor: 'xen',
    root_device_type: 'ebs',
    root_device_name: '/dev/xvda',
    image_type: 'machine',
    public: false,
    description: '',
  };
  await writeFile(seeds, JSON.stringify(images.map((image) => ({ ...seed, ...image }))));
  const { value, stop } = await startGuarded({
    argv: [program, '-H', '127.0.0.1', '-p', '0'],
    env: {
      ...process.env,
      PYTHONPATH: join(PARTS, 'moto'),
      PYTHONUNBUFFERED: '1',
      MOTO_AMIS_PATH: seeds,
    },
    directory,
    ready: async (log) => /Running on (http:\/\/127\.0\.0\.1:\d+)/.exec(log)?.[1],
  });
  return { url: value, stop };
}
