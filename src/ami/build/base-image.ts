import { randomUUID } from 'node:crypto';
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { FamilySettings } from '../../config/families.ts';
import { cacheDirectory } from '../../platform/cache-directory.ts';
import { WarmbakeError, messageOf } from '../../platform/errors.ts';
import type { Host } from '../../platform/host.ts';
import { within } from '../../platform/time-limit.ts';
import type { ImageId } from '../model/ids.ts';
import { imageInTemplate } from './stack-template.ts';

/** The image that a family is built on. */
export interface BaseImage {
  readonly image: ImageId;
  /** Version of the Elastic CI stack, or where its template was read. */
  readonly stack: string;
}

/** Releases are kept in Buildkite's public bucket; the folder has a `v` before the version. */
const RELEASES = 'https://s3.amazonaws.com/buildkite-aws-stack';

/** The template has 100 kB; time for it in milliseconds, and how often it is asked for. */
const FETCH_MS = 30_000;
const TRIES = 3;

/** Where a template comes from, as `baseStack` in the configuration names it. */
type Template =
  | { readonly kind: 'version'; readonly version: string; readonly url: string }
  | { readonly kind: 'url'; readonly url: string }
  | { readonly kind: 'file'; readonly file: string };

/**
 * Finds the base image of a family. `baseStack` is a version (`6.21.0`), an address or a file (with a `/` in it). The
 * template of a version never changes, so a good one is kept in the user's cache directory.
 * Throws `outside` where it cannot be fetched, `config` where it holds no well-formed image id for the family's region.
 */
export async function findBaseImage(
  host: Host,
  family: Pick<FamilySettings, 'baseStack' | 'region'>,
): Promise<BaseImage> {
  const template = templateOf(family.baseStack);
  const kept = template.kind === 'version' ? cacheFile(host, template.version) : undefined;
  const old = kept === undefined ? undefined : await readFile(kept, 'utf8').catch(() => undefined);
  if (old !== undefined) {
    const found = imageInTemplate(old, family.region);
    if ('image' in found) return { image: found.image, stack: family.baseStack };
  }
  const text = await read(host, template);
  const found = imageInTemplate(text, family.region);
  if ('fault' in found) {
    throw new WarmbakeError(
      'config',
      'no-base-image',
      `the template of the Elastic CI stack '${family.baseStack}' gives no base image: ${found.fault}`,
      { hint: 'correct ami.*.baseStack or ami.*.region' },
    );
  }
  if (kept !== undefined) await keep(kept, text);
  return { image: found.image, stack: family.baseStack };
}

function templateOf(baseStack: string): Template {
  if (/^https?:\/\//.test(baseStack)) return { kind: 'url', url: baseStack };
  if (baseStack.includes('/')) return { kind: 'file', file: baseStack };
  const version = baseStack.replace(/^v/, '');
  if (!/^\d+\.\d+\.\d+(?:-[\w.]+)?$/.test(version)) {
    throw new WarmbakeError(
      'config',
      'bad-base-stack',
      `'${baseStack}' is not a version of the Elastic CI stack`,
      { hint: 'write a version like 6.21.0, the address of its template, or a file with its directory' },
    );
  }
  return { kind: 'version', version, url: `${RELEASES}/v${version}/aws-stack.yml` };
}

function cacheFile(host: Host, version: string): string | undefined {
  const directory = cacheDirectory(host.env);
  return directory === undefined ? undefined : path.join(directory, 'elastic-ci-stack', `${version}.yml`);
}

async function read(host: Host, template: Template): Promise<string> {
  if (template.kind !== 'file') return await download(host, template.url);
  const file = path.resolve(host.cwd, template.file);
  try {
    return await readFile(file, 'utf8');
  } catch (cause) {
    throw new WarmbakeError('config', 'no-base-template', `cannot read the template '${file}'`, { cause });
  }
}

async function ask(
  host: Host,
  url: string,
  signal: AbortSignal,
): Promise<{ readonly status: number; readonly text: string | undefined }> {
  const answer = await host.fetch(url, { signal });
  return { status: answer.status, text: answer.ok ? await answer.text() : undefined };
}

async function download(host: Host, url: string): Promise<string> {
  let problem = '';
  for (let tried = 0; tried < TRIES; tried += 1) {
    if (tried > 0) await host.clock.sleep(1000 * 2 ** tried, host.signal);
    try {
      const { status, text } = await within(FETCH_MS, async (signal) => await ask(host, url, signal), host);
      if (text !== undefined) return text;
      problem = `HTTP ${status}`;
      // The bucket is public: 403 is how S3 says 404 to those who may not list.
      if (status < 500 && status !== 429) break;
    } catch (error) {
      host.signal.throwIfAborted();
      problem = messageOf(error);
    }
  }
  throw new WarmbakeError('outside', 'no-base-template', `cannot fetch ${url}: ${problem}`, {
    hint: 'check ami.*.baseStack: there must be a release of that version',
  });
}

/** A convenience: without it the next run fetches again. */
async function keep(file: string, text: string): Promise<void> {
  const next = `${file}.${randomUUID()}`;
  try {
    await mkdir(path.dirname(file), { recursive: true });
    await writeFile(next, text);
    await rename(next, file);
  } catch {
    // Read-only homes exist.
  }
}
