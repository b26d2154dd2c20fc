import type { SccacheSettings } from '../config/settings.ts';
import { assumeRole } from '../platform/assume-role.ts';
import type { FoundCredentials } from '../platform/aws-credentials.ts';
import type { Host } from '../platform/host.ts';
import { partitionOf } from '../platform/iam-policy.ts';
import type { SessionGrant } from './grant.ts';
import { rolePolicy } from './policy.ts';

/**
 * Credentials of the role, narrowed by a session policy to what this build may do with the store, for as long as a build needs them and
 * an hour at most. Never rejects but for the run's signal.
 */
export async function assumeForStore(
  host: Pick<Host, 'fetch' | 'clock' | 'signal'>,
  sccache: SccacheSettings,
  { role, access }: SessionGrant,
): Promise<FoundCredentials> {
  const { region, credentialsLastMs } = sccache;
  const place = { partition: partitionOf(region), account: '' };
  return await assumeRole(host, {
    role,
    region,
    name: 'warmbake-sccache',
    policy: rolePolicy(sccache, place, access),
    seconds: Math.ceil(credentialsLastMs / 1000),
  });
}
