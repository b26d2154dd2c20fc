import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ImageId } from '../../src/ami/model/ids.ts';
import { MOTO_CREDENTIALS, startMoto, type SeededImage } from './server.ts';
import type { Running } from '../part.ts';
import { startFront, type Front } from './front.ts';
import { furnisher } from './furnish.ts';
import { warmbake, type Ran } from './run.ts';

/** Stacks of the configured family; the first is the canary. */
export const STACKS = ['pull-requests', 'main', 'small-release', 'release'] as const;

/** A fleet in moto: four stacks on the newest of `days` images, one a day, and the command line for it. */
export interface Fleet {
  readonly front: Front;
  /** Newest first. */
  readonly images: readonly ImageId[];
  readonly furnish: ReturnType<typeof furnisher>;
  /** The configuration file. */
  readonly config: string;
  run(...argv: readonly string[]): Promise<Ran>;
}

/** Starts moto with a fleet in it. Throws `PartMissing` where there is no moto. */
export async function startFleet({ days }: { readonly days: number }): Promise<Fleet & Running> {
  const now = Date.now();
  const seeds = Array.from({ length: days }, (_, day): SeededImage => {
    const created = new Date(now - day * 86_400_000 - 3_600_000).toISOString();
    const digits = created.replaceAll(/\D/g, '').slice(0, 14);
    return {
      ami_id: `ami-${String(day + 1).padStart(17, '0')}`,
      name: `app-build-${digits}`,
      creation_date: created,
      tags: { 'warmbake:family': 'cpu', 'warmbake:state': 'published', 'warmbake:run': `run-${day}` },
    };
  });
  const moto = await startMoto(seeds);
  const front = await startFront(moto);
  const furnish = furnisher(moto.url);
  const images = seeds.map(({ ami_id: id }) => id as ImageId);
  for (const stack of STACKS) await furnish.addStack(stack, images[0] ?? '');

  const directory = await mkdtemp(join(tmpdir(), 'warmbake-fleet-'));
  const config = join(directory, 'warmbake.yaml');
  await writeFile(config, CONFIGURATION);
  return {
    front,
    images,
    furnish,
    config,
    run: async (...argv) => await warmbake([...argv, '--config', config]),
    stop: async () => {
      await front.stop();
      await moto.stop();
      await rm(directory, { recursive: true, force: true });
    },
  };
}

/** The SDK reads endpoints and credentials from the environment of the process itself. */
export function useFront(front: Front): void {
  Object.assign(process.env, MOTO_CREDENTIALS, {
    AWS_ENDPOINT_URL: front.url,
    AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true',
  });
}

const CONFIGURATION = `
repository: github.com/acme/app
images: { registry: images.example, trusted: app, untrusted: app-test }
cache: { registry: cache.example, trusted: app-cache, untrusted: app-test-cache }
bake: { files: [docker-bake.hcl] }
targets: { test: {} }
ami:
  cpu:
    name: app-build
    region: us-east-1
    parameter: /ci/app-image
    network: { securityGroup: /ci/security-group, subnet: /ci/subnet }
    baseStack: 6.21.0
    warm: { target: test, step: image-build, minimumBytes: 20GB, longestStep: 120s }
    stacks: [${STACKS.join(', ')}]
    canary: { stack: pull-requests, watch: 10m }
`;
