import { surroundings } from '../ci/system.ts';
import type { CiFacts } from '../ci/facts.ts';
import { readCi } from '../ci/read-ci.ts';
import { doubtAboutEvent, doubtAboutJob } from '../context/trust.ts';
import { WarmbakeError } from '../platform/errors.ts';
import type { Host } from '../platform/host.ts';
import type { Input } from './command.ts';
import { openConfiguration } from './open-configuration.ts';

/**
 * For a call that changes what others rely on: throws `refused` in a CI job that is not one of the trusted branch, or whose CI is not
 * known. Whatever repository its pipeline builds: one about machines can live in another than the images. Elsewhere a person calls.
 */
export async function requireTrustedJob(host: Host, input: Input, name: string): Promise<void> {
  const around = surroundings(host.env);
  if (around.in === 'unclear') {
    throw refused(name, `${around.because}, so its pull requests cannot be told from its trusted builds`);
  }
  const build = readCi(host.env);
  if (build === undefined) return;
  const doubt = doubtAboutEvent(build) ?? (await doubtAboutBranch(host, input, build));
  if (doubt !== undefined) throw refused(name, doubt);
}

async function doubtAboutBranch(host: Host, input: Input, build: CiFacts): Promise<string | undefined> {
  const { settings } = await openConfiguration(host, input);
  return doubtAboutJob(build, settings.trustedBranch);
}

function refused(name: string, because: string): WarmbakeError {
  return new WarmbakeError(
    'refused',
    'untrusted-job',
    `'warmbake ${name}' changes what others rely on, and this CI job is untrusted: ${because}`,
    { hint: 'call it in a build of the trusted branch, or by hand on a machine of yours' },
  );
}
