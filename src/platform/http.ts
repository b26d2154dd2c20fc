/** An answer whose body nobody has read. */
export interface HttpAnswer {
  readonly ok: boolean;
  readonly status: number;
  readonly statusText: string;
  readonly headers: HttpHeaders;
  /** To be read to its end; whoever stops before ends the transfer. */
  readonly body: AsyncIterable<Uint8Array> | null;
}

/** Headers of an answer; names in any case, and in small letters where all are read. */
export interface HttpHeaders extends Iterable<[string, string]> {
  get(name: string): string | null;
}

/** One request, as `fetch` takes it. */
export interface HttpRequest {
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
  readonly redirect?: 'follow' | 'manual';
  readonly signal: AbortSignal;
  /** Is told whether the request is on its way and only the answer lacks; `false` again where a redirect is followed. */
  readonly onSent?: (sent: boolean) => void;
}

/** The part of `fetch` that short questions need. Rejects where there is no answer. */
export type HttpClient = (url: string, request: HttpRequest) => Promise<HttpAnswer>;
