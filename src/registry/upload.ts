import type { Response } from './exchange.ts';
import { digestOf } from './digest.ts';
import type { Digest, Repository } from './reference.ts';
import type { Missing, Refusal } from './refusal.ts';
import { type Ask, originOf, type Patience, type RegistryOutcome, type Transport } from './transport.ts';

/** What became of a mount. `not-mounted`: the registry began an upload instead, which was abandoned. */
export type MountOutcome =
  | { readonly state: 'mounted' }
  | { readonly state: 'not-mounted' }
  | Missing
  | Refusal;

/**
 * Makes a blob of `from` one of `target` without moving a byte (distribution specification, "mounting a blob from another
 * repository"). Both are of one registry. A blob that the target has is mounted as well: nothing need be asked before.
 */
export async function askMount(
  ask: Transport,
  mount: { readonly target: Repository; readonly digest: Digest; readonly from: Repository },
  { patience }: { readonly patience: Patience },
): Promise<MountOutcome> {
  const { target, digest, from } = mount;
  if (target.host !== from.host) return { state: 'failed', because: `${from.host} is another registry` };
  const query = new URLSearchParams({ mount: digest, from: from.path }).toString();
  const begun = uploadsOf(target, { from: from.path });
  const answer = await ask({ ...begun, target: `${begun.target}?${query}` }, patience);
  if (answer.state !== 'answered') return bounded(answer);
  if (answer.status === 201) return { state: 'mounted' };
  await abandonUpload(ask, { begun, answer }, patience);
  return { state: 'not-mounted' };
}

/** Puts a small blob, in two requests. `missing`: there is no such repository. */
export async function putSmallBlob(
  ask: Transport,
  blob: { readonly repository: Repository; readonly body: Uint8Array },
  { patience }: { readonly patience: Patience },
): Promise<{ readonly state: 'written'; readonly digest: Digest } | Missing | Refusal> {
  const begun = uploadsOf(blob.repository);
  const answer = await ask(begun, patience);
  if (answer.state !== 'answered') return bounded(answer);
  const target = uploadTarget(answer, begun);
  if (target === undefined) return { state: 'failed', because: 'the upload is to go to another host' };
  const digest = digestOf(blob.body);
  const put = {
    ...begun,
    method: 'PUT',
    target: `${target}${target.includes('?') ? '&' : '?'}${new URLSearchParams({ digest }).toString()}`,
    headers: { 'content-type': 'application/octet-stream' },
    body: blob.body,
  } as const;
  const written = await ask(put, patience);
  return written.state === 'answered' ? { state: 'written', digest } : bounded(written);
}

/** Registries drop abandoned uploads sooner or later; ECR knows no DELETE. The answer does not matter. */
export async function abandonUpload(
  ask: Transport,
  { begun, answer }: { readonly begun: Ask; readonly answer: Response },
  patience: Patience,
): Promise<void> {
  const target = uploadTarget(answer, begun);
  if (target === undefined) return;
  await ask({ access: begun.access, method: 'DELETE', target }, { ...patience, patienceMs: 0 });
}

function uploadsOf({ host, path }: Repository, source: { readonly from?: string } = {}) {
  const access = { host, path, actions: 'pull,push', ...source } as const;
  return { access, method: 'POST', target: `/v2/${path}/blobs/uploads/` } as const satisfies Ask;
}

/**
 * Path and query of the upload that was begun; `undefined` where it is on another host. The scheme in `Location` is
 * ignored: behind a proxy that ends TLS, registries write `http`, and the login must not go there.
 */
function uploadTarget({ headers }: Response, begun: Ask): string | undefined {
  const address = `${originOf(begun.access.host)}${begun.target}`;
  const location = headers.get('location');
  if (location === null || !URL.canParse(location, address)) return undefined;
  const url = new URL(location, address);
  return url.host === new URL(address).host ? `${url.pathname}${url.search}` : undefined;
}

/** Answers here are small by nature, a large one is a broken one. */
function bounded(outcome: Exclude<RegistryOutcome, { state: 'answered' }>): Missing | Refusal {
  return outcome.state === 'oversized'
    ? { state: 'failed', because: `answer of ${outcome.because}` }
    : outcome;
}
