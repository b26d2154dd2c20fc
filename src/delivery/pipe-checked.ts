import { createHash } from 'node:crypto';
import type { ServerResponse } from 'node:http';
import type { Clock } from '../platform/clock.ts';
import { messageOf } from '../platform/errors.ts';
import { within } from '../platform/time-limit.ts';
import type { Digest } from '../registry/reference.ts';

/** Silence that a donor may keep before its first byte, in milliseconds. */
export const FIRST_BYTE_MS = 10_000;
/** And between two bytes. */
const NEXT_BYTE_MS = 30_000;

/** What a body must be. */
export interface ExpectedBody {
  readonly length: number;
  /** Absent where only a part of the blob comes. */
  readonly digest?: Digest;
}

/** How a transfer ended. `untouched`: nothing has been written, another donor can be asked. */
export type PipeEnd =
  | { readonly state: 'done' }
  | { readonly state: 'client-left' }
  | { readonly state: 'failed'; readonly untouched: boolean; readonly because: string };

/**
 * Passes a body on as fast as the client takes it. `begin` writes the head of the answer, once the first byte is there. The
 * last bytes are written when the digest is known to be right: a client never gets the whole of a wrong body. After
 * a failure that is not `untouched` the connection is broken. Never rejects.
 */
export async function pipeChecked(
  stream: ReadableStream<Uint8Array>,
  answer: ServerResponse,
  {
    expected: { length, digest },
    begin,
    clock,
    signal,
  }: {
    readonly expected: ExpectedBody;
    readonly begin: () => void;
    readonly clock: Clock;
    readonly signal: AbortSignal;
  },
): Promise<PipeEnd> {
  const reader = stream.getReader();
  const hash = digest === undefined ? undefined : createHash('sha256');
  let bytes = 0;
  let begun = false;

  const check = (chunk: Uint8Array | undefined): string | undefined => {
    if (chunk === undefined && bytes < length) return `it ended after ${bytes} of ${length} bytes`;
    if (chunk === undefined) return undefined;
    bytes += chunk.length;
    hash?.update(chunk);
    if (bytes > length) return `it is longer than ${length} bytes`;
    const wrong = bytes === length && hash !== undefined && `sha256:${hash.digest('hex')}` !== digest;
    return wrong ? 'its content does not match its digest' : undefined;
  };

  try {
    for (;;) {
      const silence = begun ? NEXT_BYTE_MS : FIRST_BYTE_MS;
      const { value } = await within(silence, async () => await reader.read(), { clock, signal });
      const wrong = check(value);
      if (wrong !== undefined) throw new Error(wrong);
      if (!begun) begin();
      begun = true;
      if (value !== undefined && !answer.write(value)) await drained(answer, signal);
      if (bytes === length) break;
    }
    answer.end();
    return { state: 'done' };
  } catch (error) {
    if (signal.aborted) return { state: 'client-left' };
    if (begun) answer.destroy();
    return { state: 'failed', untouched: !begun, because: messageOf(error) };
  } finally {
    await reader.cancel().catch(() => undefined);
  }
}

/** Resolves when the client has taken what was written; rejects when it is gone. */
async function drained(answer: ServerResponse, signal: AbortSignal): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    const gone = (): void => {
      answer.off('drain', go);
      reject(new Error('the client is gone'));
    };
    const go = (): void => {
      signal.removeEventListener('abort', gone);
      resolve();
    };
    if (signal.aborted) return gone();
    answer.once('drain', go);
    signal.addEventListener('abort', gone, { once: true });
  });
}
