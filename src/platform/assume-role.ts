import { openAws } from './aws.ts';
import type { FoundCredentials } from './aws-credentials.ts';
import { messageOf } from './errors.ts';
import type { Host } from './host.ts';
import type { SessionPolicy } from './iam-policy.ts';
import { within } from './time-limit.ts';

/** A session of a role. */
export interface SessionRequest {
  /** ARN. */
  readonly role: string;
  /** Where STS is asked. */
  readonly region: string;
  /** What the session is called in CloudTrail. */
  readonly name: string;
  /** Narrows the role: a role that may more gives no more (STS API reference, AssumeRole). */
  readonly policy: SessionPolicy;
  /** Seconds that the session is wanted for; it gets those that STS gives. */
  readonly seconds: number;
}

/** Looking for credentials and one request with its repetitions. */
const PATIENCE_MS = 8_000;
/** What STS gives at least, and at most to who is a session already (role chaining), in seconds. */
const SHORTEST = 900;
const LONGEST = 3_600;

/** Credentials of that session; they end within the hour. Never rejects but for the run's signal. */
export async function assumeRole(
  host: Pick<Host, 'fetch' | 'clock' | 'signal'>,
  { role, region, name, policy, seconds }: SessionRequest,
): Promise<FoundCredentials> {
  const { AssumeRoleCommand, STSClient } = await import('@aws-sdk/client-sts');
  const client = new STSClient({ ...openAws(host, region).settings, maxAttempts: 2 });
  const command = new AssumeRoleCommand({
    RoleArn: role,
    RoleSessionName: name,
    DurationSeconds: Math.min(LONGEST, Math.max(SHORTEST, seconds)),
    Policy: JSON.stringify(policy),
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
