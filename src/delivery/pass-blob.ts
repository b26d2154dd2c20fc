import type { ServerResponse } from 'node:http';
import type { Host } from '../platform/host.ts';
import type { OpenedBlob } from '../registry/blob-stream.ts';
import type { Digest, Repository } from '../registry/reference.ts';
import type { Registry } from '../registry/registry.ts';
import type { DonatedBlob } from './deliverable.ts';
import type { AskedRange } from './gateway-request.ts';
import { donorsInOrder, type Ledger } from './ledger.ts';
import { type ExpectedBody, FIRST_BYTE_MS, pipeChecked } from './pipe-checked.ts';

/** A blob that a client waits for. */
export interface WantedBlob {
  readonly digest: Digest;
  readonly blob: DonatedBlob;
  readonly range: AskedRange;
}

/** What {@link passBlob} works with. */
export interface BlobSources {
  readonly registry: Pick<Registry, 'openBlob'>;
  /** The repository of each donor. */
  readonly donors: ReadonlyMap<string, Repository>;
  readonly host: Pick<Host, 'clock'>;
  /** Gets a line for every answer and every failure. */
  readonly ledger: Ledger;
  /** Aborted when the client is gone. */
  readonly signal: AbortSignal;
}

/** Asked once more within this time where no other donor is left, in milliseconds: a throttled registry says when to come back. */
const LAST_DONOR_MS = 10_000;

/**
 * Answers with a blob: each donor in turn is asked for it until one gives it, by a redirect (passed on) or by its bytes. 404
 * where all of them lack it or gave something else: the client is not to try again; 502 where one may have it later. That is said
 * once for a layer: BuildKit would ask six times, and each time wait for a donor that says nothing.
 */
export async function passBlob(
  wanted: WantedBlob,
  answer: ServerResponse,
  { registry, donors, host, ledger, signal }: BlobSources,
): Promise<void> {
  const { digest, blob, range } = wanted;
  const start = host.clock.now().getTime();
  const served = (donor: string, way: 'redirected' | 'piped', bytes: number): void => {
    const seconds = (host.clock.now().getTime() - start) / 1000;
    ledger.served.push({ digest, donor, bytes, way, seconds });
  };
  const order = donorsInOrder(digest, blob.donors, ledger);
  let later = false;
  for (const [index, donor] of order.entries()) {
    const repository = donors.get(donor);
    if (repository === undefined) continue;
    const fail = (because: string): void => void ledger.failures.push({ digest, donor, because });
    const patienceMs = index === order.length - 1 ? LAST_DONOR_MS : 0;
    const options = { range: range.header, timeoutMs: FIRST_BYTE_MS, patienceMs, signal };
    const opened = await registry.openBlob(repository, digest, options);
    if (opened.state === 'redirected') {
      served(donor, 'redirected', blob.descriptor.size - range.start);
      answer.writeHead(307, { location: opened.location, 'content-length': 0 }).end();
      return;
    }
    if (opened.state !== 'open') {
      later ||= opened.state === 'failed' || opened.state === 'throttled';
      fail(opened.state === 'missing' ? 'it is not there' : opened.because);
      continue;
    }
    const expected = expectedBody(opened, wanted);
    if ('wrong' in expected) {
      await opened.stream.cancel().catch(() => undefined);
      fail(expected.wrong);
      continue;
    }
    const begin = (): void => void answer.writeHead(opened.status, headersOf(opened, { digest, expected }));
    const end = await pipeChecked(opened.stream, answer, { expected, begin, clock: host.clock, signal });
    if (end.state === 'client-left') return;
    if (end.state === 'done') return served(donor, 'piped', expected.length);
    fail(end.because);
    if (!end.untouched) return;
    later = true;
  }
  const again = later && !ledger.deferred.has(digest);
  if (again) ledger.deferred.add(digest);
  answer.writeHead(again ? 502 : 404, { 'content-length': 0 }).end();
}

type OpenBody = Extract<OpenedBlob, { state: 'open' }>;

function headersOf(
  { contentRange }: OpenBody,
  { digest, expected }: { readonly digest: Digest; readonly expected: ExpectedBody },
): Record<string, string | number> {
  return {
    'content-type': 'application/octet-stream',
    'content-length': expected.length,
    'docker-content-digest': digest,
    'accept-ranges': 'bytes',
    ...(contentRange === undefined ? {} : { 'content-range': contentRange }),
  };
}

/** What the body must be by the descriptor, and where the registry contradicts it: what is wrong. */
function expectedBody(
  { status, length, contentRange }: OpenBody,
  { digest, blob, range }: WantedBlob,
): ExpectedBody | { readonly wrong: string } {
  const { size } = blob.descriptor;
  if (status === 200) {
    return length === undefined || length === size
      ? { length: size, digest }
      : { wrong: `it has ${length} bytes instead of ${size}` };
  }
  const [, from, to, whole] = /^bytes (\d{1,15})-(\d{1,15})\/(\d{1,15})$/.exec(contentRange ?? '') ?? [];
  const part = Number(to) - range.start + 1;
  const right =
    Number(from) === range.start &&
    Number(whole) === size &&
    part > 0 &&
    Number(to) < size &&
    (length ?? part) === part;
  if (!right) return { wrong: 'it answers with another range than the one asked for' };
  return part === size ? { length: size, digest } : { length: part };
}
