import type { RetentionSettings } from '../../config/families.ts';
import type { ImageId } from '../model/ids.ts';
import { oneLine } from '../../platform/outside-text.ts';
import { newestFirst, stateOf, type MachineImage } from '../model/machine-image.ts';
import { TAG } from '../model/tags.ts';

/** Whether an image stays, and why. */
export type RetentionVerdict =
  | {
      readonly keep: true;
      readonly image: MachineImage;
      readonly because: readonly string[];
      /** Where nothing but the number that a run may delete keeps it: its place among those that could go, from 0. */
      readonly place?: number;
    }
  | { readonly keep: false; readonly image: MachineImage; readonly place: number };

/**
 * Decides about the images of one family, newest first. Kept are: what is in use or marked by people, what is younger than the
 * minimum age, and the newest published ones of the rest; a run of bad candidates does not push a good image out. Of what could
 * go, the oldest go first, as many as a run may delete; those that could not be deleted before come last.
 */
export function decideRetention(
  images: readonly MachineImage[],
  uses: ReadonlyMap<ImageId, readonly string[]>,
  { settings, now }: { readonly settings: RetentionSettings; readonly now: Date },
): readonly RetentionVerdict[] {
  const sorted = newestFirst(images);
  const isOld = (image: MachineImage): boolean =>
    now.getTime() - image.createdAt.getTime() >= settings.minimumAgeMs;
  const published = sorted.filter(
    (image) => stateOf(image) === 'published' && image.availability === 'available',
  );
  const newest = new Set(published.slice(0, settings.newest));
  const spared = new Set(published.filter(isOld).slice(0, settings.newest));
  const among = (image: MachineImage): string =>
    `one of the newest ${settings.newest} published${newest.has(image) ? '' : ' that are not young'}`;
  const reasons = (image: MachineImage): readonly string[] => [
    ...(uses.get(image.id) ?? []),
    ...marksOf(image),
    ...(isOld(image) ? [] : ['young']),
    ...(spared.has(image) ? [among(image)] : []),
    ...(image.availability === 'pending' ? ['still being made'] : []),
  ];
  const queue = inOrderOfTries(sorted.filter((image) => reasons(image).length === 0).toReversed());
  return sorted.map((image) => {
    const place = queue.indexOf(image);
    if (place === -1) return { keep: true, image, because: reasons(image) };
    if (place < settings.deletePerRun) return { keep: false, image, place };
    return { keep: true, image, because: [`a run deletes at most ${settings.deletePerRun}`], place };
  });
}

/** What people have said about the image: it stays until they take that back. */
function marksOf({ tags, isProtected }: MachineImage): readonly string[] {
  const keep = tags[TAG.keep];
  return [
    ...(keep === undefined ? [] : [oneLine(`tagged ${TAG.keep}${keep === '' ? '' : `: ${keep}`}`)]),
    ...(isProtected === true ? ['protected against deregistration'] : []),
  ];
}

/** What was tried and is still there makes room for the others. ISO 8601 sorts as text. */
function inOrderOfTries(oldestFirst: readonly MachineImage[]): readonly MachineImage[] {
  const tried = ({ tags }: MachineImage): string => tags[TAG.tried] ?? '';
  return oldestFirst.toSorted((a, b) => (tried(a) < tried(b) ? -1 : tried(a) > tried(b) ? 1 : 0));
}
