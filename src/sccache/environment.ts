import type { SccacheSettings } from '../config/settings.ts';

/** Variables by name, as sccache reads them (its docs/S3.md and docs/Configuration.md). */
export type Variables = Readonly<Record<string, string>>;

/** How variables are written. `env` is one `NAME=value` a line, as GitHub's and Buildkite's environment files have it. */
export const FORMATS = ['sh', 'env', 'json'] as const;
export type Format = (typeof FORMATS)[number];

/** What sccache needs on a host that compiles without a Dockerfile; nothing where it is switched off. */
export function sccacheVariables(
  { enabled, bucket, region, prefix, endpoint, anonymous }: SccacheSettings,
  options: { readonly readOnly: boolean },
): Variables {
  if (!enabled) return {};
  return {
    SCCACHE_BUCKET: bucket,
    SCCACHE_REGION: region,
    ...(prefix === '' ? {} : { SCCACHE_S3_KEY_PREFIX: prefix }),
    ...(endpoint === undefined ? {} : { SCCACHE_ENDPOINT: endpoint }),
    // `true` rather than `1`: releases before 0.4 know nothing else.
    ...(anonymous ? { SCCACHE_S3_NO_CREDENTIALS: 'true' } : {}),
    ...(options.readOnly ? { SCCACHE_S3_RW_MODE: 'READ_ONLY' } : {}),
    // The server would end after ten minutes without a compilation, and its statistics with it.
    SCCACHE_IDLE_TIMEOUT: '0',
  };
}

/** The variables as text. Ends with a line end unless there is nothing to say; JSON is an object in any case. */
export function environmentText(variables: Variables, format: Format): string {
  if (format === 'json') return `${JSON.stringify(variables, undefined, 2)}\n`;
  const line = format === 'sh' ? shellLine : ([name, value]: [string, string]) => `${name}=${value}\n`;
  return Object.entries(variables).map(line).join('');
}

function shellLine([name, value]: [string, string]): string {
  return `export ${name}='${value.replaceAll("'", String.raw`'\''`)}'\n`;
}
