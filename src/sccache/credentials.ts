import type { AwsCredentials, FoundCredentials } from '../platform/aws-credentials.ts';
import { messageOf } from '../platform/errors.ts';
import type { Host } from '../platform/host.ts';
import { within } from '../platform/time-limit.ts';
import type { S3 } from './s3.ts';

/** The last resort of the chain is a metadata service, which does not answer off EC2. */
const PATIENCE_MS = 5_000;

/** Asks the SDK's credential chain: environment, profile, web identity, process, metadata service. Takes 5 s at most. */
export async function findCredentials(
  { client }: Pick<S3, 'client'>,
  host: Pick<Host, 'clock' | 'signal'>,
): Promise<FoundCredentials> {
  try {
    const found = await within(PATIENCE_MS, async () => await client.config.credentials(), host);
    const { accessKeyId, secretAccessKey, sessionToken, expiration: expires } = found;
    const credentials = {
      accessKeyId,
      secretAccessKey,
      ...(sessionToken === undefined ? {} : { sessionToken }),
      ...(expires === undefined ? {} : { expires }),
    };
    return { state: 'found', credentials };
  } catch (error) {
    host.signal.throwIfAborted();
    return { state: 'none', because: messageOf(error) };
  }
}

/** Whether credentials last as long as a build needs them. `minutes` is what is left. */
export type Lifetime =
  | { readonly state: 'enough' }
  | { readonly state: 'short' | 'over'; readonly minutes: number };

/** Judges how long `credentials` last; at least `lastMs` is wanted, as a running step cannot get new ones. */
export function judgeLifetime({ expires }: AwsCredentials, now: Date, lastMs: number): Lifetime {
  if (expires === undefined) return { state: 'enough' };
  const left = expires.getTime() - now.getTime();
  if (left >= lastMs) return { state: 'enough' };
  return { state: left <= 0 ? 'over' : 'short', minutes: Math.max(0, Math.floor(left / 60_000)) };
}
