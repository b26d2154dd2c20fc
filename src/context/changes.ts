import type { Host } from '../platform/host.ts';
import { git } from './git.ts';

/** Files of the checkout at `host.cwd` that differ from its commit, new ones included; none outside of git. */
export async function changedFiles(host: Host): Promise<readonly string[]> {
  const status = await git(host, ['status', '--porcelain', '--no-renames', '-z']);
  return status.stdout
    .split('\0')
    .filter((entry) => entry !== '')
    .map((entry) => entry.slice('XY '.length));
}
