import type { Settings, TargetSettings } from '../config/settings.ts';
import type { BuildContext } from '../context/context.ts';
import { type RepositoryOwner, imageRepositories } from './repositories.ts';
import type { Reference } from '../registry/reference.ts';
import { commitTag, latestTag } from './tag-name.ts';

/** The names of one target's image. */
export interface ImageNames {
  /** Pushed by the build itself. */
  readonly push: readonly Reference[];
  /** Moved to the pushed image afterwards, forward only. */
  readonly moving: readonly Reference[];
}

/**
 * The names that this build gives to a target's image: its commit's, and `latest` for the build of the trusted branch. Nothing for a
 * target that is not pushed, and for a local build unless `push` is set.
 */
export function imageNames(
  context: BuildContext,
  target: Pick<TargetSettings, 'lane' | 'image'> & RepositoryOwner,
  { settings, push = false }: { readonly settings: Pick<Settings, 'images'>; readonly push?: boolean },
): ImageNames {
  const writes = target.image.push && (context.origin.kind !== 'local' || push);
  if (!writes || context.commit === undefined) return { push: [], moving: [] };
  const { trusted, untrusted } = imageRepositories(settings, target);
  const repository = context.trusted ? trusted : untrusted;
  return {
    push: [{ ...repository, tag: commitTag(context.commit, target.lane) }],
    moving:
      context.trusted && context.origin.kind !== 'tag'
        ? [{ ...repository, tag: latestTag(target.lane) }]
        : [],
  };
}
