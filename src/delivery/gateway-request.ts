import { timingSafeEqual } from 'node:crypto';
import { type Digest, isDigest } from '../registry/reference.ts';

/** What somebody wants of the gateway. Everything that it does not have is `absent`, whether the secret was right or not. */
export type GatewayRequest =
  | { readonly kind: 'version' }
  | { readonly kind: 'manifest'; readonly name: string }
  | { readonly kind: 'blob'; readonly digest: Digest }
  | { readonly kind: 'absent' }
  | { readonly kind: 'not-allowed' };

/** The one tag that the gateway has. */
export const GATEWAY_TAG = 'merged';

/** Nothing is decoded and nothing resolved: a path that is not exactly of this form leads nowhere. */
const PATH = /^\/v2\/([0-9a-f]{32})\/cache\/(manifests|blobs)\/([A-Za-z0-9:]{1,80})$/;

/** Reads a request line. `secret`: 32 hex digits; it is compared in a time that tells nothing of it. */
export function readGatewayRequest(
  { method, url }: { readonly method: string; readonly url: string },
  secret: string,
): GatewayRequest {
  if (method !== 'GET' && method !== 'HEAD') return { kind: 'not-allowed' };
  const [path = ''] = url.split('?', 1);
  if (path === '/v2/' || path === '/v2') return { kind: 'version' };
  const [, given = '', what, name = ''] = PATH.exec(path) ?? [];
  const known = given.length === secret.length && timingSafeEqual(Buffer.from(given), Buffer.from(secret));
  if (!known) return { kind: 'absent' };
  if (what === 'manifests') return { kind: 'manifest', name };
  return isDigest(name) ? { kind: 'blob', digest: name } : { kind: 'absent' };
}

/** Bytes of a blob that were asked for. */
export interface AskedRange {
  /** The header to pass on; absent where the whole blob is wanted. */
  readonly header?: string;
  readonly start: number;
}

/**
 * One open or closed range, as clients that resume write it (`bytes=100-`); any other form means the whole blob, which
 * RFC 9110 (14.2) allows. `unsatisfiable`: it begins behind the end.
 */
export function readRange(header: string | undefined, size: number): AskedRange | 'unsatisfiable' {
  const [, start] = /^bytes=(\d{1,15})-\d{0,15}$/.exec(header ?? '') ?? [];
  if (start === undefined || header === undefined) return { start: 0 };
  return Number(start) >= size ? 'unsatisfiable' : { header, start: Number(start) };
}
