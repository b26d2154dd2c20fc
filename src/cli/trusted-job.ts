import { inCi } from '../config/find.ts';
import { type BuildkiteFacts, readBuildkite } from '../context/buildkite.ts';
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
  const build = readBuildkite(host.env);
  if (build === undefined) {
    if (inCi(host.env))
      throw refused(name, "CI is set, and this CI's pull requests cannot be told from its trusted builds");
    return;
  }
  const doubt = doubtAboutEvent(build) ?? (await doubtAboutBranch(host, input, build));
  if (doubt !== undefined) throw refused(name, doubt);
}

async function doubtAboutBranch(
  host: Host,
  input: Input,
  build: BuildkiteFacts,
): Promise<string | undefined> {
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
