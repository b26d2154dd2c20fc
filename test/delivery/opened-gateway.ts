import { randomBytes } from 'node:crypto';
import type { DeliverableCache, DonatedBlob } from '../../src/delivery/deliverable.ts';
import { type Gateway, openGateway } from '../../src/delivery/gateway.ts';
import type { Clock } from '../../src/platform/clock.ts';
import type { Digest, Repository } from '../../src/registry/reference.ts';
import { createRegistry, type Registry } from '../../src/registry/registry.ts';
import { credentialsOf, fastClock, type FixtureHost, openHost } from '../registry/fixture-host.ts';
import { digestOf, type FixtureRegistry, startFixtureRegistry } from '../registry/fixture-registry.ts';

/** A merged cache of one layer of each size, all of them with all donors. */
export function cacheOf(layers: readonly Uint8Array[], donors: readonly string[]): DeliverableCache {
  const document = (mediaType: string, text: string) => {
    const body = Buffer.from(text);
    return { mediaType, body, digest: digestOf(body) };
  };
  const blobs = layers.map((layer): [Digest, DonatedBlob] => [
    digestOf(layer),
    { descriptor: { mediaType: 'application/vnd.oci.image.layer.v1.tar', size: layer.length }, donors },
  ]);
  return {
    config: document('application/vnd.buildkit.cacheconfig.v0', `{"layers":${layers.length}}`),
    manifest: document('application/vnd.oci.image.manifest.v1+json', `{"of":${layers.length}}`),
    blobs: new Map(blobs),
  };
}

/** A gateway over two registries that hold the same layer of 300 kB; the first is asked first. */
export interface OpenedGateway extends AsyncDisposable {
  readonly gateway: Gateway;
  readonly cache: DeliverableCache;
  readonly layer: Buffer;
  readonly digest: Digest;
  readonly first: FixtureRegistry;
  readonly second: FixtureRegistry;
  readonly host: FixtureHost;
  readonly registry: Registry;
  /** `http://127.0.0.1:PORT/v2/SECRET/cache/`, or without the secret's part. */
  readonly base: string;
  readonly root: string;
  blob(init?: RequestInit): Promise<Response>;
}

/** With one donor where `alone`. Logins are needed: `ci` with a password. */
export async function openTwoDonors({
  alone = false,
  clock = fastClock(),
  size = 300_000,
}: {
  readonly alone?: boolean;
  readonly clock?: Clock;
  readonly size?: number;
} = {}): Promise<OpenedGateway> {
  const [first, second] = await Promise.all([startFixtureRegistry(), startFixtureRegistry()]);
  const host = await openHost({ clock });
  const layer = randomBytes(size);
  const digest = digestOf(layer);
  for (const { blobs } of [first, second]) blobs.set(digest, layer);
  const donors = new Map<string, Repository>([
    ['main', { host: first.host, path: 'cache/main' }],
    ['own', { host: second.host, path: 'cache/test' }],
  ]);
  const registry = createRegistry(host, credentialsOf({ kind: 'basic', username: 'ci', password: 'x' }));
  const cache = cacheOf([layer], alone ? ['main'] : ['main', 'own']);
  const gateway = await openGateway(cache, { registry, donors, host });
  const [at = '', secret = ''] = gateway.ref.split('/');
  const root = `http://${at}`;
  const base = `${root}/v2/${secret}/cache`;
  return {
    gateway,
    cache,
    layer,
    digest,
    first,
    second,
    host,
    registry,
    base,
    root,
    blob: async (init) => await fetch(`${base}/blobs/${digest}`, { redirect: 'manual', ...init }),
    async [Symbol.asyncDispose]() {
      await gateway.close();
      await Promise.all([first, second, host].map(async (each) => await each[Symbol.asyncDispose]()));
    },
  };
}
