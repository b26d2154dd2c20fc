import type { SccacheSettings } from '../config/settings.ts';
import type { Warning } from '../platform/events.ts';
import type { Host } from '../platform/host.ts';
import { type AwsCredentials, findCredentials, judgeLifetime } from './credentials.ts';
import { type StoreProbe, probeRead, probeWithin } from './probe.ts';
import { openS3 } from './s3.ts';
import { type BuildSecret, writeSecret } from './secret.ts';
import { ADVICE } from './start-failure.ts';

/** What one build gets, and what must be said before it starts. */
export interface StoreAccess {
  /** Absent where none is configured, sccache is off or anonymous, or the host has no credentials. */
  readonly secret?: BuildSecret;
  readonly warnings: readonly Warning[];
}

/** The look at the store must not hold up a build. */
const PROBE_MS = 3_000;

/**
 * Prepares the store for one build: writes the host's credentials as a build secret and looks whether sccache would start
 * with them. Whatever is wrong is a warning, because a compile step whose layer is cached needs no store. Takes 8 s at
 * most, off EC2 without credentials 5 s: run it beside the plan. Call it again for fresh credentials.
 */
export async function prepareAccess(
  host: Pick<Host, 'clock' | 'fetch' | 'scratch' | 'signal'>,
  sccache: SccacheSettings | undefined,
): Promise<StoreAccess> {
  if (sccache?.enabled !== true || sccache.anonymous) return { warnings: [] };
  const s3 = await openS3(host, sccache, { attempts: 2 });
  try {
    const found = await findCredentials(s3, host);
    if (found.state === 'none') return { warnings: [noCredentials(found.because)] };
    const warnings = [
      ...lifetimeWarning(found.credentials, sccache, host.clock.now()),
      ...startWarning(
        await probeWithin(PROBE_MS, async (signal) => await probeRead(s3, sccache, signal), host),
      ),
    ];
    const id = sccache.secret;
    if (id === undefined) return { warnings };
    return { secret: await writeSecret(found.credentials, { id, scratch: host.scratch }), warnings };
  } finally {
    s3.client.destroy();
  }
}

function noCredentials(because: string): Warning {
  const message = `this host has no AWS credentials for sccache (${because}): a compile step that is not cached will fail; ${ADVICE['no-credentials']}, or build with --no-sccache`;
  return { code: 'sccache-no-credentials', message };
}

function lifetimeWarning(
  credentials: AwsCredentials,
  { credentialsLastMs }: SccacheSettings,
  now: Date,
): readonly Warning[] {
  const lifetime = judgeLifetime(credentials, now, credentialsLastMs);
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
