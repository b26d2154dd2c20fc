import * as z from 'zod';
import { jsonOrUndefined } from '../platform/json.ts';
import { type Digest, type Repository, isDigest } from './reference.ts';
import type { Found, Manifest, ManifestName, Registry } from './registry.ts';

/** What an image says of itself. */
export interface ImageDescription {
  readonly digest: Digest;
  readonly mediaType: string;
  /** `linux/amd64`, `linux/arm64/v8` …; attestations are not counted. */
  readonly platforms: readonly string[];
  /** The value under `key`, in whichever place the image keeps it. */
  annotation(key: string): string | undefined;
}

const texts = z.record(z.string(), z.string()).default({});
const descriptor = z.object({
  digest: z.string().refine(isDigest),
  platform: z.object({ os: z.string(), architecture: z.string(), variant: z.string().optional() }).optional(),
  annotations: texts,
});
/** Index or manifest of OCI or Docker; only what is read. */
const document = z.object({
  annotations: texts,
  manifests: z.array(descriptor).optional(),
  config: z.object({ digest: z.string().refine(isDigest) }).optional(),
});
const imageConfig = z.object({
  os: z.string().default('unknown'),
  architecture: z.string().default('unknown'),
  variant: z.string().optional(),
  config: z.object({ Labels: z.record(z.string(), z.string()).nullish() }).default({}),
});

/** Configs are some kB; BuildKit's own limit for such blobs. */
const CONFIG_LIMIT = 1024 * 1024;

/**
 * Reads an image: its index, the manifest of `platform` (default: the first one) and that one's config; `failed` where an index has no such
 * platform. Annotations are looked for in
 * this order: index, manifest, manifest with the literal prefix `index,manifest:` (images made by an older buildx
 * carry it), label of the config; an empty one says nothing and hides none.
 */
export async function readImage(
  registry: Registry,
  name: ManifestName,
  { platform }: { readonly platform?: string } = {},
): Promise<Found<ImageDescription>> {
  const top = await readImageDocument(registry, name);
  if (top.state !== 'found') return top;
  const children = (top.document.manifests ?? []).filter((m) => m.platform?.os !== 'unknown');
  const platforms = children.map((child) => platformName(child.platform));
  // An entry without a platform may be any.
  const fitting = [platform, platformName(undefined)].map((one) => platforms.indexOf(one ?? ''));
  const chosen = platform === undefined ? children[0] : children[fitting.find((at) => at >= 0) ?? -1];
  if (chosen === undefined && children.length > 0)
    return { state: 'failed', because: `it has ${platforms.join(', ')}, and not ${platform}` };
  const manifest =
    chosen === undefined
      ? top
      : await readImageDocument(registry, { ...repositoryOf(name), digest: chosen.digest });
  if (manifest.state !== 'found') return manifest;
  const config = await readConfig(registry, repositoryOf(name), manifest.document.config?.digest);
  if (config.state !== 'found') return config;
  const own = manifest.document.annotations;
  return {
    state: 'found',
    digest: top.digest,
    mediaType: top.mediaType,
    platforms: chosen === undefined ? [platformName(config)] : platforms,
    annotation: (key) =>
      [top.document.annotations[key], own[key], own[`index,manifest:${key}`], config.labels[key]].find(
        (text) => text !== undefined && text !== '',
      ),
  };
}

async function readImageDocument(registry: Registry, name: ManifestName) {
  const read = await registry.manifest(name);
  if (read.state === 'oversized') return { state: 'failed', because: read.because } as const;
  if (read.state !== 'found') return read;
  const parsed = parse(document, read);
  if (parsed === undefined) return { state: 'failed', because: 'not an image manifest' } as const;
  return { ...read, document: parsed };
}

async function readConfig(registry: Registry, repository: Repository, digest: Digest | undefined) {
  if (digest === undefined) return { state: 'failed', because: 'manifest without config' } as const;
  const read = await registry.blob(repository, digest, { limit: CONFIG_LIMIT });
  if (read.state === 'oversized') return { state: 'failed', because: read.because } as const;
  if (read.state !== 'found') return read;
  const parsed = parse(imageConfig, read);
  if (parsed === undefined) return { state: 'failed', because: 'not an image config' } as const;
  return { state: 'found', ...parsed, labels: parsed.config.Labels ?? {} } as const;
}

function parse<T>(schema: z.ZodType<T>, { body }: Pick<Manifest, 'body'>): T | undefined {
  return schema.safeParse(jsonOrUndefined(body)).data;
}

function repositoryOf({ host, path }: Repository): Repository {
  return { host, path };
}

function platformName(
  platform:
    | { readonly os: string; readonly architecture: string; readonly variant?: string | undefined }
    | undefined,
): string {
  if (platform === undefined) return 'unknown';
  const { os, architecture, variant } = platform;
  // Every arm64 is v8; some tools write it and some do not.
  const plain = variant === undefined || (architecture === 'arm64' && variant === 'v8');
  return [os, architecture, ...(plain ? [] : [variant])].join('/');
}
