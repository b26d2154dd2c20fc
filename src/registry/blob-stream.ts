import type { Digest, Repository } from './reference.ts';
import { isLoopback } from './reference.ts';
import type { Missing, Refusal } from './refusal.ts';
import { originOf, type Patience, type Transport } from './transport.ts';

/** A blob as the registry hands it out: from its own hands, or by the address of the place that has it. */
export type OpenedBlob =
  /** The unread body, to be read to its end or cancelled; 206 where a range was asked for and given. */
  | {
      readonly state: 'open';
      readonly status: 200 | 206;
      /** Of this body, in bytes; absent where the registry does not say. */
      readonly length?: number;
      readonly contentRange?: string;
      readonly stream: ReadableStream<Uint8Array>;
    }
  /** A signed address, good for whoever has it: never to be logged. https, or on this machine. */
  | { readonly state: 'redirected'; readonly location: string }
  | Missing
  | Refusal;

/**
 * Opens a blob to be passed on. Redirects of the registry to itself are followed (they need its login), others are given
 * back. `range` is the value of a `Range` header. The time limit is for the first answer; the body has none.
 */
export async function askBlobStream(
  ask: Transport,
  blob: { readonly repository: Repository; readonly digest: Digest; readonly range?: string | undefined },
  { patience }: { readonly patience: Patience },
): Promise<OpenedBlob> {
  const { host, path } = blob.repository;
  const question = {
    access: { host, path, actions: 'pull' },
    method: 'GET',
    target: `/v2/${path}/blobs/${blob.digest}`,
    // Bytes as they are kept: their digest is checked.
    headers: { 'accept-encoding': 'identity', ...(blob.range === undefined ? {} : { range: blob.range }) },
    stream: true,
  } as const;
  let outcome = await ask({ ...question, redirect: 'manual' }, patience);
  if (outcome.state === 'answered' && outcome.status >= 300) {
    const address = redirectOf(outcome.headers.get('location'), `${originOf(host)}${question.target}`);
    if (address !== 'own') return address;
    outcome = await ask(question, patience);
  }
  if (outcome.state === 'oversized') return { state: 'failed', because: `answer of ${outcome.because}` };
  if (outcome.state !== 'answered') return outcome;
  const { status, headers, stream } = outcome;
  const coding = headers.get('content-encoding') ?? 'identity';
  if (stream === undefined || (status !== 200 && status !== 206) || coding !== 'identity') {
    await stream?.cancel().catch(() => undefined);
    return {
      state: 'failed',
      because: `${status} with ${stream === undefined ? 'no body' : `a ${coding} body`}`,
    };
  }
  const length = headers.get('content-length');
  const contentRange = headers.get('content-range');
  return {
    state: 'open',
    status,
    stream,
    ...(length !== null && /^\d{1,15}$/.test(length) ? { length: Number(length) } : {}),
    ...(contentRange === null ? {} : { contentRange }),
  };
}

function redirectOf(location: string | null, from: string): 'own' | Exclude<OpenedBlob, { state: 'open' }> {
  const url = URL.canParse(location ?? '', from) ? new URL(location ?? '', from) : undefined;
  if (url === undefined || location === null)
    return { state: 'failed', because: 'a redirect that leads nowhere' };
  if (url.origin === new URL(from).origin) return 'own';
  if (url.protocol === 'https:' || (url.protocol === 'http:' && isLoopback(url.host))) {
    return { state: 'redirected', location: url.href };
  }
  return { state: 'failed', because: 'a redirect to an address that is not https' };
}
