/**
 * What is wrong with a registry, by the text of an error:
 * `damaged` a layer or config that a manifest names is gone or is not what it should be; `expired` credentials were
 * refused (401); `denied` they were accepted and do not suffice; `missing` no such name; `unavailable` 5xx, network.
 */
export type RegistryTrouble =
  | 'quota'
  | 'throttled'
  | 'oversized'
  | 'damaged'
  | 'expired'
  | 'denied'
  | 'missing'
  | 'unavailable';

/**
 * The first that matches decides. Texts were seen with Docker Engine 28.5 in front of a registry made to answer so, and
 * in reports about ECR: its 403 for an expired token carries no text where the request was a HEAD. Whether this job may push was asked before
 * the build, so that such an answer is most likely one of those.
 */
const TROUBLES: readonly (readonly [RegistryTrouble, RegExp])[] = [
  ['quota', /maximum allowed number of (?:images|tags)|LimitExceeded|quota exceeded/i],
  ['throttled', /\b429 Too Many Requests|toomanyrequests|rate exceeded|ThrottlingException/i],
  ['oversized', /\bis too large \(\d+ > \d+\)/],
  [
    'expired',
    /token has expired|token is expired|\b401 Unauthorized|\bunauthorized: |status from HEAD request to https:\/\/\S*\.(?:dkr[.-]ecr|ecr\.aws)\S*: 403 Forbidden/i,
  ],
  ['denied', /\b403 Forbidden|\bdenied: |no basic auth credentials|insufficient_scope|access denied/i],
  [
    'damaged',
    /could not fetch content descriptor|unexpected commit digest|short read: expected|blob unknown|failed to load cache/i,
  ],
  ['missing', /: not found$|\b404 Not Found|name unknown|manifest unknown/im],
  [
    'unavailable',
    /\b5\d\d (?:Internal|Bad Gateway|Service|Gateway)|\bEOF\b|connection (?:reset|refused)|timeout|deadline exceeded|no such host|closed network connection|broken pipe|unreachable|failed to do request/i,
  ],
];

/** Recognises trouble with a registry; `undefined` where the text shows none. */
export function registryTrouble(text: string): RegistryTrouble | undefined {
  return TROUBLES.find(([, pattern]) => pattern.test(text))?.[0];
}
