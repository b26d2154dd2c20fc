import type { SccacheSettings } from '../config/settings.ts';
import type { Checkup } from './checkup.ts';
import { judgeLifetime } from './credentials.ts';
import { bucketArn, bucketStatements, mergeStatements, parsePolicy, sameStatements } from './policy.ts';
import { ADVICE } from './start-failure.ts';
import { CLOCK_LIMIT_MS, type StoreVerdict, clockText, storeVerdict } from './verdict.ts';

/** One thing that was checked. `failed` keeps sccache from starting; `warning` makes it slower, or soon fail. */
export interface CheckFinding {
  readonly check: 'credentials' | 'endpoint' | 'clock' | 'region' | 'read' | 'list' | 'write' | 'policy';
  readonly state: 'ok' | 'warning' | 'failed' | 'unknown';
  readonly text: string;
}

/** Where builds run, and what says so. */
export interface BuilderRegion {
  readonly region: string;
  readonly from: string;
}

/** The whole result. */
export interface Diagnosis {
  readonly findings: readonly CheckFinding[];
  readonly verdict: StoreVerdict;
}

const CLOCK_WARNING_MS = 5 * 60_000;

/** Where a caller is unknown. */
const AWS = { partition: 'aws' };

/** Judges a checkup. */
export function diagnose(
  checkup: Checkup,
  sccache: SccacheSettings,
  builders: readonly BuilderRegion[],
): Diagnosis {
  const findings = [
    ...credentialsFinding(checkup, sccache),
    endpointFinding(checkup, sccache),
    ...clockFinding(checkup),
    ...regionFindings(checkup, sccache, builders),
    readFinding(checkup, sccache),
    ...listFinding(checkup, sccache),
    ...writeFinding(checkup),
    ...policyFinding(checkup, sccache),
  ];
  return { findings, verdict: storeVerdict(checkup, sccache) };
}

function credentialsFinding(
  { credentials, caller, now }: Checkup,
  sccache: SccacheSettings,
): readonly CheckFinding[] {
  const check = 'credentials';
  if (credentials === undefined) return [{ check, state: 'ok', text: 'none wanted (anonymous)' }];
  if (credentials.state === 'none') {
    return [{ check, state: 'failed', text: `none: ${credentials.because}; ${ADVICE['no-credentials']}` }];
  }
  const who = caller?.arn ?? 'found';
  const lifetime = judgeLifetime(credentials.credentials, now, sccache.credentialsLastMs);
  const mounted =
    sccache.secret === undefined
      ? '; sccache.secret is not set, so build steps must reach the metadata service themselves (hop limit 2, or host network)'
      : '';
  if (lifetime.state === 'enough') return [{ check, state: 'ok', text: `${who}${mounted}` }];
  const left = lifetime.state === 'over' ? 'have expired' : `end in ${lifetime.minutes} minutes`;
  const wanted = Math.round(sccache.credentialsLastMs / 60_000);
  return [{ check, state: 'warning', text: `${who}; they ${left}, wanted are ${wanted} minutes${mounted}` }];
}

function endpointFinding(checkup: Checkup, { endpoint, region }: SccacheSettings): CheckFinding {
  const where = endpoint ?? `S3 in ${region}`;
  return checkup.clockAheadMs === undefined
    ? { check: 'endpoint', state: 'failed', text: `${where} did not answer; ${ADVICE.unreachable}` }
    : { check: 'endpoint', state: 'ok', text: `${where} answers` };
}

function clockFinding({ clockAheadMs }: Checkup): readonly CheckFinding[] {
  if (clockAheadMs === undefined) return [];
  const apart = Math.abs(clockAheadMs);
  const text = clockText(clockAheadMs);
  if (apart > CLOCK_LIMIT_MS) return [{ check: 'clock', state: 'failed', text: `${text}; ${ADVICE.clock}` }];
  if (apart > CLOCK_WARNING_MS)
    return [{ check: 'clock', state: 'warning', text: `${text}; ${ADVICE.clock}` }];
  return [{ check: 'clock', state: 'ok', text }];
}

