import { type BucketLocationConstraint, CreateBucketCommand, S3Client } from '@aws-sdk/client-s3';
import { type Faults, type Rule, startFaults } from '../../parts/faults.ts';
import { MOTO_CREDENTIALS, startMoto } from '../../parts/moto/server.ts';
import type { Running } from '../../parts/part.ts';

/** moto's S3 behind a proxy that breaks what it is told to. */
export interface MotoStore {
  /** Of the proxy, for settings and AWS_ENDPOINT_URL. */
  readonly endpoint: string;
  readonly faults: Faults;
  /** A client of the test's own, around the proxy. */
  readonly client: S3Client;
  readonly createBucket: (name: string, region?: string) => Promise<void>;
}

/**
 * Where the SDK of this process finds credentials: in its environment, and nowhere else. Without `endpoint` it is the
 * settings that name one.
 */
export function useAws(home: string, endpoint?: string): void {
  forgetAws();
  Object.assign(process.env, MOTO_CREDENTIALS, QUIET, { HOME: home });
  if (endpoint !== undefined) process.env['AWS_ENDPOINT_URL'] = endpoint;
}

/** Removes what {@link useAws} has set. */
export function forgetAws(): void {
  for (const name of Object.keys(process.env)) if (name.startsWith('AWS_')) delete process.env[name];
}

/** As in `main.ts`: the SDK announces the end of Node 20 at every start. */
const QUIET = { AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true' };

/** Starts a store of the test file's own. */
export async function startMotoStore(): Promise<MotoStore & Running> {
  Object.assign(process.env, QUIET);
  const moto = await startMoto();
  const faults = await startFaults(new URL(moto.url).host);
  const credentials = {
    accessKeyId: MOTO_CREDENTIALS.AWS_ACCESS_KEY_ID,
    secretAccessKey: MOTO_CREDENTIALS.AWS_SECRET_ACCESS_KEY,
  };
  const clientIn = (region: string): S3Client =>
    new S3Client({ endpoint: moto.url, region, forcePathStyle: true, credentials });
  const client = clientIn('us-west-2');
  return {
    endpoint: `http://${faults.host}`,
    faults,
    client,
    createBucket: async (name, region = 'us-west-2') => {
      const there = clientIn(region);
      const LocationConstraint = region as BucketLocationConstraint;
      await there.send(
        new CreateBucketCommand({ Bucket: name, CreateBucketConfiguration: { LocationConstraint } }),
      );
      there.destroy();
    },
    stop: async () => {
      client.destroy();
      await faults.stop();
      await moto.stop();
    },
  };
}

/** S3's answer with an error code. */
export function refusal(
  status: number,
  code: string,
  headers: Readonly<Record<string, string>> = {},
): Rule['fault'] {
  const body = `<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>${code}</Code><Message>${code}, says the test.</Message></Error>`;
  return { kind: 'answer', status, headers: { 'content-type': 'application/xml', ...headers }, body };
}
