import { messageOf } from '../platform/errors.ts';
import type { Host } from '../platform/host.ts';
import type { HttpAnswer, HttpHeaders } from '../platform/http.ts';
import type { Oversized, Setback } from './refusal.ts';
import { OutOfTime, within } from '../platform/time-limit.ts';

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
  /** Hands the body of a success over unread, as {@link Response.stream}; `timeoutMs` is then for the headers alone. */
  readonly stream?: boolean;
}

/** Whatever the other side answered, read to the end where it is no stream. */
export interface Response {
  readonly state: 'answered';
  readonly status: number;
  readonly statusText: string;
  readonly headers: HttpHeaders;
  readonly body: Uint8Array;
  /** The unread body of a success; whoever asked for it reads it to the end or cancels it. */
  readonly stream?: ReadableStream<Uint8Array>;
}

/**
 * One request and its answer. A success with a longer body than `limit` is {@link Oversized}; the body of anything else is cut there.
 * No answer, or a broken one, is a transient setback. Rejects only with the reason of `signal`.
 *
 * The Authorization header stays behind where a redirect leaves the origin, which is how blobs come from S3.
 */
export async function exchange(
  question: Question,
  { fetch, http = fetch, clock }: Pick<Host, 'fetch' | 'http' | 'clock'>,
): Promise<Response | Oversized | Setback> {
  const { url, init, limit, timeoutMs, signal } = question;
  const way = { sent: false };
  try {
    return await within(
      timeoutMs,
      async (stop) => {
        const ask = { ...init, signal: stop, onSent: (sent: boolean) => void (way.sent = sent) };
        const opened = question.stream === true ? await fetch(url, ask) : undefined;
        const response = opened ?? (await http(url, ask));
        const { status, statusText, headers } = response;
        const answered = { state: 'answered', status, statusText, headers } as const;
        if (opened?.ok === true && opened.body !== null) {
          return { ...answered, body: new Uint8Array(), stream: opened.body };
        }
        const { bytes, complete } = await readUpTo(limit, response);
        if (!complete && response.ok) {
          const length = headers.get('content-length') ?? 'more';
          return { state: 'oversized', because: `${length} bytes, limit ${limit}` } as const;
        }
        return { ...answered, body: bytes };
      },
      { clock, signal },
    );
  } catch (error) {
    signal.throwIfAborted();
    const silent = way.sent && error instanceof OutOfTime ? ({ silent: true } as const) : {};
    return { state: 'failed', because: messageOf(error), transient: true, ...silent };
  }
}

async function readUpTo(
  limit: number,
  { body }: HttpAnswer,
): Promise<{ readonly bytes: Uint8Array; readonly complete: boolean }> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of body ?? []) {
    const room = limit - length;
    chunks.push(chunk.subarray(0, room));
    length += chunk.length;
    if (length > limit) return { bytes: Buffer.concat(chunks), complete: false };
  }
  return { bytes: Buffer.concat(chunks), complete: true };
}
