import { createHash } from 'node:crypto';

/** A manifest as the registry holds it. */
export interface Held {
  readonly mediaType: string;
  readonly body: string;
  readonly digest: string;
}

const ACCEPT = ['application/vnd.oci.image.manifest.v1+json', 'application/vnd.oci.image.index.v1+json'].join(
  ', ',
);

/** The tags of a repository, in order; none where it does not exist. */
export async function tagsOf(registry: string, repository: string): Promise<readonly string[]> {
  const response = await fetch(`http://${registry}/v2/${repository}/tags/list`);
  const { tags } = (await response.json()) as { readonly tags?: readonly string[] | null };
  return [...(tags ?? [])].sort();
}

/** What is under `repository:tag`. Throws where there is nothing. */
export async function manifestOf(registry: string, name: string): Promise<Held> {
  const response = await fetch(manifestUrl(registry, name), { headers: { accept: ACCEPT } });
  if (!response.ok) throw new Error(`${name}: ${response.status}`);
  return {
    mediaType: response.headers.get('content-type') ?? '',
    digest: response.headers.get('docker-content-digest') ?? '',
    body: await response.text(),
  };
}

/** Puts a manifest under `repository:tag`; what it names must be there already. */
export async function putManifest(
  registry: string,
  name: string,
  held: Pick<Held, 'mediaType' | 'body'>,
): Promise<void> {
  const response = await fetch(manifestUrl(registry, name), {
    method: 'PUT',
    headers: { 'content-type': held.mediaType },
    body: held.body,
  });
  if (!response.ok) throw new Error(`${name}: ${response.status} ${await response.text()}`);
}

/**
 * Puts a layer cache that holds nothing under `repository:tag`: a source that is found, and different from others of
 * another `mark`.
 */
export async function putCache(registry: string, name: string, mark: string = name): Promise<void> {
  const config = JSON.stringify({ layers: [], records: [] });
  const digest = await putBlob(registry, name, config);
  const mediaType = 'application/vnd.oci.image.manifest.v1+json';
  const manifest = {
    schemaVersion: 2,
    mediaType,
    config: { mediaType: 'application/vnd.buildkit.cacheconfig.v0', digest, size: config.length },
    layers: [],
    annotations: { mark },
  };
  await putManifest(registry, name, { mediaType, body: JSON.stringify(manifest) });
}

function manifestUrl(registry: string, name: string): string {
  const colon = name.lastIndexOf(':');
  return `http://${registry}/v2/${name.slice(0, colon)}/manifests/${name.slice(colon + 1)}`;
}

/** Puts a cache with these layers, which must be there already, and this config under `repository:tag`; answers with its digest. */
export async function putCacheConfig(
  registry: string,
  name: string,
  { layers, config }: { readonly layers: readonly object[]; readonly config: string },
): Promise<string> {
  const digest = await putBlob(registry, name, config);
  const mediaType = 'application/vnd.oci.image.manifest.v1+json';
  const size = Buffer.byteLength(config);
  const body = JSON.stringify({
    schemaVersion: 2,
    mediaType,
    config: { mediaType: 'application/vnd.buildkit.cacheconfig.v0', digest, size },
    layers,
  });
  await putManifest(registry, name, { mediaType, body });
  return `sha256:${createHash('sha256').update(body).digest('hex')}`;
}

/** Takes a manifest from the repository of `repository:tag`, with every tag that it has. */
export async function deleteManifest(registry: string, name: string, digest: string): Promise<void> {
  const repository = name.slice(0, name.lastIndexOf(':'));
  await fetch(`http://${registry}/v2/${repository}/manifests/${digest}`, { method: 'DELETE' });
}

async function putBlob(registry: string, name: string, body: string): Promise<string> {
  const digest = `sha256:${createHash('sha256').update(body).digest('hex')}`;
  const uploads = `http://${registry}/v2/${name.slice(0, name.lastIndexOf(':'))}/blobs/uploads/`;
  const begun = await fetch(uploads, { method: 'POST' });
  const upload = new URL(begun.headers.get('location') ?? '', uploads);
  upload.searchParams.set('digest', digest);
  await fetch(upload, { method: 'PUT', body });
  return digest;
}
