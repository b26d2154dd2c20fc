import type { Settings, TargetSettings } from '../../config/settings.ts';
import type { CommitSha } from '../../ci/commit-sha.ts';
import type { Host } from '../../platform/host.ts';
import type { Registry } from '../../registry/registry.ts';
import { findTargetCaches, importLines, type TargetCaches } from './donor.ts';

/** What {@link withMemberCaches} starts from. */
export interface KnownCaches {
  readonly settings: Pick<Settings, 'cache' | 'targets'>;
  readonly commit: CommitSha;
  /** Of the targets of `settings`. */
  readonly caches: readonly TargetCaches[];
}

/**
 * What is known, with the caches of those `targets` that the configuration alone does not say: their refs follow from their groups. The
 * registry is asked for these only; what it has is told, a line for each ref. Never rejects.
 */
export async function withMemberCaches(
  host: Pick<Host, 'clock' | 'signal' | 'emit'>,
  registry: Registry,
  { known, targets }: { readonly known: KnownCaches; readonly targets: readonly TargetSettings[] },
): Promise<readonly TargetCaches[]> {
  const { settings, commit, caches } = known;
  const members = targets.filter((target) => !settings.targets.includes(target));
  if (members.length === 0) return caches;
  const found = await findTargetCaches(host, registry, { cache: settings.cache, commit, targets: members });
  for (const text of importLines(found)) host.emit({ type: 'line', text });
  const names = new Set(members.map(({ name }) => name));
  return [...found, ...caches.filter(({ target }) => !names.has(target))];
}
