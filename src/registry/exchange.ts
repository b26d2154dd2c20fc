import { messageOf } from '../platform/errors.ts';
import type { Host } from '../platform/host.ts';
import type { Oversized, Setback } from './refusal.ts';
import { within } from '../platform/time-limit.ts';

/** One HTTP request as data. */
export interface Question {
  readonly url: string;
  readonly init: {
    readonly method: string;
    readonly headers: Readonly<Record<string, string>>;
    readonly body?: string | Uint8Array;
    readonly redirect?: 'follow' | 'manual';
  };
  /** Bytes of a body that is read; see {@link exchange}. */
  readonly limit: number;
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

/** Whatever the other side answered, read to the end. */
export interface Response {
  readonly state: 'answered';
  readonly status: number;
  readonly statusText: string;
  readonly headers: Headers;
  readonly body: Uint8Array;
}

/**
 * One request and its answer. A success with a longer body than `limit` is {@link Oversized}; the body of anything else is cut there.
 * No answer, or a broken one, is a transient setback. Rejects only with the reason of `signal`.
 *
 * `fetch` drops the Authorization header where a redirect leaves the origin, which is how blobs come from S3.
 */
export async function exchange(
  question: Question,
  { fetch, clock }: Pick<Host, 'fetch' | 'clock'>,
): Promise<Response | Oversized | Setback> {
  const { url, init, limit, timeoutMs, signal } = question;
  try {
    return await within(
      timeoutMs,
      async (stop) => {
        const response = await fetch(url, { ...init, signal: stop });
        const { status, statusText, headers } = response;
        const { bytes, complete } = await readUpTo(limit, response);
        if (!complete && response.ok) {
          const length = headers.get('content-length') ?? 'more';
          return { state: 'oversized', because: `${length} bytes, limit ${limit}` } as const;
        }
        return { state: 'answered', status, statusText, headers, body: bytes } as const;
      },
      { clock, signal },
    );
  } catch (error) {
    signal.throwIfAborted();
    return { state: 'failed', because: messageOf(error), transient: true };
  }
}

async function readUpTo(
  limit: number,
  response: globalThis.Response,
): Promise<{ readonly bytes: Uint8Array; readonly complete: boolean }> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of response.body ?? []) {
    const room = limit - length;
    chunks.push(chunk.subarray(0, room));
    length += chunk.length;
    if (length > limit) return { bytes: Buffer.concat(chunks), complete: false };
  }
  return { bytes: Buffer.concat(chunks), complete: true };
}
