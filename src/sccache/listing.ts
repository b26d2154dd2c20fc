import type { SccacheSettings } from '../config/settings.ts';
import type { StoredObject } from './inventory.ts';
import { bucketArn } from './policy.ts';
import type { S3 } from './s3.ts';

/**
 * The objects of the store in the order of their keys, a page of up to 1000 at a time; only one page is held. Throws
 * `outside`: a listing that breaks off is no listing.
 */
export async function* listStore(
  { sdk, client, aws }: S3,
  { bucket, prefix }: SccacheSettings,
): AsyncGenerator<readonly StoredObject[]> {
  let token: string | undefined;
  do {
    const input = {
      Bucket: bucket,
      ...(prefix === '' ? {} : { Prefix: `${prefix}/` }),
      ...(token === undefined ? {} : { ContinuationToken: token }),
    };
    const page = await aws.call(
      { action: 's3:ListBucket', subject: bucketArn({ bucket }, { partition: 'aws' }) },
      async (options) => await client.send(new sdk.ListObjectsV2Command(input), options),
    );
    yield (page.Contents ?? []).map(({ Key = '', Size = 0, LastModified = new Date(0) }) => ({
      key: Key,
      bytes: Size,
      written: LastModified,
    }));
    token = page.NextContinuationToken;
  } while (token !== undefined);
}
