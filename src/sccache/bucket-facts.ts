import type { SccacheSettings } from '../config/settings.ts';
import { type Aws, type AwsAnswer, lazily } from '../platform/aws.ts';
import type { BucketFacts, ExistingBucket, OwnBucket } from './bucket-plan.ts';
import { isStoreEntry } from './key.ts';
import { type Place, bucketArn } from './policy.ts';
import type { S3 } from './s3.ts';

/** Who asks. Throws `outside` where the credentials are no good. */
export async function readCaller(aws: Aws): Promise<BucketFacts['caller']> {
  const { GetCallerIdentityCommand, STSClient } = await import('@aws-sdk/client-sts');
  const client = new STSClient(aws.settings);
  const name = { action: 'sts:GetCallerIdentity', subject: 'these credentials' };
  const { Account: account = '', Arn: arn = '' } = await aws.call(
    name,
    async (options) => await client.send(new GetCallerIdentityCommand({}), options),
  );
  return { account, arn, partition: arn.split(':')[1] ?? 'aws' };
}

/**
 * Looks at the bucket and changes nothing. `s3` must be open for any region. Every request names the account that has to own
 * the bucket. Throws `outside`; a missing right is told as action and resource.
 */
export async function readBucket(s3: S3, sccache: SccacheSettings): Promise<BucketFacts> {
  const caller = await readCaller(s3.aws);
  return { caller, existing: await existingBucket(s3, sccache, caller) };
}

async function existingBucket(s3: S3, sccache: SccacheSettings, place: Place): Promise<ExistingBucket> {
  const ask = asker(s3, sccache, place);
  const location = await ask('s3:GetBucketLocation', ['NoSuchBucket', 'AccessDenied'], (input) =>
    new s3.sdk.GetBucketLocationCommand(input),
  );
  if (!location.ok) {
    if (location.code === 'NoSuchBucket') return { state: 'absent' };
    return await whose(s3, sccache);
  }
  const region = regionOf(location.value.LocationConstraint);
  // What follows is asked in the bucket's own region, and nothing of it matters in another one.
  if (region !== sccache.region) return { ...EMPTY, region };
  const [otherThings, access, encryption, rules, policy] = await Promise.all([
    otherThingsIn(s3, sccache, place),
    ask('s3:GetBucketPublicAccessBlock', ['NoSuchPublicAccessBlockConfiguration'], (input) =>
      new s3.sdk.GetPublicAccessBlockCommand(input),
    ),
    ask('s3:GetEncryptionConfiguration', ['ServerSideEncryptionConfigurationNotFoundError'], (input) =>
      new s3.sdk.GetBucketEncryptionCommand(input),
    ),
    ask('s3:GetLifecycleConfiguration', ['NoSuchLifecycleConfiguration'], (input) =>
      new s3.sdk.GetBucketLifecycleConfigurationCommand(input),
    ),
    ask('s3:GetBucketPolicy', ['NoSuchBucketPolicy'], (input) => new s3.sdk.GetBucketPolicyCommand(input)),
  ]);
  const algorithm = encryption.ok
    ? encryption.value.ServerSideEncryptionConfiguration?.Rules?.[0]?.ApplyServerSideEncryptionByDefault?.SSEAlgorithm
    : undefined;
  return {
    ...EMPTY,
    region,
    otherThings,
    publicAccess: (access.ok ? access.value.PublicAccessBlockConfiguration : undefined) ?? {},
    rules: (rules.ok ? rules.value.Rules : undefined) ?? [],
    ...(algorithm === undefined ? {} : { encryption: algorithm }),
    ...(policy.ok && policy.value.Policy !== undefined ? { policy: policy.value.Policy } : {}),
  };
}
