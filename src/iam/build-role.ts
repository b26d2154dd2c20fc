import type { SccacheSettings, Settings } from '../config/settings.ts';
import { SAMPLE_COMMIT } from '../config/fields.ts';
import { expand } from '../config/template.ts';
import { type IamStatement, allow, partitionOf } from '../platform/iam-policy.ts';
import { ecrStatements } from '../registry/ecr-policy.ts';
import { parseEcrHost } from '../registry/ecr-host.ts';
import { type Repository, parseReference } from '../registry/reference.ts';
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
  const { settings, state, account } = scope;
  const { images, cache } = settings;
  const use = trusted
    ? { pulls: [], pushes: [images.trusted, cache.trusted, ...extraRepositories(settings)], names: [] }
    : { pulls: [cache.trusted], pushes: [images.untrusted, cache.untrusted], names: [] };
  const region = regionOf(settings);
  return [
    ...ecrStatements(use, account),
    ...sccacheStatements(settings.sccache, { trusted }),
    ...stateStatements(state, region, [{ area: { kind: 'builds', trusted }, access: 'add' }]),
  ];
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

/** Repositories that trusted builds export to besides. */
function extraRepositories({ cache }: Settings): readonly Repository[] {
  const sample = { commit: SAMPLE_COMMIT, lane: '', laneSuffix: '' };
  return cache.alsoExport.flatMap((template) => parseReference(expand(template, sample)) ?? []);
}

/** Only for the partition: S3 has no regions in its names. */
function regionOf({ cache, sccache }: Settings): string {
  return parseEcrHost(cache.trusted.host)?.region ?? sccache?.region ?? 'us-east-1';
}
