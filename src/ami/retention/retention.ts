import type { RetentionSettings } from '../../config/families.ts';
import type { ImageId } from '../model/ids.ts';
import { newestFirst, stateOf, type MachineImage } from '../model/machine-image.ts';

/** Whether an image stays, and why. */
export type RetentionVerdict =
  | { readonly keep: true; readonly image: MachineImage; readonly because: readonly string[] }
  | { readonly keep: false; readonly image: MachineImage };

/**
 * Decides about the images of one family, newest first. Kept are: what is in use, what is younger than the minimum age, and
 * the newest published ones of the rest; a run of bad candidates does not push a good image out. Of what could go, the
 * oldest go first, as many as a run may delete.
 */
export function decideRetention(
  images: readonly MachineImage[],
  uses: ReadonlyMap<ImageId, readonly string[]>,
  { settings, now }: { readonly settings: RetentionSettings; readonly now: Date },
): readonly RetentionVerdict[] {
  const sorted = newestFirst(images);
  const isOld = (image: MachineImage): boolean =>
    now.getTime() - image.createdAt.getTime() >= settings.minimumAgeMs;
  const spared = new Set(
    sorted
      .filter((image) => isOld(image) && stateOf(image) === 'published' && image.availability === 'available')
      .slice(0, settings.newest),
  );
  const reasons = (image: MachineImage): readonly string[] => [
    ...(uses.get(image.id) ?? []),
    ...(isOld(image) ? [] : ['young']),
    ...(spared.has(image) ? [`one of the newest ${settings.newest} published`] : []),
    ...(image.availability === 'pending' ? ['still being made'] : []),
  ];
  const expendable = sorted.filter((image) => reasons(image).length === 0);
  const going = new Set(expendable.slice(Math.max(0, expendable.length - settings.deletePerRun)));
  return sorted.map((image) => {
    if (going.has(image)) return { keep: false, image };
    const because = reasons(image);
    const limit = `a run deletes at most ${settings.deletePerRun}`;
    return { keep: true, image, because: because.length === 0 ? [limit] : because };
  });
}
