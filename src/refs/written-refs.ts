import type { Settings, TargetSettings } from '../config/settings.ts';
import { expand } from '../config/template.ts';
import type { CommitSha } from '../ci/commit-sha.ts';
import type { BuildContext } from '../context/context.ts';
import { parseReference, type Reference } from '../registry/reference.ts';
import { commitTag, latestTag } from './tag-name.ts';
import { WarmbakeError } from '../platform/errors.ts';
import { ownTag } from './own-tag.ts';
import { type RepositoryOwner, cacheRepositories } from './repositories.ts';

/** The cache refs that a build may write for one target. */
export interface WrittenRefs {
  /** The one ref that the build exports to: the commit's. */
  readonly exportTo?: Reference;
  /** Further names that the exported manifest gets afterwards. */
  readonly promoteTo: readonly Reference[];
  /** Extra exports of trusted builds, for tools that have not moved yet. */
  readonly alsoExport: readonly Reference[];
}

/** Settings that name what is written. */
export type WriteSettings = Pick<Settings, 'cache' | 'targets'>;

/**
 * Law L1 in one place: trusted refs for the trusted build, untrusted ones for every other, none for a local build without
 * `push`. Throws `config` where a build that writes has no commit to name its export.
 */
export function writtenRefs(
  context: BuildContext,
  target: Pick<TargetSettings, 'lane'> & RepositoryOwner,
  { settings, push = false }: { readonly settings: WriteSettings; readonly push?: boolean },
): WrittenRefs {
  if (context.origin.kind === 'local' && !push) return { promoteTo: [], alsoExport: [] };
  const { lane } = target;
  const commit = commitOf(context);
  const { alsoExport } = settings.cache;
  const { trusted, untrusted } = cacheRepositories(settings, target);
  const exportTo = { ...(context.trusted ? trusted : untrusted), tag: commitTag(commit, lane) };
  // A release can be an old commit: only builds of the branch say what is newest.
  if (context.trusted && context.origin.kind === 'tag') return { exportTo, promoteTo: [], alsoExport: [] };
  if (context.trusted) {
    const laneSuffix = lane === '' ? '' : `-${lane}`;
    return {
      exportTo,
      promoteTo: [{ ...trusted, tag: latestTag(lane) }],
      alsoExport: alsoExport.map((template) =>
        extraReference(expand(template, { commit, lane, laneSuffix })),
      ),
    };
  }
  const own = ownTag(context.origin, { lane, targets: settings.targets });
  return {
    exportTo,
    promoteTo: own === undefined ? [] : [{ ...untrusted, tag: own }],
    alsoExport: [],
  };
}

function commitOf(context: BuildContext): CommitSha {
  if (context.commit !== undefined) return context.commit;
  throw new WarmbakeError(
    'config',
    'commit-unknown',
    'git knows no commit here; a build that pushes needs one',
  );
}

function extraReference(text: string): Reference {
  const reference = parseReference(text);
  if (reference !== undefined) return reference;
  throw new WarmbakeError('config', 'bad-also-export', `'${text}' of cache.alsoExport is not a reference`);
}
