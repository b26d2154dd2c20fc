import { Readable } from 'node:stream';
import { ForeignAnswer, isOfDocuments, whyForeign } from './aws-answer.ts';
import type { HttpAnswer, HttpClient } from './http.ts';
import { withJoinedSignal } from './joined-signal.ts';

/** What the AWS SDK hands to its HTTP layer (`HttpRequest` of @smithy/types), as far as it is read here. */
interface AwsRequest {
  readonly protocol: string;
  readonly hostname: string;
  readonly port?: number | undefined;
  readonly method: string;
  readonly path: string;
  readonly query?: Readonly<Record<string, string | readonly string[] | null>> | undefined;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: unknown;
}

/** One request with its answer; none of the calls made here streams for longer. */
const REQUEST_MS = 30_000;
/** Without a byte of an answer, or of the next part of one. */
const SILENCE_MS = 10_000;
/** Bytes of an answer, unpacked. A thousand instances are 10 MB; what others may write can be of any size. */
const LARGEST_ANSWER = 64 << 20;

/**
 * An HTTP layer for AWS SDK clients over `fetch` or what asks like it. The SDK's own knows nothing of HTTPS_PROXY and NO_PROXY; ours does.
 * For calls with small answers: bodies are read whole, up to `largest` bytes, and end with an {@link AnswerTooLarge} where they have
 * more. A success that is no answer to what was asked is a {@link ForeignAnswer}. A request without an answer is given up
 * after 30 s, or 10 s of silence ({@link SilentEndpoint}), and fails in a form that the SDK retries, whatever went wrong on the way.
 */
export function fetchHandler(fetch: HttpClient, largest = LARGEST_ANSWER) {
  return {
    async handle(request: AwsRequest, options: { readonly abortSignal?: unknown } = {}) {
      const caller = options.abortSignal instanceof AbortSignal ? options.abortSignal : undefined;
      const expiry = new AbortController();
      const timer = setTimeout(
        () => expiry.abort(new Error(`none within ${REQUEST_MS / 1000} s`)),
        REQUEST_MS,
      );
      const silence = setTimeout(() => expiry.abort(new SilentEndpoint(request.hostname)), SILENCE_MS);
      const signals = caller === undefined ? [expiry.signal] : [caller, expiry.signal];
      try {
        caller?.throwIfAborted();
        const response = await withJoinedSignal(signals, async (stop) => {
          const heard = () => silence.refresh();
          const tooLarge = (error: AnswerTooLarge) => {
            // Ends the transfer.
            expiry.abort(error);
            return error;
          };
          return await ask(fetch, request, { signal: stop, largest, heard, tooLarge });
        });
        return { response };
      } catch (error) {
        if (caller?.aborted === true || error instanceof AnswerTooLarge || error instanceof ForeignAnswer)
          throw error;
        if (expiry.signal.reason instanceof SilentEndpoint) throw expiry.signal.reason;
        throw noAnswer(request.hostname, error);
      } finally {
        clearTimeout(timer);
        clearTimeout(silence);
      }
    },
    updateHttpClientConfig: () => undefined,
    httpHandlerConfigs: () => ({}),
  };
}

/**
 * The SDK sets `content-length`, fetch sets it too, and a dispatcher with a proxy refuses the pair; and `expect` for what it sends to S3
 * from 2 MB on, which fetch does not know and no signature covers.
 */
function sendable(headers: AwsRequest['headers']): Readonly<Record<string, string>> {
  const left = new Set(['content-length', 'expect']);
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !left.has(name.toLowerCase())));
}

interface BodyOptions {
  readonly largest: number;
  readonly heard: () => void;
  readonly tooLarge: (error: AnswerTooLarge) => AnswerTooLarge;
}

async function ask(
  fetch: HttpClient,
  request: AwsRequest,
  { signal, largest, heard, tooLarge }: BodyOptions & { readonly signal: AbortSignal },
) {
  const bodiless = request.method === 'GET' || request.method === 'HEAD';
  const answer = await fetch(urlOf(request), {
    method: request.method,
    headers: sendable(request.headers),
    ...(bodiless ? {} : { body: request.body as string | Uint8Array }),
    signal,
    redirect: 'manual',
  });
  heard();
  const body = await bodyOf(answer, { largest, heard, tooLarge });
  const because = answer.ok ? whyForeign(request, body) : undefined;
  if (because !== undefined) throw new ForeignAnswer(because);
  return {
    statusCode: answer.status,
    reason: answer.statusText,
    headers: Object.fromEntries(answer.headers),
    // What is no document may be handed out as it is: objects of S3, as streams.
    body: isOfDocuments(request) ? body : Readable.from([body]),
  };
}

/** Nothing came for a while. The name is the one that the SDK's retry knows. */
export class SilentEndpoint extends Error {
  constructor(hostname: string) {
    super(`${hostname} was silent for ${SILENCE_MS / 1000} s`);
    this.name = 'TimeoutError';
  }
}

/** An answer is larger than it may be; the SDK does not ask again. */
export class AnswerTooLarge extends Error {}

async function bodyOf(
  { body, headers }: HttpAnswer,
  { largest, heard, tooLarge }: BodyOptions,
): Promise<Uint8Array> {
  const message = `the answer has more than ${largest >> 20} MiB`;
  if (Number(headers.get('content-length') ?? 0) > largest) {
    throw tooLarge(new AnswerTooLarge(message));
  }
  const parts: Uint8Array[] = [];
  let size = 0;
  // It can be packed, and its length says nothing then.
  for await (const part of body ?? []) {
    heard();
    size += part.byteLength;
    if (size > largest) throw tooLarge(new AnswerTooLarge(message));
    parts.push(part);
  }
  return Buffer.concat(parts);
}

/** The SDK's retry knows the name, not undici's codes (`isTransientError` of @smithy/core/retry). */
function noAnswer(hostname: string, cause: unknown): Error {
  return Object.assign(new Error(`no answer from ${hostname}`, { cause }), { name: 'TimeoutError' });
}

function urlOf({ protocol, hostname, port, path, query = {} }: AwsRequest): string {
  const pairs = Object.entries(query).flatMap(([name, value]) =>
    [value ?? ''].flat().map((one) => `${encodeURIComponent(name)}=${encodeURIComponent(one)}`),
  );
  const search = pairs.length === 0 ? '' : `?${pairs.join('&')}`;
  return `${protocol}//${hostname}${port === undefined ? '' : `:${port}`}${path}${search}`;
}
