import type { Settings, TargetSettings } from '../config/settings.ts';
import { cacheRepositories, imageRepositories } from './repositories.ts';

/**
 * The same image in the further compressions of `image.also`, each as a target of its own beside `target`: named after both, in the same
 * repository, its tags ending as those of a lane do. It is built from the definition of `target` and has no cache of its own.
 */
export function variantsOf(
  target: TargetSettings,
  settings: Pick<Settings, 'images' | 'cache'>,
): readonly TargetSettings[] {
  const { written: _, ...same } = target;
  return (target.image.also ?? []).map((compression) => {
    const { also: __, ...image } = target.image;
    return {
      ...same,
      name: `${target.name}-${compression}`,
      variantOf: target.name,
      lane: target.lane === '' ? compression : `${target.lane}-${compression}`,
      image: { ...image, compression },
      // A template would be filled with the new name.
      repositories: {
        images: imageRepositories(settings, target),
        cache: cacheRepositories(settings, target),
      },
    };
  });
}
