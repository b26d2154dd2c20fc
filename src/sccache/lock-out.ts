import type { AnyStatement } from './policy.ts';

/** Without these, a caller can neither read a bucket policy nor put it right. */
const NEEDED = ['s3:GetBucketPolicy', 's3:PutBucketPolicy'];

/** Who would put a policy in place. */
export interface BucketCaller {
  readonly account: string;
  /** `arn:aws:sts::123456789012:assumed-role/NAME/SESSION`, or of a user. */
  readonly arn: string;
}

/**
 * The action on the bucket policy that `statements` would take from `caller`, so that nobody but the root user could undo
 * it; `undefined` where they take none. Conditions are judged where they are about the caller's identity; a denial under any
 * other condition is not counted, since whoever can read the policy does not meet it.
 */
export function lockedOutOf(statements: readonly AnyStatement[], caller: BucketCaller): string | undefined {
  return NEEDED.find((action) =>
    statements.some(
      (statement) =>
        statement['Effect'] === 'Deny' &&
        coversAction(statement, action) &&
        coversCaller(statement, caller) &&
        conditionHolds(statement['Condition'], caller),
    ),
  );
}

function coversAction({ Action, NotAction }: AnyStatement, action: string): boolean {
  if (Action === undefined) return !texts(NotAction).some((pattern) => matches(pattern, action));
  return texts(Action).some((pattern) => matches(pattern, action));
}

function coversCaller({ Principal, NotPrincipal }: AnyStatement, caller: BucketCaller): boolean {
  if (Principal === undefined) return !names(NotPrincipal).some((name) => isCaller(name, caller));
  return names(Principal).some((name) => isCaller(name, caller));
}

function names(principal: unknown): readonly string[] {
  if (typeof principal === 'string') return [principal];
  if (typeof principal !== 'object' || principal === null || !('AWS' in principal)) return [];
  return texts(principal.AWS);
}

/** A principal is everybody, an account, or one role or user; a role stands for its sessions. */
function isCaller(name: string, caller: BucketCaller): boolean {
  return (
    name === '*' ||
    name === caller.account ||
    name === caller.arn ||
    name === principalArn(caller) ||
    new RegExp(`^arn:[^:]+:iam::${caller.account}:root$`).test(name)
  );
}

/** `aws:PrincipalArn` of a session is its role; a role with a path has it here but not in the session's ARN. */
function principalArn({ arn }: BucketCaller): string {
  return arn.replace(/^(arn:[^:]+):sts::(\d+):assumed-role\/([^/]+)\/.*$/, '$1:iam::$2:role/$3');
}

const NEGATED = /^(?:Arn|String)Not(?:Equals|Like|EqualsIgnoreCase)$/;
const PLAIN = /^(?:Arn|String)(?:Equals|Like|EqualsIgnoreCase)$/;

function conditionHolds(condition: unknown, caller: BucketCaller): boolean {
  if (typeof condition !== 'object' || condition === null) return true;
  return Object.entries(condition).every(([operator, keys]: [string, unknown]) =>
    Object.entries(keys ?? {}).every(([key, values]) => {
      const own = identityValue(key, caller);
      if (own === undefined) return false;
      const any = texts(values).some((pattern) => matches(pattern, own));
      if (NEGATED.test(operator)) return !any;
      return PLAIN.test(operator) && any;
    }),
  );
}

function identityValue(key: string, caller: BucketCaller): string | undefined {
  switch (key.toLowerCase()) {
    case 'aws:principalarn':
      return principalArn(caller);
    case 'aws:principalaccount':
      return caller.account;
    default:
      return undefined;
  }
}

function texts(value: unknown): readonly string[] {
  return [value].flat().filter((text) => typeof text === 'string');
}

/** IAM's wildcards; actions know no case. */
function matches(pattern: string, text: string): boolean {
  const expression = pattern
    .replaceAll(/[.+^${}()|[\]\\]/g, String.raw`\$&`)
    .replaceAll('*', '.*')
    .replaceAll('?', '.');
  return new RegExp(`^${expression}$`, 'i').test(text);
}
