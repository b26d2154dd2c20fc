import type { SccacheSettings } from '../config/settings.ts';
import type { Aws } from '../platform/aws.ts';
import type { BucketFacts, ExistingBucket, OwnBucket } from './bucket-plan.ts';
import { isStoreEntry } from './key.ts';
import { type Place, bucketArn } from './policy.ts';
import type { S3 } from './s3.ts';

/**
 * Looks at the bucket and changes nothing; `s3` must be open for any region. Every request names the account that has to
 * own the bucket. Throws `outside`; a missing right is told as action and resource.
 */
export async function readBucket(s3: S3, sccache: SccacheSettings): Promise<BucketFacts> {
  const caller = await readCaller(s3.aws);
  return { caller, existing: await existingBucket(s3, sccache, caller) };
}

/** Who asks. Throws `outside` where the credentials are no good. */
export async function readCaller(aws: Aws): Promise<BucketFacts['caller']> {
  const { GetCallerIdentityCommand, STSClient } = await import('@aws-sdk/client-sts');
  const client = new STSClient(aws.settings);
  const { Account: account = '', Arn: arn = '' } = await aws.call(
    { action: 'sts:GetCallerIdentity', subject: 'these credentials' },
    async (options) => await client.send(new GetCallerIdentityCommand({}), options),
  );
  return { account, arn, partition: arn.split(':')[1] ?? 'aws' };
}

async function existingBucket(s3: S3, sccache: SccacheSettings, place: Place): Promise<ExistingBucket> {
  const location = await locate(s3, sccache, { place, expect: ['NoSuchBucket', 'AccessDenied'] });
  if (!location.ok) {
    if (location.code === 'NoSuchBucket') return { state: 'absent' };
    // A bucket of somebody else, or one of ours and a missing right: the list of our buckets tells.
    const ours = await isOurs(s3, sccache);
    if (ours !== true) return { state: ours === false ? 'foreign' : 'unclear' };
    await locate(s3, sccache, { place, expect: [] });
    return { state: 'unclear' };
  }
  const region = regionOf(location.value.LocationConstraint);
  // Of a bucket in another region nothing else matters, and it could not be asked here.
  if (region !== sccache.region)
    return { state: 'own', region, otherThings: [], publicAccess: {}, rules: [] };
  const [otherThings, settings] = await Promise.all([
    otherThingsIn(s3, sccache, place),
    readSettings(s3, sccache, place),
  ]);
  return { state: 'own', region, otherThings, ...settings };
}

async function locate(
  { sdk, client, aws }: S3,
  sccache: SccacheSettings,
  { place, expect }: { readonly place: Place; readonly expect: readonly string[] },
) {
  return await aws.ask(
    { action: 's3:GetBucketLocation', subject: bucketArn(sccache, place), expect },
    async (options) =>
      await client.send(new sdk.GetBucketLocationCommand(namedFault(sccache, place)), options),
  );
}

/** `undefined` where the caller may not list buckets. */
async function isOurs({ sdk, client, aws }: S3, sccache: SccacheSettings): Promise<boolean | undefined> {
  const listed = await aws.ask(
    { action: 's3:ListAllMyBuckets', subject: 'all buckets', expect: ['AccessDenied'] },
    async (options) => await client.send(new sdk.ListBucketsCommand({}), options),
  );
  return listed.ok ? listed.value.Buckets?.some(({ Name }) => Name === sccache.bucket) === true : undefined;
}

/** S3 has no name for us-east-1 and an old one for eu-west-1. */
function regionOf(constraint: string | undefined): string {
  if (constraint === undefined || constraint === '') return 'us-east-1';
  return constraint === 'EU' ? 'eu-west-1' : constraint;
}

type Configured = Pick<OwnBucket, 'publicAccess' | 'encryption' | 'rules' | 'minimumSize' | 'policy'>;

async function readSettings(
  { sdk, client, aws }: S3,
  sccache: SccacheSettings,
  place: Place,
): Promise<Configured> {
  const input = namedFault(sccache, place);
  const subject = bucketArn(sccache, place);
  const [access, encryption, lifecycle, policy] = await Promise.all([
    aws.ask(
      {
        action: 's3:GetBucketPublicAccessBlock',
        subject,
        expect: ['NoSuchPublicAccessBlockConfiguration'],
      },
      async (options) => await client.send(new sdk.GetPublicAccessBlockCommand(input), options),
    ),
    aws.ask(
      {
        action: 's3:GetEncryptionConfiguration',
        subject,
        expect: ['ServerSideEncryptionConfigurationNotFoundError'],
      },
      async (options) => await client.send(new sdk.GetBucketEncryptionCommand(input), options),
    ),
    aws.ask(
      { action: 's3:GetLifecycleConfiguration', subject, expect: ['NoSuchLifecycleConfiguration'] },
      async (options) => await client.send(new sdk.GetBucketLifecycleConfigurationCommand(input), options),
    ),
    aws.ask(
      { action: 's3:GetBucketPolicy', subject, expect: ['NoSuchBucketPolicy'] },
      async (options) => await client.send(new sdk.GetBucketPolicyCommand(input), options),
    ),
  ]);
  const [rule] =
    (encryption.ok ? encryption.value.ServerSideEncryptionConfiguration?.Rules : undefined) ?? [];
  const algorithm = rule?.ApplyServerSideEncryptionByDefault?.SSEAlgorithm;
  const minimumSize = lifecycle.ok ? lifecycle.value.TransitionDefaultMinimumObjectSize : undefined;
  const text = policy.ok ? policy.value.Policy : undefined;
  return {
    publicAccess: (access.ok ? access.value.PublicAccessBlockConfiguration : undefined) ?? {},
    rules: (lifecycle.ok ? lifecycle.value.Rules : undefined) ?? [],
    ...(algorithm === undefined ? {} : { encryption: algorithm }),
    ...(minimumSize === undefined ? {} : { minimumSize }),
    ...(text === undefined ? {} : { policy: text }),
  };
}

/** How many other things are named in a message. */
const SAMPLES = 5;

/** Looks at each level down to the prefix, one page a level: whatever is not on the way to the store is named. */
async function otherThingsIn(
  { sdk, client, aws }: S3,
  sccache: SccacheSettings,
  place: Place,
): Promise<readonly string[]> {
  const parts = sccache.prefix === '' ? [] : sccache.prefix.split('/').map((part) => `${part}/`);
  const others: string[] = [];
  for (let depth = 0; depth <= parts.length; depth += 1) {
    const above = parts.slice(0, depth).join('');
    const page = await aws.call(
      { action: 's3:ListBucket', subject: bucketArn(sccache, place) },
      async (options) =>
        await client.send(
          new sdk.ListObjectsV2Command({ ...namedFault(sccache, place), Prefix: above, Delimiter: '/' }),
          options,
        ),
    );
    const entries = [
      ...(page.CommonPrefixes ?? []).map(({ Prefix = '' }) => Prefix),
      ...(page.Contents ?? []).map(({ Key = '' }) => Key),
    ];
    const next = parts[depth];
    const belongs = (name: string): boolean => (next === undefined ? isStoreEntry(name) : name === next);
    others.push(...entries.filter((entry) => !belongs(entry.slice(above.length))));
  }
  return others.slice(0, SAMPLES);
}

/** S3 answers 403 where the bucket is another account's, whatever the rights. */
function namedFault({ bucket }: SccacheSettings, { account }: Place) {
  return { Bucket: bucket, ExpectedBucketOwner: account };
}
