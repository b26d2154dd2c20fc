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
  const digest = `sha256:${createHash('sha256').update(config).digest('hex')}`;
  const uploads = `http://${registry}/v2/${name.slice(0, name.lastIndexOf(':'))}/blobs/uploads/`;
  const begun = await fetch(uploads, { method: 'POST' });
  const upload = new URL(begun.headers.get('location') ?? '', uploads);
  upload.searchParams.set('digest', digest);
  await fetch(upload, { method: 'PUT', body: config });
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
