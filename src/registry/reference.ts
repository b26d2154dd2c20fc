import { WarmbakeError } from '../platform/errors.ts';

declare const brand: unique symbol;

/** `sha256:` and 64 hex digits. */
export type Digest = string & { readonly [brand]: 'Digest' };

/** A valid image tag: `[A-Za-z0-9_][A-Za-z0-9._-]{0,127}` (OCI distribution specification). */
export type Tag = string & { readonly [brand]: 'Tag' };

/** Host (with port) and path of a repository: `127.0.0.1:5000/app`, `public.ecr.aws/a1b2/app`. */
export interface Repository {
  readonly host: string;
  readonly path: string;
}

/** A tagged name in a registry. */
export interface Reference extends Repository {
  readonly tag: Tag;
}

const HOST = /^(?:[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?|\[[0-9a-f:]+\])(?::\d{1,5})?$/;
/** Path components as the distribution specification has them; ECR's own grammar is a part of it. */
const PATH = /^[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*(?:\/[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*)*$/;
const TAG_FORM = /^[A-Za-z0-9_][A-Za-z0-9._-]{0,127}$/;
const DIGEST = /^sha256:[0-9a-f]{64}$/;

/** True for a valid tag. */
export function isTag(text: string): text is Tag {
  return TAG_FORM.test(text);
}

/** True for a `sha256:` digest. */
export function isDigest(text: string): text is Digest {
  return DIGEST.test(text);
}

/** Parses `host[:port]/path`; `undefined` where it is none. A first component without dot, port or `localhost` is no host. */
export function parseRepository(text: string): Repository | undefined {
  const slash = text.indexOf('/');
  if (slash <= 0) return undefined;
  const host = text.slice(0, slash);
  const path = text.slice(slash + 1);
  const named = host === 'localhost' || host.includes('.') || host.includes(':');
  return named && HOST.test(host) && PATH.test(path) && path.length <= 255 ? { host, path } : undefined;
}

/** Parses `host[:port]/path:tag`; `undefined` where it is none. */
export function parseReference(text: string): Reference | undefined {
  const colon = text.lastIndexOf(':');
  if (colon < 0) return undefined;
  const repository = parseRepository(text.slice(0, colon));
  const tag = text.slice(colon + 1);
  return repository !== undefined && isTag(tag) ? { ...repository, tag } : undefined;
}

/** As {@link parseReference}, for what a person typed: throws `usage` with the wrong value. */
export function requireReference(text: string): Reference {
  const reference = parseReference(text);
  if (reference !== undefined) return reference;
  throw new WarmbakeError(
    'usage',
    'bad-reference',
    `'${text}' is not a reference of the form host/repository:tag`,
  );
}

/** `host/path`. */
export function repositoryName(repository: Repository): string {
  return `${repository.host}/${repository.path}`;
}

/** `host/path:tag`. */
export function referenceName(reference: Reference): string {
  return `${repositoryName(reference)}:${reference.tag}`;
}

/** True for addresses of this machine, where registries speak plain HTTP. */
export function isLoopback(host: string): boolean {
  const name = host.replace(/:\d+$/, '');
  return name === 'localhost' || name === '[::1]' || /^127(?:\.\d{1,3}){3}$/.test(name);
}
