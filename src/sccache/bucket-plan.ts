import type {
  LifecycleRule,
  PublicAccessBlockConfiguration,
  TransitionDefaultMinimumObjectSize,
} from '@aws-sdk/client-s3';
import type { SccacheSettings } from '../config/settings.ts';
import { hasRule, lifecycleRule, mergeRules } from './lifecycle.ts';
import { type BucketCaller, lockedOutOf } from './lock-out.ts';
import {
  type AnyStatement,
  type Place,
  type BucketPolicyDocument,
  bucketStatements,
  mergeStatements,
  parsePolicy,
  rolesOf,
  sameStatements,
} from './policy.ts';
import { refuse } from './refuse.ts';

/** Everything that setup knows about the bucket before it decides. */
export interface BucketFacts {
  readonly caller: BucketCaller & Place;
  readonly existing: ExistingBucket;
}

export type ExistingBucket =
  | { readonly state: 'absent' }
  /** Another account has it. */
  | { readonly state: 'foreign' }
  /** S3 answers 403, and the caller may not list buckets: it is foreign, or a right is missing. */
  | { readonly state: 'unclear' }
  | OwnBucket;

/** A bucket of the caller's account. */
export interface OwnBucket {
  readonly state: 'own';
  readonly region: string;
  /** A few keys and prefixes that are not sccache's; empty where it holds nothing else. */
  readonly otherThings: readonly string[];
  readonly publicAccess: PublicAccessBlockConfiguration;
  /** Absent where nothing is encrypted by default. */
  readonly encryption?: string;
  readonly rules: readonly LifecycleRule[];
  /** Of the whole lifecycle configuration. */
  readonly minimumSize?: TransitionDefaultMinimumObjectSize;
  readonly policy?: string;
}

/** One part of the bucket and what setup does about it; `does` is for people. */
export type BucketStep =
  | BucketChange
  | { readonly part: Part; readonly action: 'keep' | 'leave'; readonly does: string };

/** A step that changes something. */
export type BucketChange =
  | { readonly part: 'bucket'; readonly action: 'create'; readonly does: string }
  | { readonly part: 'public access' | 'encryption'; readonly action: 'set'; readonly does: string }
  | {
      readonly part: 'lifecycle';
      readonly action: 'set';
      readonly does: string;
      readonly rules: readonly LifecycleRule[];
      readonly minimumSize?: TransitionDefaultMinimumObjectSize;
    }
  /** A policy without statements is none. */
  | {
      readonly part: 'policy';
      readonly action: 'set';
      readonly does: string;
      readonly policy: BucketPolicyDocument;
    };

type Part = 'bucket' | 'public access' | 'encryption' | 'lifecycle' | 'policy';

/** All four; the bucket is for roles alone. */
export const BLOCK_ALL = {
  BlockPublicAcls: true,
  IgnorePublicAcls: true,
  BlockPublicPolicy: true,
  RestrictPublicBuckets: true,
} as const satisfies PublicAccessBlockConfiguration;

/** Longest bucket policy that S3 takes. */
const POLICY_BYTES = 20_480;

/**
 * What setup would do, in order; every part once. Adds what is missing and changes what is its own by name; nothing gets
 * weaker. Throws `refused` for a bucket of another account, in another region or with other things in it (unless `adopt`),
 * and for a policy that would lock the caller out.
 */
export function planBucket(
  facts: BucketFacts,
  sccache: SccacheSettings,
  options: { readonly adopt: boolean },
): readonly BucketStep[] {
  const { existing, caller } = facts;
  if (existing.state === 'foreign') throw refuse.foreign(sccache);
  if (existing.state === 'unclear') throw refuse.unclear(sccache);
  const own = existing.state === 'own' ? existing : undefined;
  if (own !== undefined && own.region !== sccache.region) throw refuse.region(sccache, own.region);
  const others = own?.otherThings ?? [];
  if (others.length > 0 && !options.adopt) throw refuse.otherThings(sccache, others);
  // Even then: an expiry rule for all keys would delete what is not sccache's.
  if (others.length > 0 && sccache.prefix === '') throw refuse.noPrefix(sccache, others);
  return [
    bucketStep(sccache, own),
    publicAccessStep(sccache, own),
    encryptionStep(own),
    lifecycleStep(sccache, own),
    policyStep(sccache, own, caller),
  ];
}

