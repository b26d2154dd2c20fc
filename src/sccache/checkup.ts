import type { SccacheSettings } from '../config/settings.ts';
import type { FoundCredentials } from '../platform/aws-credentials.ts';
import { WarmbakeError } from '../platform/errors.ts';
import type { Host } from '../platform/host.ts';
import { readCaller } from './bucket-facts.ts';
import type { BucketFacts } from './bucket-plan.ts';
import { findCredentials } from './credentials.ts';
import type { SessionGrant } from './grant.ts';
import { type Place, bucketArn } from './policy.ts';
import { type StoreProbe, probeList, probeRead, probeWithin, probeWrite } from './probe.ts';
import { type S3, openS3 } from './s3.ts';
import { assumeForStore } from './session.ts';

/** What was found out about a store, from where the checkup runs. */
export interface Checkup {
  /** Absent where sccache reads anonymously. */
  readonly credentials?: FoundCredentials;
  /** Who the credentials are; absent without any, and for services that are not AWS. */
  readonly caller?: BucketFacts['caller'];
  /** The store's clock minus ours, in milliseconds; absent where it did not answer. */
  readonly clockAheadMs?: number;
  readonly read: StoreProbe;
  readonly list: StoreProbe;
  /** Absent where nothing was written: anonymously, without credentials, and where told so. */
  readonly write?: StoreProbe;
  /** The bucket's own, where S3 told it. */
  readonly bucketRegion?: string;
  readonly policy: BucketPolicy;
  readonly now: Date;
}

/** The bucket's policy, as far as it may be seen. */
export type BucketPolicy =
  | { readonly state: 'found'; readonly text: string }
  | { readonly state: 'none' }
  | { readonly state: 'unseen' };

/** How a store is examined. */
export interface CheckupOptions {
  readonly write: boolean;
  /** With such a session, as steps get it; absent: with the job's own credentials. */
  readonly session?: SessionGrant;
}

/**
 * Asks everything that decides whether sccache starts, the way sccache asks it. Writes sccache's own check object where
 * `write` is set and the rights allow it. A store that is broken is a finding and no error; only the run's signal throws.
 */
export async function examineStore(
  host: Pick<Host, 'clock' | 'fetch' | 'signal'>,
  sccache: SccacheSettings,
  options: CheckupOptions,
): Promise<Checkup> {
  const heard: Told = {};
  const { session } = options;
  const taken = session === undefined ? undefined : await assumeForStore(host, sccache, session);
  const s3 = await openS3({ ...host, fetch: hearing(host, heard) }, sccache, {
    attempts: 2,
    ...(taken?.state === 'found' ? { credentials: taken.credentials } : {}),
  });
  try {
    const credentials = sccache.anonymous ? undefined : (taken ?? (await findCredentials(s3, host)));
    const signed = credentials?.state === 'found';
    const caller = signed && sccache.endpoint === undefined ? await callerOf(s3) : undefined;
    const ask = async (probe: typeof probeRead): Promise<StoreProbe> =>
      await probeWithin(PATIENCE_MS, async (signal) => await probe(s3, sccache, signal), host);
    const read = await ask(probeRead);
    const silent = read.state === 'refused' && read.failure.cause === 'unreachable';
    const list = silent ? read : await ask(probeList);
    const write = options.write && signed && !silent ? await ask(probeWrite) : undefined;
    return {
      ...(credentials === undefined ? {} : { credentials }),
      ...(caller === undefined ? {} : { caller }),
      read,
      list,
      ...(write === undefined ? {} : { write }),
      policy: caller === undefined ? { state: 'unseen' } : await policyInForce(s3, sccache, caller),
      ...heard,
      now: host.clock.now(),
    };
  } finally {
    s3.client.destroy();
  }
}

/** Of one request with its repetition. */
const PATIENCE_MS = 10_000;

interface Told {
  clockAheadMs?: number;
  bucketRegion?: string;
}

/** Notes what S3 tells beside its answers: its time (whole seconds), and where the bucket is. */
function hearing({ fetch, clock }: Pick<Host, 'clock' | 'fetch'>, heard: Told): Host['fetch'] {
  return async (input, init) => {
    const answer = await fetch(input, init);
    const date = Date.parse(answer.headers.get('date') ?? '');
    if (!Number.isNaN(date)) heard.clockAheadMs = date - clock.now().getTime();
    const region = answer.headers.get('x-amz-bucket-region');
    if (region !== null) heard.bucketRegion = region;
    return answer;
  };
}

/** Nobody where STS does not answer: builders without a way there use sccache all the same. */
async function callerOf(s3: S3): Promise<BucketFacts['caller'] | undefined> {
  try {
    return await readCaller(s3.aws);
  } catch (error) {
    if (error instanceof WarmbakeError) return undefined;
    throw error;
  }
}

async function policyInForce(
  { sdk, client, aws }: S3,
  sccache: SccacheSettings,
  place: Place,
): Promise<BucketPolicy> {
  try {
    const answer = await aws.ask(
      {
        action: 's3:GetBucketPolicy',
        subject: bucketArn(sccache, place),
        expect: ['NoSuchBucketPolicy'],
      },
      async (options) =>
        await client.send(new sdk.GetBucketPolicyCommand({ Bucket: sccache.bucket }), options),
    );
    const text = answer.ok ? answer.value.Policy : undefined;
    return text === undefined ? { state: 'none' } : { state: 'found', text };
  } catch (error) {
    if (error instanceof WarmbakeError) return { state: 'unseen' };
    throw error;
  }
}
