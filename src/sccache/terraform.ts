import type { SccacheSettings } from '../config/settings.ts';
import { terraformJson, terraformPolicy } from '../platform/iam-policy.ts';
import { lifecycleRule } from './lifecycle.ts';
import { type Place, type BucketPolicyDocument, bucketStatements, rolePolicy } from './policy.ts';

/**
 * The same bucket as Terraform for provider `hashicorp/aws` 4 and later, for those whose Terraform owns buckets; and the
 * policies of roles, for roles of other accounts. Formatted as `terraform fmt` does it.
 */
export function terraformText(sccache: SccacheSettings, place: Place): string {
  const statements = bucketStatements(sccache, place);
  return [
    BUCKET(sccache.bucket),
    ...(sccache.anonymous ? [] : [PUBLIC_ACCESS]),
    ENCRYPTION,
    lifecycle(sccache),
    ...(statements.length === 0 ? [] : [bucketPolicy({ Version: '2012-10-17', Statement: statements })]),
    terraformPolicy('sccache_write', 'warmbake-sccache-write', rolePolicy(sccache, place, 'read-write')),
    terraformPolicy('sccache_read', 'warmbake-sccache-read', rolePolicy(sccache, place, 'read-only')),
  ].join('\n');
}

const BUCKET = (name: string): string => `resource "aws_s3_bucket" "sccache" {
  bucket = "${name}"
}
`;

const PUBLIC_ACCESS = `resource "aws_s3_bucket_public_access_block" "sccache" {
  bucket                  = aws_s3_bucket.sccache.id
  block_public_acls       = true
  ignore_public_acls      = true
  block_public_policy     = true
  restrict_public_buckets = true
}
`;

const ENCRYPTION = `resource "aws_s3_bucket_server_side_encryption_configuration" "sccache" {
  bucket = aws_s3_bucket.sccache.id

  rule {
    apply_server_side_encryption_by_default {
      sse_algorithm = "AES256"
    }
  }
}
`;

function lifecycle(sccache: SccacheSettings): string {
  const rule = lifecycleRule(sccache);
  return `resource "aws_s3_bucket_lifecycle_configuration" "sccache" {
  bucket = aws_s3_bucket.sccache.id

  rule {
    id     = "${rule.ID ?? ''}"
    status = "Enabled"

    filter {
      prefix = "${rule.Filter?.Prefix ?? ''}"
    }

    expiration {
      days = ${rule.Expiration?.Days ?? ''}
    }

    noncurrent_version_expiration {
      noncurrent_days = ${rule.NoncurrentVersionExpiration?.NoncurrentDays ?? ''}
    }

    abort_incomplete_multipart_upload {
      days_after_initiation = ${rule.AbortIncompleteMultipartUpload?.DaysAfterInitiation ?? ''}
    }
  }
}
`;
}

function bucketPolicy(policy: BucketPolicyDocument): string {
  return `resource "aws_s3_bucket_policy" "sccache" {
  bucket = aws_s3_bucket.sccache.id
  policy = ${terraformJson(policy)}
}
`;
}
