import type { SccacheSettings } from '../config/settings.ts';
import { WarmbakeError } from '../platform/errors.ts';

type Named = Pick<SccacheSettings, 'bucket'>;

function refused(code: string, message: string, hint: string): WarmbakeError {
  return new WarmbakeError('refused', code, message, { hint });
}

/** Why setup does not touch a bucket. */
export const refuse = {
  foreign: ({ bucket }: Named) =>
    refused(
      'bucket-foreign',
      `bucket '${bucket}' belongs to another account (S3 answers 403)`,
      'bucket names are shared by all of AWS: choose another one, or use credentials of the account that has it',
    ),
  unclear: ({ bucket }: Named) =>
    refused(
      'bucket-unclear',
      `bucket '${bucket}' exists, but S3 answers 403: it belongs to another account, or s3:GetBucketLocation on it is missing`,
      'allow s3:ListAllMyBuckets, so that the two can be told apart',
    ),
  region: ({ bucket, region }: Named & Pick<SccacheSettings, 'region'>, is: string) =>
    refused(
      'bucket-region',
      `bucket '${bucket}' is in ${is}, configured is ${region}`,
      `set sccache.region to ${is}; a bucket cannot move`,
    ),
  otherThings: ({ bucket }: Named, others: readonly string[]) =>
    refused(
      'bucket-in-use',
      `bucket '${bucket}' holds other things than sccache's: ${others.join(', ')}`,
      'use a bucket of its own, or set sccache.prefix and pass --adopt',
    ),
  noPrefix: ({ bucket }: Named, others: readonly string[]) =>
    refused(
      'bucket-needs-prefix',
      `bucket '${bucket}' holds other things (${others.join(', ')}), and without a prefix they would expire too`,
      'set sccache.prefix',
    ),
  lockOut: ({ bucket }: Named, caller: string, action: string) =>
    refused(
      'policy-locks-out',
      `the policy of bucket '${bucket}' would take ${action} from ${caller}`,
      'change its Deny statements first',
    ),
  longPolicy: ({ bucket }: Named, bytes: number) =>
    refused(
      'policy-too-long',
      `the policy of bucket '${bucket}' would have ${bytes} bytes; S3 takes 20480`,
      'list fewer roles, or give them rights by policies of their own',
    ),
  unknownRole: ({ bucket }: Named) =>
    refused(
      'policy-malformed',
      `S3 refuses the policy of bucket '${bucket}' as malformed: most often a role of sccache.roles does not exist`,
      'create the roles first, or correct their names',
    ),
  strangePolicy: ({ bucket }: Named) =>
    refused(
      'policy-unreadable',
      `the policy of bucket '${bucket}' has no statements that can be read`,
      'look at it with `aws s3api get-bucket-policy`',
    ),
} as const;