function regionFindings(
  { bucketRegion, clockAheadMs }: Checkup,
  sccache: SccacheSettings,
  builders: readonly BuilderRegion[],
): readonly CheckFinding[] {
  const check = 'region';
  if (sccache.endpoint !== undefined || clockAheadMs === undefined) return [];
  if (bucketRegion !== undefined && bucketRegion !== sccache.region) {
    const text = `the bucket is in ${bucketRegion}, configured is ${sccache.region}`;
    return [{ check, state: 'failed', text: `${text}; ${ADVICE['wrong-region']}` }];
  }
  const elsewhere = builders.filter(({ region }) => region !== sccache.region);
  if (elsewhere.length === 0) return [{ check, state: 'ok', text: sccache.region }];
  const where = elsewhere.map(({ region, from }) => `${region} (${from})`).join(', ');
  const text = `the bucket is in ${sccache.region}, builders are in ${where}: each lookup waits for the way there and back`;
  return [{ check, state: 'warning', text }];
}

function readFinding(checkup: Checkup, sccache: SccacheSettings): CheckFinding {
  const { read } = checkup;
  const check = 'read';
  if (read.state === 'done') return { check, state: 'ok', text: 'the check object is there' };
  if (read.state === 'absent') {
    return { check, state: 'ok', text: 'no check object yet: no build has used this bucket and prefix' };
  }
  if (read.state === 'throttled') {
    return { check, state: 'warning', text: 'S3 wants fewer requests; sccache starts all the same' };
  }
  const { cause, said } = read.failure;
  const missing = cause === 'denied' ? `; ${missingRight(checkup, sccache)}` : `; ${ADVICE[cause]}`;
  return { check, state: 'failed', text: `${said}${missing}` };
}

/** Who may list would hear of a missing object as missing: then it is reading itself that is denied. */
function missingRight({ list, caller }: Checkup, sccache: SccacheSettings): string {
  const bucket = bucketArn(sccache, caller ?? AWS);
  const objects = `${bucket}/${sccache.prefix === '' ? '' : `${sccache.prefix}/`}*`;
  return list.state === 'refused'
    ? `s3:ListBucket on ${bucket} is missing (without it an object that is not there is denied), perhaps also s3:GetObject on ${objects}`
    : `s3:GetObject on ${objects} is missing`;
}

function listFinding({ list, read, caller }: Checkup, sccache: SccacheSettings): readonly CheckFinding[] {
  const check = 'list';
  if (list.state !== 'refused') return [{ check, state: 'ok', text: 'missing objects are told as missing' }];
  if (list.failure.cause !== 'denied') return [];
  // The check object exists, so that reading it works; every object that does not will be denied.
  const text = `s3:ListBucket on ${bucketArn(sccache, caller ?? AWS)} is missing: objects that are not there are denied instead of missing`;
  return [{ check, state: read.state === 'refused' ? 'failed' : 'warning', text }];
}

function writeFinding({ write }: Checkup): readonly CheckFinding[] {
  const check = 'write';
  if (write === undefined) return [{ check, state: 'unknown', text: 'not tried' }];
  if (write.state !== 'refused') return [{ check, state: 'ok', text: 'the check object can be written' }];
  const { cause, said } = write.failure;
  const denied = cause === 'denied';
  const text = denied
    ? 'denied: sccache reads only, as untrusted builds should'
    : `${said}; ${ADVICE[cause]}`;
  return [{ check, state: denied ? 'ok' : 'warning', text }];
}

function policyFinding({ policy, caller }: Checkup, sccache: SccacheSettings): readonly CheckFinding[] {
  const check = 'policy';
  if (caller === undefined) return [];
  if (policy.state === 'unseen') {
    return [{ check, state: 'unknown', text: 'may not be seen with these credentials' }];
  }
  const ours = bucketStatements(sccache, caller);
  if (ours.length === 0)
    return [{ check, state: 'unknown', text: 'no roles are configured (sccache.roles)' }];
  const existing = policy.state === 'none' ? [] : (parsePolicy(policy.text) ?? []);
  return sameStatements(existing, mergeStatements(existing, ours))
    ? [{ check, state: 'ok', text: 'as the configured roles want it' }]
    : [{ check, state: 'warning', text: 'not as the configured roles want it: `warmbake sccache setup`' }];
}
