import type { BucketLocationConstraint } from '@aws-sdk/client-s3';
import type { SccacheSettings } from '../config/settings.ts';
import type { AwsWork } from '../platform/aws.ts';
import { BLOCK_ALL, type BucketChange } from './bucket-plan.ts';
import { type Place, bucketArn } from './policy.ts';
import { refuse } from './refuse.ts';
import type { S3 } from './s3.ts';

/** Makes one change of the plan; the same change again does no harm. Throws `outside`, `refused` for a name that is taken. */
export async function makeChange(
  s3: S3,
  sccache: SccacheSettings,
  { change, place }: { readonly change: BucketChange; readonly place: Place },
): Promise<void> {
  const { sdk, client, aws } = s3;
  const owned = { Bucket: sccache.bucket, ExpectedBucketOwner: place.account };
  const put = async (action: string, send: AwsWork<unknown>): Promise<void> => {
    await aws.call({ action, subject: bucketArn(sccache, place) }, send);
  };
  switch (change.part) {
    case 'bucket':
      return await createBucket(s3, sccache, place);
    case 'public access': {
      const input = { ...owned, PublicAccessBlockConfiguration: BLOCK_ALL };
      const command = new sdk.PutPublicAccessBlockCommand(input);
      return await put(
        's3:PutBucketPublicAccessBlock',
        async (options) => await client.send(command, options),
      );
    }
    case 'encryption': {
      const Rules = [{ ApplyServerSideEncryptionByDefault: { SSEAlgorithm: 'AES256' as const } }];
      const command = new sdk.PutBucketEncryptionCommand({
        ...owned,
        ServerSideEncryptionConfiguration: { Rules },
      });
      return await put(
        's3:PutEncryptionConfiguration',
        async (options) => await client.send(command, options),
      );
    }
    case 'lifecycle': {
      const size = change.minimumSize;
      const command = new sdk.PutBucketLifecycleConfigurationCommand({
        ...owned,
        LifecycleConfiguration: { Rules: [...change.rules] },
        ...(size === undefined ? {} : { TransitionDefaultMinimumObjectSize: size }),
      });
      return await put(
        's3:PutLifecycleConfiguration',
        async (options) => await client.send(command, options),
      );
    }
    case 'policy': {
      if (change.policy.Statement.length === 0) {
        const command = new sdk.DeleteBucketPolicyCommand(owned);
        return await put('s3:DeleteBucketPolicy', async (options) => await client.send(command, options));
      }
      const command = new sdk.PutBucketPolicyCommand({ ...owned, Policy: JSON.stringify(change.policy) });
      const answer = await aws.ask(
        { action: 's3:PutBucketPolicy', subject: bucketArn(sccache, place), expect: ['MalformedPolicy'] },
        async (options) => await client.send(command, options),
      );
      if (!answer.ok) throw refuse.unknownRole(sccache);
    }
  }
}

async function createBucket({ sdk, client, aws }: S3, sccache: SccacheSettings, place: Place): Promise<void> {
  const { bucket, region } = sccache;
  // us-east-1 is where a bucket lies that names no place; S3 refuses its name.
  const configuration =
    region === 'us-east-1'
      ? {}
      : { CreateBucketConfiguration: { LocationConstraint: region as BucketLocationConstraint } };
  const command = new sdk.CreateBucketCommand({ Bucket: bucket, ...configuration });
  const answer = await aws.ask(
    {
      action: 's3:CreateBucket',
      subject: bucketArn(sccache, place),
      expect: ['BucketAlreadyExists', 'BucketAlreadyOwnedByYou'],
    },
    async (options) => await client.send(command, options),
  );
  if (!answer.ok && answer.code === 'BucketAlreadyExists') throw refuse.foreign(sccache);
}
