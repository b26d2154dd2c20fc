import type { SccacheSettings } from '../config/settings.ts';
import { within } from '../platform/time-limit.ts';
import { awsCode } from '../platform/aws-fault.ts';
import { messageOf } from '../platform/errors.ts';
import type { Host } from '../platform/host.ts';
import type { S3 } from './s3.ts';
import { type StartFailure, judgeStartFailure } from './start-failure.ts';

/** Key that sccache reads and writes when its server starts, below the prefix (`check` in its src/cache/cache.rs). */
const CHECK = '.sccache_check';
/** What it writes there. */
const CONTENT = 'Hello, World!';

/** What S3 answered to one request. */
export type StoreProbe =
  | { readonly state: 'done' }
  /** No such object, in a bucket that exists. */
  | { readonly state: 'absent' }
  /** Asked too often: sccache starts all the same. */
  | { readonly state: 'throttled' }
  | { readonly state: 'refused'; readonly failure: StartFailure };

/** Key of sccache's check object. */
export function checkKey({ prefix }: Pick<SccacheSettings, 'prefix'>): string {
  return prefix === '' ? CHECK : `${prefix}/${CHECK}`;
}

/** Reads the check object as sccache does: `refused` is a server that does not start. */
export async function probeRead(s3: S3, sccache: SccacheSettings, signal: AbortSignal): Promise<StoreProbe> {
  const command = new s3.sdk.GetObjectCommand({ Bucket: sccache.bucket, Key: checkKey(sccache) });
  return await answerTo(async () => await s3.client.send(command, { abortSignal: signal }));
}

/** Writes the check object as sccache does: `refused` makes it read-only. The object stays, as sccache's own does. */
export async function probeWrite(s3: S3, sccache: SccacheSettings, signal: AbortSignal): Promise<StoreProbe> {
  const input = { Bucket: sccache.bucket, Key: checkKey(sccache), Body: CONTENT };
  const command = new s3.sdk.PutObjectCommand(input);
  return await answerTo(async () => await s3.client.send(command, { abortSignal: signal }));
}

/** Asks for one key: whether the caller may list, without which S3 answers 403 for objects that do not exist. */
export async function probeList(s3: S3, sccache: SccacheSettings, signal: AbortSignal): Promise<StoreProbe> {
  const command = new s3.sdk.ListObjectsV2Command({ Bucket: sccache.bucket, MaxKeys: 1 });
  return await answerTo(async () => await s3.client.send(command, { abortSignal: signal }));
}

/** The answer of a probe, or `unreachable` after `milliseconds`. Throws the reason of the run's signal only. */
export async function probeWithin(
  milliseconds: number,
  probe: (signal: AbortSignal) => Promise<StoreProbe>,
  host: Pick<Host, 'clock' | 'signal'>,
): Promise<StoreProbe> {
  try {
    return await within(milliseconds, probe, host);
  } catch (error) {
    host.signal.throwIfAborted();
    return { state: 'refused', failure: probeFailure(error) };
  }
}

async function answerTo(send: () => Promise<unknown>): Promise<StoreProbe> {
  try {
    await send();
    return { state: 'done' };
  } catch (error) {
    const code = awsCode(error);
    if (code === 'NoSuchKey') return { state: 'absent' };
    if (code === 'SlowDown') return { state: 'throttled' };
    return { state: 'refused', failure: probeFailure(error) };
  }
}

/** Codes of the SDK's own, beside S3's. */
const OWN_CAUSE: Readonly<Record<string, StartFailure['cause']>> = {
  CredentialsProviderError: 'no-credentials',
  TimeoutError: 'unreachable',
  OutOfTime: 'unreachable',
};

function probeFailure(error: unknown): StartFailure {
  const code = awsCode(error);
  const message = messageOf(error);
  const own = OWN_CAUSE[code];
  if (own !== undefined) return { cause: own, said: message };
  const said = message.startsWith(code) || code === 'Error' ? message : `${code}: ${message}`;
  const { cause } = judgeStartFailure(said);
  // Services answer a denial without a body too; sccache goes by the status then.
  return cause === 'unknown' && httpStatus(error) === 403
    ? { cause: 'denied', said: 'HTTP status 403' }
    : { cause, said };
}

/** The SDK's errors carry `$metadata`. */
function httpStatus(error: unknown): unknown {
  const metadata: unknown = error instanceof Error && '$metadata' in error ? error.$metadata : undefined;
  return typeof metadata === 'object' && metadata !== null && 'httpStatusCode' in metadata
    ? metadata.httpStatusCode
    : undefined;
}
