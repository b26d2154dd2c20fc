import type { Repository } from './reference.ts';
import { type Ask, type RegistryOutcome, originOf, type Patience, type Transport } from './transport.ts';

/** Whether this login may push. `missing-repository`: ECR makes none by itself. */
export type PushRight =
  | { readonly can: true }
  | {
      readonly can: false;
      readonly kind: 'denied' | 'missing-repository' | 'throttled' | 'unreachable';
      readonly because: string;
    };

/** Begins an upload and abandons it. */
export async function askPushRight(
  ask: Transport,
  { host, path }: Repository,
  { patience }: { readonly patience: Patience },
): Promise<PushRight> {
  const begin = {
    access: { host, path, actions: 'pull,push' },
    method: 'POST',
    target: `/v2/${path}/blobs/uploads/`,
  } as const satisfies Ask;
  const outcome = await ask(begin, patience);
  if (outcome.state !== 'answered') return refused(outcome, { host, path });
  const upload = uploadTarget(outcome.headers.get('location'), `${originOf(host)}${begin.target}`);
  // Registries drop abandoned uploads sooner or later; ECR knows no DELETE. The answer does not matter.
  if (upload !== undefined) {
    await ask({ ...begin, method: 'DELETE', target: upload }, { ...patience, patienceMs: 0 });
  }
  return { can: true };
}

function refused(
  outcome: Exclude<RegistryOutcome, { state: 'answered' }>,
  { host, path }: Repository,
): PushRight {
  switch (outcome.state) {
    case 'missing':
      return { can: false, kind: 'missing-repository', because: `${host} has no repository ${path}` };
    case 'denied':
    case 'throttled':
      return { can: false, kind: outcome.state, because: outcome.because };
    case 'failed':
    case 'oversized':
      return { can: false, kind: 'unreachable', because: outcome.because };
  }
}

/**
 * Path and query of the upload begun at `address`; `undefined` where it is on another host. The scheme in `Location` is
 * ignored: behind a proxy that ends TLS, registries write `http`, and the login must not go there.
 */
function uploadTarget(location: string | null, address: string): string | undefined {
  if (location === null || !URL.canParse(location, address)) return undefined;
  const url = new URL(location, address);
  return url.host === new URL(address).host ? `${url.pathname}${url.search}` : undefined;
}
