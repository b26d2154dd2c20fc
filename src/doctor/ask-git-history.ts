import path from 'node:path';
import { bareClone } from '../context/bare-clone.ts';
import type { CheckoutPlace } from '../context/checkout.ts';
import { git } from '../context/git.ts';
import { readTrustedFile } from '../context/trusted-file.ts';
import type { UsedConfiguration } from '../config/used.ts';
import type { Host } from '../platform/host.ts';
import { succeeded } from '../platform/process.ts';
import { type DoctorFinding, ok, skipped, warning } from './finding.ts';
import { type Depth, depthFinding, remoteFinding } from './git-findings.ts';

/** How deep the checkout is. */
export async function askDepth(host: Host): Promise<readonly DoctorFinding[]> {
  return [depthFinding(await depthOf(host))];
}

async function depthOf(host: Host): Promise<Depth> {
  const asked = await git(host, ['rev-parse', '--is-shallow-repository']);
  if (!succeeded(asked)) return { state: 'no-checkout' };
  if (asked.stdout.trim() !== 'true') return { state: 'whole' };
  const counted = await git(host, ['rev-list', '--count', 'HEAD']);
  return { state: 'shallow', commits: Number(counted.stdout.trim()) };
}

/** Time for one question to the remote, in milliseconds. */
const REMOTE_MS = 8_000;

/** Nobody is there to be asked for a passphrase. */
function unattended(host: Host): Host {
  const { GIT_SSH, GIT_SSH_COMMAND = GIT_SSH ?? 'ssh -oBatchMode=yes' } = host.env;
  return { ...host, env: { ...host.env, GIT_SSH_COMMAND } };
}

/** Whether `origin` answers, and where it has the trusted branch. */
export async function askRemote(
  host: Host,
  { checkout, branch }: { readonly checkout: CheckoutPlace | undefined; readonly branch: string },
): Promise<readonly DoctorFinding[]> {
  const clone = bareClone(unattended(host), { directory: path.join(host.scratch, 'doctor.git'), checkout });
  const name = `refs/heads/${branch}`;
  const ids = await clone.ids([name], { timeoutMs: REMOTE_MS });
  if (typeof ids === 'string') return [remoteFinding({ state: 'silent', because: ids }, branch)];
  return [remoteFinding({ state: 'answered', tip: ids.get(name) }, branch)];
}

/** Whether builds that are not trusted will find the configuration where they look for it. */
export async function askTrustedFile(
  host: Host,
  { used, branch }: { readonly used: UsedConfiguration; readonly branch: string },
): Promise<readonly DoctorFinding[]> {
  const check = 'trusted-file';
  const { from, file } = used;
  if (from === 'merge-base' || from === 'tip')
    return [ok(check, `${file} was read from ${used.branch ?? branch}`)];
  if (from === 'outside')
    return [skipped(check, `${file} lies outside of the checkout: every build reads that`)];
  if (from === 'digest') return [skipped(check, `${file} is pinned by its digest`)];
  const found = await readTrustedFile(unattended(host), { file, branch, origin: undefined });
  const fate = 'builds of pull requests take it from there';
  switch (found.state) {
    case 'found':
      return [ok(check, `${branch} has ${file}: ${fate}`)];
    case 'missing':
      return [
        warning(check, {
          text: `${branch} has no ${file}, and ${fate}: they end with exit code 3`,
          fix: `merge the file into ${branch}, or name another place with --config-from (WARMBAKE_CONFIG_FROM)`,
        }),
      ];
    case 'unknown':
      return [
        warning(check, {
          text: `whether ${branch} has ${file} is not known (${found.because}), and ${fate}`,
          fix: 'let git reach its origin, and run this again',
        }),
      ];
  }
}
