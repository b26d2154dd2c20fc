import * as z from 'zod';
import type { HttpHeaders } from '../platform/http.ts';
import { jsonOrUndefined } from '../platform/json.ts';

/** Why a registry did not do what it was asked; an expected answer, not an error. */
export interface Refusal {
  readonly state: 'denied' | 'throttled' | 'failed';
  /** One phrase for people. */
  readonly because: string;
  /** The question was sent, and the answer did not come in time: not that the registry is out of reach. */
  readonly silent?: true;
}

/** The name is not there. 404 only: nothing else counts as absent. */
export interface Missing {
  readonly state: 'missing';
}

/** More bytes than the reader takes. */
export interface Oversized {
  readonly state: 'oversized';
  readonly because: string;
}

/** A refusal that may be gone a moment later, and when the registry said to come back. */
export interface Setback extends Refusal {
  readonly transient: boolean;
  readonly retryAfterMs?: number | undefined;
}

/** Error body of the OCI distribution specification, and of ECR. */
const ErrorBody = z.object({
  errors: z.array(z.object({ code: z.string().optional(), message: z.string().optional() })).min(1),
});

/** A response that is no success: what it means, for the registry as for its token service. `now` is for `Retry-After`. */
export function readRefusal(
  response: { readonly status: number; readonly statusText: string; readonly headers: HttpHeaders },
  body: string,
  { now }: { readonly now: Date },
): Setback | Missing {
  const { status, statusText, headers } = response;
  if (status === 404) return { state: 'missing' };
  const reason = readReason(body);
  const title = statusText === '' ? String(status) : `${status} ${statusText}`;
  const because = reason.text === '' ? title : `${title} (${reason.text})`;
  const retryAfterMs = readRetryAfter(headers.get('retry-after'), now);
  // ECR Public throttles with code `toomanyrequests`, the AWS front end with `ThrottlingException` under 400.
  if (status === 429 || /toomanyrequests|throttling/i.test(reason.code)) {
    return { state: 'throttled', because, transient: true, retryAfterMs };
  }
  if (status === 401 || status === 403) return { state: 'denied', because, transient: false };
  return { state: 'failed', because, transient: status >= 500 || status === 408, retryAfterMs };
}

function readReason(body: string): { readonly code: string; readonly text: string } {
  const [first] = ErrorBody.safeParse(jsonOrUndefined(body)).data?.errors ?? [];
  const code = first?.code ?? '';
  const text = [code, first?.message ?? ''].filter((part) => part !== '').join(': ');
  return { code, text: text.length > 200 ? `${text.slice(0, 200)}…` : text };
}

/** Milliseconds from now, of both forms of the header (RFC 9110, 10.2.3): seconds or a date. */
function readRetryAfter(header: string | null, now: Date): number | undefined {
  if (header === null) return undefined;
  if (/^\d{1,9}$/.test(header)) return Number(header) * 1000;
  const date = Date.parse(header);
  return Number.isNaN(date) ? undefined : Math.max(0, date - now.getTime());
}
