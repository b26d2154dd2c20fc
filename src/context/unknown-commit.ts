import { WarmbakeError } from '../platform/errors.ts';
import type { Host } from '../platform/host.ts';
import { git } from './git.ts';

/** A build needs its commit, and git told none: `message`, and what to do about it, by git's own words. */
export async function unknownCommit(host: Host, message: string): Promise<WarmbakeError> {
  const asked = await git(host, ['rev-parse', '--verify', 'HEAD']);
  return new WarmbakeError('config', 'commit-unknown', message, {
    hint: hintFor(host, asked.failure === 'not-found' ? undefined : asked.stderr),
  });
}

/** `said` is what git said; `undefined` where there is no git. */
function hintFor({ cwd }: Host, said: string | undefined): string {
  if (said === undefined) return 'git is not on PATH: install it';
  if (said.includes('dubious ownership')) {
    return `git does not trust a checkout of another user: git config --global --add safe.directory '${cwd}'`;
  }
  if (said.includes('not a git repository')) return `'${cwd}' is in no checkout of git: call it in one`;
  return 'the checkout has no commit yet, or git cannot read it: git rev-parse HEAD says why';
}
