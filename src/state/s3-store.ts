import { openAws } from '../platform/aws.ts';
import { lazily } from '../platform/lazily.ts';
import { AnswerTooLarge, fetchHandler } from '../platform/aws-handler.ts';
import { awsCode, awsError, type AwsRequestName } from '../platform/aws-fault.ts';
import type { Host } from '../platform/host.ts';
import { LARGEST_ENTRY, entryTooLarge } from './entry-limit.ts';
import type { StateStore } from './store.ts';

/** Where the objects are. */
export interface S3Place {
  readonly place: string;
  readonly bucket: string;
  /** Without slashes at its ends; '' for the whole bucket. */
  readonly prefix: string;
  /** Region to ask first: S3 says where the bucket really is. */
  readonly region: string;
}

/** A call ends within this time, in milliseconds: nobody waits for conveniences. */
const CALL_MS = 10_000;
const ATTEMPTS = 3;
/** Somebody else was faster (PutObject, "conditional writes"); 409 where both came at the same moment. */
const LOST = ['PreconditionFailed', 'ConditionalRequestConflict', 'NoSuchKey'];

/**
 * A store in S3 by conditional writes. The run's signal does not end its calls: they are short, and the lock is
 * given back after an interruption.
 */
export function openS3Store(
  host: Pick<Host, 'fetch' | 'http'>,
  { place, bucket, prefix, region }: S3Place,
): StateStore {
  const { settings } = openAws({ ...host, signal: new AbortController().signal }, region);
  const load = lazily(async () => {
    const sdk = await import('@aws-sdk/client-s3');
    const options = {
      ...settings,
      requestHandler: fetchHandler(host.http ?? host.fetch, LARGEST_ENTRY),
      maxAttempts: ATTEMPTS,
      followRegionRedirects: true,
      forcePathStyle: true,
    };
    return { sdk, client: new sdk.S3Client(options) };
  });
  const keyOf = (key: string): string => (prefix === '' ? key : `${prefix}/${key}`);
  const nameOf = (action: string, key: string): AwsRequestName => ({
    action: `s3:${action}`,
    subject: `s3://${bucket}/${keyOf(key)}`,
  });

  const read: StateStore['read'] = async (key) => {
    const { sdk, client } = await load();
    const command = new sdk.GetObjectCommand({ Bucket: bucket, Key: keyOf(key) });
    const answer = await attempt(nameOf('GetObject', key), ['NoSuchKey'], async (abortSignal) => {
      const { Body, ETag } = await client.send(command, { abortSignal });
      return { text: (await Body?.transformToString()) ?? '', version: ETag ?? '' };
    });
    return answer;
  };
  return {
    place,
    read,
    async write(key, text, { expected }) {
      const { sdk, client } = await load();
      const condition = expected === undefined ? { IfNoneMatch: '*' } : { IfMatch: expected };
      const command = new sdk.PutObjectCommand({
        Bucket: bucket,
        Key: keyOf(key),
        Body: text,
        // The SDK cannot tell the length of an empty text, and says so on stderr.
        ContentLength: Buffer.byteLength(text),
        ContentType: 'application/json',
        ...condition,
      });
      const written = await attempt(
        nameOf('PutObject', key),
        LOST,
        async (abortSignal) => (await client.send(command, { abortSignal })).ETag,
      );
      if (written !== undefined) return written;
      // The SDK repeats a request whose answer was lost: then it was this writer that was faster.
      const found = await read(key);
      return found?.text === text ? found.version : undefined;
    },
    async keys(folder) {
      const { sdk, client } = await load();
      const Prefix = `${keyOf(folder)}/`;
      const keys: string[] = [];
      let token: string | undefined;
      do {
        const input = {
          Bucket: bucket,
          Prefix,
          ...(token === undefined ? {} : { ContinuationToken: token }),
        };
        const page = await attempt(
          nameOf('ListBucket', folder),
          [],
          async (abortSignal) => await client.send(new sdk.ListObjectsV2Command(input), { abortSignal }),
        );
        keys.push(...(page?.Contents ?? []).map(({ Key = '' }) => Key.slice(Prefix.length)));
        token = page?.NextContinuationToken;
      } while (token !== undefined);
      return keys;
    },
  };
}

/** `undefined` where S3 refuses with one of the codes in `expect`. */
async function attempt<T>(
  name: AwsRequestName,
  expect: readonly string[],
  work: (abortSignal: AbortSignal) => Promise<T>,
): Promise<T | undefined> {
  try {
    return await work(AbortSignal.timeout(CALL_MS));
  } catch (error) {
    if (expect.includes(awsCode(error))) return undefined;
    if (error instanceof AnswerTooLarge) throw entryTooLarge(name.subject);
    throw awsError(error, name);
  }
}
