import { WarmbakeError } from '../platform/errors.ts';
import { type CommitSha, isCommitSha } from './commit-sha.ts';
import type { Environment } from './system.ts';

/** A variable's value; `undefined` for '', which is what systems set where something does not apply. Throws for control characters, which could forge lines of the log. */
export function optionalIn(env: Environment, name: string): string | undefined {
  const text = env[name] ?? '';
  if (/\p{Cc}/u.test(text))
    throw badVariable(name, `is ${quoted(text)}; it must not hold control characters`);
  return text === '' ? undefined : text;
}

/** A variable that has to be of a form. Numbers and ids become file names and annotations: an empty or odd one is found out here. */
export function requiredIn(
  env: Environment,
  name: string,
  { form, meaning }: { readonly form: RegExp; readonly meaning: string },
): string {
  const text = env[name];
  if (text !== undefined && form.test(text)) return text;
  throw badVariable(name, `${found(text)}; it must be ${meaning}`);
}

/** At most nine digits: a longer number could be read as the hash of a branch's tag (`refs/tag-name.ts`). */
export const PULL_REQUEST_NUMBER = /^[1-9]\d{0,8}$/;

/** A full commit id, or `HEAD` where that is allowed. */
export function commitIn(env: Environment, name: string): CommitSha;
export function commitIn(env: Environment, name: string, head: 'or HEAD'): CommitSha | 'HEAD';
export function commitIn(env: Environment, name: string, head?: 'or HEAD'): CommitSha | 'HEAD' {
  const text = env[name];
  if (text !== undefined && isCommitSha(text)) return text;
  if (text === 'HEAD' && head !== undefined) return text;
  const forms = head === undefined ? '40 lower-case hex digits' : '40 lower-case hex digits or HEAD';
  throw badVariable(name, `${found(text)}; it must be ${forms}`);
}

/** What a variable holds, as a part of a sentence about it. */
export function found(text: string | undefined): string {
  return text === undefined ? 'is not set' : `is ${quoted(text)}`;
}

/** For anything that the system itself would not set: a guess here would be a guess about trust. */
export function badVariable(name: string, problem: string): WarmbakeError {
  return new WarmbakeError('config', 'bad-build-context', `${name} ${problem}`);
}

function quoted(text: string): string {
  return `'${text.replaceAll(/\p{Cc}/gu, '?')}'`;
}
