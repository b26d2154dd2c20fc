import * as z from 'zod';
import type { SccacheSettings } from '../config/settings.ts';
import { type IamPolicy, type IamStatement, allow } from '../platform/iam-policy.ts';

/** One statement of ours in a bucket policy. */
export type BucketStatement = Omit<IamStatement, 'Effect'> & {
  readonly Effect: 'Allow' | 'Deny';
  readonly Principal: '*' | { readonly AWS: readonly string[] };
};

/** A statement of anybody's, as S3 gives it back. */
export interface AnyStatement {
  readonly Sid?: unknown;
  readonly Effect?: unknown;
  readonly Principal?: unknown;
  readonly NotPrincipal?: unknown;
  readonly Action?: unknown;
  readonly NotAction?: unknown;
  readonly Resource?: unknown;
  readonly NotResource?: unknown;
  readonly Condition?: unknown;
}

/** A policy document. */
export interface BucketPolicyDocument {
  readonly Version: '2012-10-17';
  readonly Statement: readonly AnyStatement[];
}

/** ARNs of the roles that use the bucket. */
export interface Roles {
  readonly readWrite: readonly string[];
  readonly readOnly: readonly string[];
}

/** Where the bucket is: `aws`, `aws-cn` or `aws-us-gov`, and the account that owns it. */
export interface Place {
  readonly partition: string;
  readonly account: string;
}

/** The configured roles as ARNs, those that builds take for their steps too; a name is a role of the bucket's account. Sorted, each once. */
export function rolesOf({ roles, assume }: SccacheSettings, { partition, account }: Place): Roles {
  const arns = (names: readonly string[]): readonly string[] =>
    [
      ...new Set(
        names.map((name) =>
          name.startsWith('arn:') ? name : `arn:${partition}:iam::${account}:role/${name}`,
        ),
      ),
    ].toSorted();
  const taken = (role: string | undefined) => (role === undefined ? [] : [role]);
  return {
    readWrite: arns([...roles.trusted, ...taken(assume.trusted)]),
    readOnly: arns([...roles.untrusted, ...roles.imageBuilder, ...taken(assume.untrusted)]),
  };
}

/** What our statements are called in a bucket policy; statements of other names are somebody else's. */
const SID = 'WarmbakeSccache';

/**
 * The statements of the bucket policy; none without roles. Besides the grants, one that keeps all others from writing:
 * what an untrusted build stores, a trusted one would link.
 */
export function bucketStatements(sccache: SccacheSettings, place: Place): readonly BucketStatement[] {
  const { readWrite, readOnly } = rolesOf(sccache, place);
  const readers = [...readWrite, ...readOnly].toSorted();
  if (readers.length === 0) return [];
  const read = readStatements(sccache, place).map((statement) => ({
    ...statement,
    Principal: { AWS: readers },
  }));
  if (readWrite.length === 0) return read;
  const write = writeStatement(sccache, place);
  return [
    ...read,
    { ...write, Principal: { AWS: readWrite } },
    {
      ...write,
      Sid: `${SID}OnlyTrustedWrite`,
      Effect: 'Deny',
      Principal: '*',
      Condition: { ArnNotEquals: { 'aws:PrincipalArn': readWrite } },
    },
  ];
}

/**
 * The same rights for the policy of a role: needed for roles of other accounts, whose own account has to agree, and enough
 * without a bucket policy for roles of the bucket's account.
 */
export function rolePolicy(sccache: SccacheSettings, place: Place, access: StoreAccessKind): IamPolicy {
  return { Version: '2012-10-17', Statement: roleStatements(sccache, place, access) };
}

/** What a role may do with the store. */
export type StoreAccessKind = 'read-write' | 'read-only';

/** The statements of such a policy. */
export function roleStatements(
  sccache: SccacheSettings,
  place: Pick<Place, 'partition'>,
  access: StoreAccessKind,
): readonly IamStatement[] {
  const read = readStatements(sccache, place);
  return access === 'read-only' ? read : [...read, writeStatement(sccache, place)];
}

/**
 * Without `s3:ListBucket`, S3 answers 403 instead of 404 for an object that does not exist, and sccache does not start. It
 * has no condition on `s3:prefix`: a request for an object has no such key, and the condition would never hold.
 */
function readStatements(sccache: SccacheSettings, place: Pick<Place, 'partition'>): readonly IamStatement[] {
  return [
    allow(`${SID}Read`, ['s3:GetObject'], { on: [objectsArn(sccache, place)] }),
    allow(`${SID}List`, ['s3:ListBucket'], { on: [bucketArn(sccache, place)] }),
  ];
}

function writeStatement(sccache: SccacheSettings, place: Pick<Place, 'partition'>): IamStatement {
  return allow(`${SID}Write`, ['s3:PutObject'], { on: [objectsArn(sccache, place)] });
}

/** `arn:aws:s3:::BUCKET`. */
export function bucketArn(
  { bucket }: Pick<SccacheSettings, 'bucket'>,
  { partition }: Pick<Place, 'partition'>,
): string {
  return `arn:${partition}:s3:::${bucket}`;
}

function objectsArn(sccache: SccacheSettings, place: Pick<Place, 'partition'>): string {
  const { prefix } = sccache;
  return `${bucketArn(sccache, place)}/${prefix === '' ? '' : `${prefix}/`}*`;
}

const statement = z.record(z.string(), z.unknown());
const document = z.object({
  Statement: z.union([statement.transform((one) => [one]), z.array(statement)]),
});

/** The statements of a policy that S3 gave; `undefined` where it is none. */
export function parsePolicy(text: string): readonly AnyStatement[] | undefined {
  try {
    return document.parse(JSON.parse(text)).Statement;
  } catch {
    return undefined;
  }
}

/** The statements that stand with ours among them: those of other names stay as they are. */
export function mergeStatements(
  existing: readonly AnyStatement[],
  ours: readonly BucketStatement[],
): readonly AnyStatement[] {
  const foreign = existing.filter(({ Sid }) => typeof Sid !== 'string' || !Sid.startsWith(SID));
  return [...foreign, ...ours];
}

/** True where both say the same: S3 writes lists of one as text, and keeps no order. */
export function sameStatements(a: readonly AnyStatement[], b: readonly AnyStatement[]): boolean {
  const normal = (all: readonly AnyStatement[]): string => all.map(normalised).toSorted().join('\n');
  return normal(a) === normal(b);
}

function normalised(value: unknown): string {
  if (Array.isArray(value)) {
    return value.length === 1 ? normalised(value[0]) : `[${value.map(normalised).toSorted().join(',')}]`;
  }
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const entries = Object.entries(value).map(([key, one]) => `${JSON.stringify(key)}:${normalised(one)}`);
  return `{${entries.toSorted().join(',')}}`;
}
