import type { SccacheSettings, Settings } from '../config/settings.ts';
import { type IamStatement, allow, partitionOf } from '../platform/iam-policy.ts';
import { repositoryUse } from '../refs/repository-use.ts';
import { ecrStatements } from '../registry/ecr-policy.ts';
import { parseEcrHost } from '../registry/ecr-host.ts';
import { decideGrant } from '../sccache/grant.ts';
import { roleStatements } from '../sccache/policy.ts';
import { stateStatements } from '../state/policy.ts';

/** What a build works with, as far as IAM knows of it. */
export interface BuildScope {
  readonly settings: Settings;
  /** The state store as written; absent where there is none. */
  readonly state?: string;
  /** Account of public repositories, whose names do not tell it: 12 digits, or `*`. */
  readonly account: string;
}

/**
 * The rights of builds of one trust. A trusted build reads and writes what only trusted builds write; every other one reads that too, and
 * writes the untrusted repositories. Neither can change or remove a record that another build has left.
 */
export function buildStatements(
  scope: BuildScope,
  { trusted }: { readonly trusted: boolean },
): readonly IamStatement[] {
  const { settings, state } = scope;
  const role = trusted ? settings.logins.assume.trusted : settings.logins.assume.untrusted;
  const region = regionOf(settings);
  return [
    // The role that is taken has the rights on repositories, and the job has none.
    ...(role === undefined
      ? loginStatements(scope, { trusted })
      : [allow('TakeLoginRole', ['sts:AssumeRole'], { on: [role] })]),
    ...sccacheStatements(settings.sccache, { trusted }),
    ...stateStatements(state, region, [{ area: { kind: 'builds', trusted }, access: 'add' }]),
  ];
}

/** The rights of who logs in to ECR for builds of one trust: the job, or the role that it takes. */
export function loginStatements(
  { settings, account }: BuildScope,
  trust: { readonly trusted: boolean },
): readonly IamStatement[] {
  return ecrStatements(repositoryUse(settings, trust), account);
}

function sccacheStatements(
  sccache: SccacheSettings | undefined,
  { trusted }: { readonly trusted: boolean },
): readonly IamStatement[] {
  // IAM knows nothing of other services, and anonymous reading needs no right.
  if (sccache?.enabled !== true || sccache.anonymous || sccache.endpoint !== undefined) return [];
  const grant = decideGrant(sccache, { trusted });
  // The role that is taken has the rights on the bucket, and the job has none.
  if (grant.kind === 'session') return [allow('TakeStoreRole', ['sts:AssumeRole'], { on: [grant.role] })];
  const place = { partition: partitionOf(sccache.region) };
  return roleStatements(sccache, place, trusted ? 'read-write' : 'read-only');
}

/** Only for the partition: S3 has no regions in its names. */
function regionOf({ cache, sccache }: Settings): string {
  return parseEcrHost(cache.trusted.host)?.region ?? sccache?.region ?? 'us-east-1';
}
