import type * as Sdk from '@aws-sdk/client-s3';
import type { SccacheSettings } from '../config/settings.ts';
import { type Aws, openAws } from '../platform/aws.ts';
import type { Host } from '../platform/host.ts';
import type { AwsCredentials } from '../platform/aws-credentials.ts';

/** The store's service, opened; the SDK is loaded only by those who call {@link openS3}. */
export interface S3 {
  readonly sdk: typeof Sdk;
  readonly client: Sdk.S3Client;
  readonly aws: Aws;
}

/** How S3 is asked. */
export interface OpenS3Options {
  readonly attempts?: number;
  readonly anyRegion?: boolean;
  /** In place of the job's own. */
  readonly credentials?: AwsCredentials;
}

/**
 * S3 as sccache sees it: region and endpoint of the settings, and no signature where it reads anonymously.
 * `attempts` of each request, the first included; by default 8, as with all of AWS. With `anyRegion`, requests about a
 * bucket elsewhere are sent there, as sccache does not do.
 */
export async function openS3(
  host: Pick<Host, 'fetch' | 'signal'>,
  { region, endpoint, anonymous }: SccacheSettings,
  options: OpenS3Options = {},
): Promise<S3> {
  const sdk = await import('@aws-sdk/client-s3');
  const aws = openAws(host, region);
  const client = new sdk.S3Client({
    ...aws.settings,
    followRegionRedirects: options.anyRegion === true,
    ...(options.attempts === undefined ? {} : { maxAttempts: options.attempts }),
    // S3-compatible services refuse the checksums that the SDK adds by default.
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
    ...(endpoint === undefined ? {} : { endpoint, forcePathStyle: true }),
    ...(options.credentials === undefined ? {} : { credentials: options.credentials }),
    ...(anonymous ? UNSIGNED : {}),
  });
  return { sdk, client, aws };
}

const UNSIGNED = {
  credentials: { accessKeyId: '', secretAccessKey: '' },
  signer: { sign: async <T>(request: T): Promise<T> => request },
};
