import type { SccacheSettings } from '../config/settings.ts';
import { openAws } from '../platform/aws.ts';
import { messageOf } from '../platform/errors.ts';
import type { Host } from '../platform/host.ts';
import { partitionOf } from '../platform/iam-policy.ts';
import { within } from '../platform/time-limit.ts';
import type { FoundCredentials } from './credentials.ts';
import type { SessionGrant } from './grant.ts';
import { rolePolicy } from './policy.ts';

/** Looking for credentials and one request with its repetitions. */
const PATIENCE_MS = 8_000;
/** What STS gives at least, and at most to who is a session already (role chaining), in seconds. */
const SHORTEST = 900;
const LONGEST = 3_600;

/**
 * Credentials of the role, narrowed by a session policy to what this build may do with the store: a role that may more gives no more
 * (STS API reference, AssumeRole). They end within the hour. Never rejects but for the run's signal.
 */
export async function assumeForStore(
  host: Pick<Host, 'fetch' | 'clock' | 'signal'>,
  sccache: SccacheSettings,
  { role, access }: SessionGrant,
): Promise<FoundCredentials> {
  const { AssumeRoleCommand, STSClient } = await import('@aws-sdk/client-sts');
  const client = new STSClient({ ...openAws(host, sccache.region).settings, maxAttempts: 2 });
  const place = { partition: partitionOf(sccache.region), account: '' };
  const command = new AssumeRoleCommand({
    RoleArn: role,
    RoleSessionName: 'warmbake-sccache',
    DurationSeconds: sessionSeconds(sccache),
    Policy: JSON.stringify(rolePolicy(sccache, place, access)),
  });
  try {
    const { Credentials: given } = await within(
      PATIENCE_MS,
      async (abortSignal) => await client.send(command, { abortSignal }),
      host,
    );
    const {
      AccessKeyId: accessKeyId,
      SecretAccessKey: secretAccessKey,
      SessionToken: sessionToken,
    } = given ?? {};
    if (accessKeyId === undefined || secretAccessKey === undefined || sessionToken === undefined) {
      return { state: 'none', because: 'STS answered without credentials' };
    }
    const expires = given?.Expiration === undefined ? {} : { expires: given.Expiration };
    return { state: 'found', credentials: { accessKeyId, secretAccessKey, sessionToken, ...expires } };
  } catch (error) {
    host.signal.throwIfAborted();
    return { state: 'none', because: messageOf(error) };
  } finally {
    client.destroy();
  }
}

/** As long as a build needs them, within what STS gives. */
export function sessionSeconds({ credentialsLastMs }: Pick<SccacheSettings, 'credentialsLastMs'>): number {
  return Math.min(LONGEST, Math.max(SHORTEST, Math.ceil(credentialsLastMs / 1000)));
}
