import type { Repository } from './reference.ts';
import type { Ask, RegistryOutcome, Patience, Transport } from './transport.ts';
import { abandonUpload } from './upload.ts';

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
  await abandonUpload(ask, { begun: begin, answer: outcome }, patience);
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
