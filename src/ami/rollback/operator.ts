import { actorOf } from '../../ci/said.ts';
import type { Host } from '../../platform/host.ts';
import { WarmbakeError } from '../../platform/errors.ts';
import { buildUrl } from '../../ci/build-url.ts';
import type { Account } from '../model/account.ts';

/** Longest reason, in characters: it becomes a tag. */
const REASON_LENGTH = 250;

/** Who is at work: in a CI build the person behind it and the build, elsewhere the AWS identity. */
export async function operatorOf(account: Account, env: Host['env']): Promise<string> {
  const person = actorOf(env);
  const url = buildUrl(env);
  if (person !== undefined) return url === undefined ? person : `${person} (${url})`;
  const { arn } = await account.identity.caller();
  return arn.slice(arn.lastIndexOf(':') + 1);
}

/** A reason as somebody wrote it. Throws `usage` where those who read it later would learn nothing. */
export function requireReason(written: string | undefined): string {
  const reason = (written ?? '').replaceAll(/\s+/g, ' ').trim();
  const fault =
    reason === ''
      ? 'a reason is needed'
      : reason.length > REASON_LENGTH
        ? `the reason has ${reason.length} characters; ${REASON_LENGTH} are possible`
        : // SSM takes {{name}} for a reference to another parameter, and refuses it.
          /\{\{|\}\}|\p{Cc}/u.test(reason)
          ? 'the reason has {{, }} or control characters'
          : undefined;
  if (fault === undefined) return reason;
  throw new WarmbakeError('usage', 'bad-reason', fault, {
    hint: "say it in a sentence: --reason 'agents do not start'",
  });
}
