import type { SccacheSettings } from '../config/settings.ts';
import type { AwsCredentials, FoundCredentials } from '../platform/aws-credentials.ts';
import type { Warning } from '../platform/events.ts';
import type { Host } from '../platform/host.ts';
import { findCredentials, judgeLifetime } from './credentials.ts';
import { type CredentialGrant, decideGrant } from './grant.ts';
import { type StoreProbe, probeRead, probeWithin } from './probe.ts';
import { openS3 } from './s3.ts';
import { type BuildSecret, writeSecret } from './secret.ts';
import { assumeForStore } from './session.ts';
import { ADVICE } from './start-failure.ts';

/** What one build gets, and what must be said before it starts. */
export interface StoreAccess {
  /** Absent where none is configured, sccache is off or anonymous, or there are no credentials for this build's steps. */
  readonly secret?: BuildSecret;
  readonly warnings: readonly Warning[];
}

type AccessHost = Pick<Host, 'clock' | 'fetch' | 'scratch' | 'signal'>;

/** The look at the store must not hold up a build. */
const PROBE_MS = 3_000;

/**
 * Prepares the store for one build: writes the credentials that its trust allows as a build secret and looks whether sccache would start
 * with them. Whatever is wrong is a warning, because a compile step whose layer is cached needs no store. Takes 11 s at
 * most, off EC2 without credentials 5 s: run it beside the plan. Call it again for fresh credentials.
 */
export async function prepareAccess(
  host: AccessHost,
  sccache: SccacheSettings | undefined,
  trust: { readonly trusted: boolean },
): Promise<StoreAccess> {
  if (sccache?.enabled !== true || sccache.anonymous) return { warnings: [] };
  // Without a secret the steps have what their machine has: nothing is handed out.
  const grant = sccache.secret === undefined ? ({ kind: 'job' } as const) : decideGrant(sccache, trust);
  if (grant.kind === 'withheld') return { warnings: [WITHHELD] };
  const found = await credentialsFor(host, sccache, grant);
  if (found.state === 'none') return { warnings: [none(grant, found.because)] };
  const { credentials } = found;
  const s3 = await openS3(host, sccache, { attempts: 2, credentials });
  try {
    const warnings = [
      ...lifetimeWarning(credentials, sccache, { grant, now: host.clock.now() }),
      ...startWarning(
        await probeWithin(PROBE_MS, async (signal) => await probeRead(s3, sccache, signal), host),
      ),
    ];
    const id = sccache.secret;
    if (id === undefined) return { warnings };
    return { secret: await writeSecret(credentials, { id, scratch: host.scratch }), warnings };
  } finally {
    s3.client.destroy();
  }
}

async function credentialsFor(
  host: AccessHost,
  sccache: SccacheSettings,
  grant: Exclude<CredentialGrant, { kind: 'withheld' }>,
): Promise<FoundCredentials> {
  if (grant.kind === 'session') return await assumeForStore(host, sccache, grant);
  const s3 = await openS3(host, sccache);
  try {
    return await findCredentials(s3, host);
  } finally {
    s3.client.destroy();
  }
}

/** What a build without credentials for its steps must hear. */
export const WITHHELD: Warning = {
  code: 'sccache-credentials-withheld',
  message:
    "this build is untrusted, and there is no role for its steps (sccache.assume.untrusted): they get no credentials, since the job's own would go to whoever wrote them; a compile step that is not cached is built without the store",
};

/** Never the job's own instead: a role was configured so that nobody gets those. */
function none(grant: CredentialGrant, because: string): Warning {
  if (grant.kind === 'session') {
    const message = `the role '${grant.role}' could not be taken for the steps of this build, which get no credentials (${because}): a compile step that is not cached is built without the store; allow sts:AssumeRole to this job and in the role's trust policy`;
    return { code: 'sccache-role-refused', message };
  }
  const message = `this host has no AWS credentials for sccache (${because}): a compile step that is not cached is built without the store, or fails first and is then built so; ${ADVICE['no-credentials']}, or build with --no-sccache`;
  return { code: 'sccache-no-credentials', message };
}

/** A session begins a moment before it is looked at. */
const MOMENT_MS = 60_000;

function lifetimeWarning(
  credentials: AwsCredentials,
  { credentialsLastMs }: SccacheSettings,
  { grant, now }: { readonly grant: CredentialGrant; readonly now: Date },
): readonly Warning[] {
  const wantedMs = grant.kind === 'session' ? credentialsLastMs - MOMENT_MS : credentialsLastMs;
  const lifetime = judgeLifetime(credentials, now, wantedMs);
  if (lifetime.state === 'enough') return [];
  const left = lifetime.state === 'over' ? 'have expired' : `end in ${lifetime.minutes} minutes`;
  const wanted = Math.round(credentialsLastMs / 60_000);
  const message = `the AWS credentials for sccache ${left}, wanted are ${wanted} minutes: a running step cannot get new ones, and sccache misses everything from then on`;
  return [{ code: 'sccache-credentials-short', message }];
}

function startWarning(answer: StoreProbe): readonly Warning[] {
  if (answer.state !== 'refused') return [];
  const { cause, said } = answer.failure;
  const message = `sccache will not start in a compile step that is not cached (${cause}): ${said}; ${ADVICE[cause]}`;
  return [{ code: 'sccache-will-not-start', message }];
}