function bucketStep({ bucket, region }: SccacheSettings, own: OwnBucket | undefined): BucketStep {
  const action = own === undefined ? 'create' : 'keep';
  return { part: 'bucket', action, does: `${bucket} in ${region}` };
}

function publicAccessStep({ anonymous }: SccacheSettings, own: OwnBucket | undefined): BucketStep {
  const part = 'public access';
  if (anonymous)
    return { part, action: 'leave', does: 'sccache.anonymous wants a public bucket: yours to open' };
  const blocked = Object.keys(BLOCK_ALL).every(
    (kind) => own?.publicAccess[kind as keyof typeof BLOCK_ALL] === true,
  );
  return { part, action: blocked ? 'keep' : 'set', does: 'blocked, all four kinds' };
}

function encryptionStep(own: OwnBucket | undefined): BucketStep {
  const part = 'encryption';
  if (own?.encryption !== undefined) {
    const kms = own.encryption.startsWith('aws:kms');
    const does = kms
      ? `${own.encryption} (the roles need kms:Decrypt and kms:GenerateDataKey)`
      : own.encryption;
    return { part, action: 'keep', does };
  }
  return { part, action: 'set', does: 'AES256' };
}

function lifecycleStep(sccache: SccacheSettings, own: OwnBucket | undefined): BucketStep {
  const part = 'lifecycle';
  const rule = lifecycleRule(sccache);
  const below = sccache.prefix === '' ? '' : ` below ${sccache.prefix}/`;
  const does = `expire after ${sccache.expireDays} days, abort uploads after 1 day${below}`;
  const rules = own?.rules ?? [];
  if (hasRule(rules, rule)) return { part, action: 'keep', does };
  const minimumSize = own?.minimumSize === undefined ? {} : { minimumSize: own.minimumSize };
  return { part, action: 'set', does, rules: mergeRules(rules, rule), ...minimumSize };
}

function policyStep(
  sccache: SccacheSettings,
  own: OwnBucket | undefined,
  caller: BucketCaller & Place,
): BucketStep {
  const part = 'policy';
  const ours = bucketStatements(sccache, caller);
  const existing = statementsOf(sccache, own);
  const merged = mergeStatements(existing, ours);
  const { readWrite, readOnly } = rolesOf(sccache, caller);
  const does = `read-write for ${count(readWrite)}, read-only for ${count(readOnly)}`;
  if (ours.length === 0 && merged.length === existing.length) {
    return { part, action: 'leave', does: 'no roles are configured (sccache.roles)' };
  }
  if (sameStatements(existing, merged)) return { part, action: 'keep', does };
  const taken = lockedOutOf(merged, caller);
  if (taken !== undefined) throw refuse.lockOut(sccache, caller.arn, taken);
  const policy: BucketPolicyDocument = { Version: '2012-10-17', Statement: merged };
  const bytes = Buffer.byteLength(JSON.stringify(policy));
  if (bytes > POLICY_BYTES) throw refuse.longPolicy(sccache, bytes);
  return { part, action: 'set', does, policy };
}

function statementsOf(sccache: SccacheSettings, own: OwnBucket | undefined): readonly AnyStatement[] {
  if (own?.policy === undefined) return [];
  const statements = parsePolicy(own.policy);
  if (statements === undefined) throw refuse.strangePolicy(sccache);
  return statements;
}

function count(roles: readonly string[]): string {
  return `${roles.length} ${roles.length === 1 ? 'role' : 'roles'}`;
}

/** The steps that change something; none of a bucket that is finished. */
export function changesOf(steps: readonly BucketStep[]): readonly BucketChange[] {
  return steps.filter((step): step is BucketChange => step.action === 'create' || step.action === 'set');
}
