/** Why sccache's server does not start: it reads `.sccache_check` first and gives up where the store answers badly. */
export type StartFailureCause =
  | 'no-credentials'
  | 'expired-credentials'
  | 'wrong-credentials'
  | 'clock'
  | 'denied'
  | 'no-bucket'
  | 'wrong-region'
  | 'no-s3-support'
  | 'unreachable'
  | 'timed-out'
  | 'bad-setting'
  | 'unknown';

/** One failed start. */
export interface StartFailure {
  readonly cause: StartFailureCause;
  /** sccache's own words, one line. */
  readonly said: string;
}

/** What to do about each cause; completes a sentence. */
export const ADVICE = {
  'no-credentials':
    'give the build host a role or credentials and mount them as a build secret (sccache.secret)',
  'expired-credentials':
    'renew the credentials; a running step cannot get new ones (sccache.credentialsLast)',
  'wrong-credentials': 'S3 does not know the access key: replace it',
  clock: 'set the clock of the build host: S3 allows 15 minutes of difference',
  denied:
    'allow s3:GetObject on the objects and s3:ListBucket on the bucket; `warmbake sccache doctor` tells which',
  'no-bucket': 'create the bucket: `warmbake sccache setup`',
  'wrong-region': "set sccache.region to the bucket's own region",
  'no-s3-support': 'install a build of sccache with S3 support: some distributions leave it out',
  unreachable: 'check network, proxy and sccache.endpoint as the build step sees them',
  'timed-out': 'the store answered too late: run the build again',
  'bad-setting': 'correct the variable that sccache names',
  unknown: 'compare with what `warmbake sccache doctor` says on the build host',
} as const satisfies Record<StartFailureCause, string>;

/** Lines that sccache writes when its server does not start (its src/commands.rs, src/cache/cache.rs and src/config.rs). */
const SAID = 'sccache: error: ';
const START =
  /Server startup failed|cache storage failed to|Timed out waiting for server startup|cache failed: |couldn't connect to server|SCCACHE_\w+ must (?:be|not)/;

/** The message where `line` says that sccache's server did not start. */
export function startFailureIn(line: string): string | undefined {
  const at = line.indexOf(SAID);
  const message = line.slice(at + SAID.length);
  return at >= 0 && START.test(message) ? message : undefined;
}

/** Error codes are S3's (docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html), the rest OpenDAL's words. */
const CAUSES: readonly (readonly [RegExp, StartFailureCause])[] = [
  [/ExpiredToken|TokenRefreshRequired|RequestExpired/, 'expired-credentials'],
  [
    /InvalidAccessKeyId|SignatureDoesNotMatch|InvalidToken|InvalidSecurity|Unauthorized\b/,
    'wrong-credentials',
  ],
  [/RequestTimeTooSkewed/, 'clock'],
  [/no valid credential found|LoadCredential|loading credential/, 'no-credentials'],
  [/cache type is not enabled/, 'no-s3-support'],
  [/NoSuchBucket/, 'no-bucket'],
  [
    /PermanentRedirect|TemporaryRedirect|AuthorizationHeaderMalformed|region is missing|status: 30[17]/,
    'wrong-region',
  ],
  [/AccessDenied|AllAccessDisabled|AccountProblem|PermissionDenied/, 'denied'],
  [/send http request|error sending request|dns error|onnection refused/, 'unreachable'],
  [/Timed out waiting for server startup/, 'timed-out'],
  [/SCCACHE_\w+ must (?:be|not)|cache failed: /, 'bad-setting'],
];

/** Judges what sccache said: the message, with the lines that followed it. */
export function judgeStartFailure(message: string, context: readonly string[] = []): StartFailure {
  const text = [message, ...context].join('\n');
  const cause = CAUSES.find(([pattern]) => pattern.test(text))?.[1] ?? 'unknown';
  const source = context.find((line) => /^\s+error /.test(line))?.trim();
  return { cause, said: source === undefined ? message : `${message}: ${source}` };
}
