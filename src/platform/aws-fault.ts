import { ForeignAnswer } from './aws-answer.ts';
import { WarmbakeError, messageOf } from './errors.ts';

/** What was asked of AWS, in its own words. */
export interface AwsRequestName {
  /** The IAM action: `ec2:DeregisterImage`. */
  readonly action: string;
  /** The resource that it was about: an id, a name, or a phrase such as `all images`. */
  readonly subject: string;
}

const DENIED = new Set(['AccessDenied', 'AccessDeniedException', 'UnauthorizedOperation', 'AuthFailure']);
const EXPIRED = new Set(['ExpiredToken', 'ExpiredTokenException', 'RequestExpired']);
const UNKNOWN_IDENTITY = new Set([
  'InvalidClientTokenId',
  'UnrecognizedClientException',
  'SignatureDoesNotMatch',
]);
const THROTTLED =
  /^(?:Throttl|RequestLimitExceeded|RequestThrottled|TooManyRequests|TooManyUpdates|SlowDown|EC2Throttled)/;

/** Whether AWS refused because there were too many requests; the SDK does not know all of the codes. */
export function isThrottled(error: unknown): boolean {
  return THROTTLED.test(awsCode(error));
}

/** How often the SDK has sent the request. */
function attemptsOf(error: unknown): number {
  const { $metadata: { attempts = 1 } = {} } = error as {
    readonly $metadata?: { readonly attempts?: number };
  };
  return attempts;
}

/** AWS's code of what the SDK threw: `InvalidAMIID.NotFound`; '' where it has none. */
export function awsCode(error: unknown): string {
  return error instanceof Error ? error.name : '';
}

/**
 * What the SDK threw, after its own retries, as an error of ours (`outside`): who was denied what, or what to renew.
 * Codes: `aws-denied`, `aws-credentials`, `aws-throttled`, `aws-no-answer`, `aws-odd-answer`, `aws-failed`.
 */
export function awsError(error: unknown, { action, subject }: AwsRequestName): WarmbakeError {
  if (error instanceof WarmbakeError) return error;
  const code = awsCode(error);
  const asked = `${action} (${subject})`;
  const said = shortened(messageOf(error));
  const fault = (name: string, message: string, hint?: string) =>
    new WarmbakeError('outside', name, message, { cause: error, ...(hint === undefined ? {} : { hint }) });

  if (DENIED.has(code)) {
    // The action that is missing can be another one: an update of a group needs iam:PassRole.
    const missing = /not authorized to perform: ([\w-]+:\w+)/.exec(said)?.[1] ?? action;
    return fault(
      'aws-denied',
      `${asked} is not allowed: ${said}`,
      `allow ${missing} to the identity that runs this`,
    );
  }
  if (EXPIRED.has(code)) {
    return fault(
      'aws-credentials',
      `${asked} failed: the AWS credentials have expired`,
      'renew them and run this again',
    );
  }
  if (code === 'CredentialsProviderError' || UNKNOWN_IDENTITY.has(code)) {
    return fault('aws-credentials', `${asked} failed: ${said}`, 'set AWS credentials, a profile or a role');
  }
  if (isThrottled(error)) {
    return fault(
      'aws-throttled',
      `${asked} was throttled in each of ${attemptsOf(error)} attempts: ${said}`,
      'others use up what the account may ask; run this again in a few minutes',
    );
  }
  if (error instanceof ForeignAnswer)
    return fault('aws-odd-answer', `${asked}: ${said}`, 'look for a proxy in between, and run this again');
  if (code === 'TimeoutError')
    return fault('aws-no-answer', `${asked} got no answer in ${attemptsOf(error)} attempts: ${said}`);
  return fault('aws-failed', `${asked} failed: ${code === 'Error' ? '' : `${code}: `}${said}`);
}

/** Without the kilobyte that EC2 appends for `sts:DecodeAuthorizationMessage`. */
function shortened(message: string): string {
  const text = message.replace(/\s*Encoded authorization failure message: \S+/, '').trim();
  return text.length > 400 ? `${text.slice(0, 400)}…` : text;
}
