import type { RetentionSettings } from '../../config/families.ts';
import type { ImageId } from '../model/ids.ts';
import { oneLine } from '../../platform/outside-text.ts';
import { condemnedOf, isDeletable } from '../model/condemned.ts';
import { newestFirst, stateOf, type MachineImage } from '../model/machine-image.ts';
import { TAG } from '../model/tags.ts';

/** What a cleanup does with an image that nobody needs: mark it, leave it while the mark is fresh, delete it. */
export type RetentionStep = 'condemn' | 'wait' | 'delete';

/** Whether an image stays, and why. */
export type RetentionVerdict =
  | {
      readonly keep: true;
      readonly image: MachineImage;
      readonly because: readonly string[];
      /** Where nothing but the number that a run may mark or delete keeps it. */
      readonly turn?: RetentionTurn;
    }
  | { readonly keep: false; readonly image: MachineImage; readonly turn: RetentionTurn };

/** What is next for an image, and its place among those of the same step, from 0. */
export interface RetentionTurn {
  readonly step: RetentionStep;
  readonly place: number;
}

/**
 * Decides about the images of one family, newest first. Kept are: what is in use or marked by people, what is younger than the
 * minimum age, and the newest published ones of the rest; a run of bad candidates does not push a good image out. What could
 * go is condemned first, and deleted by a later run: of both the oldest come first, as many as a run may delete; those that could not be
 * deleted before come last.
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
  const unneeded = sorted.filter((image) => reasons(image).length === 0).toReversed();
  const turns = turnsOf(unneeded, now);
  const waiting = [...turns.values()].filter(({ step }) => step === 'wait').length;
  // A run condemns as much as the next one may delete.
  const limits = {
    condemn: Math.max(0, settings.deletePerRun - waiting),
    wait: Infinity,
    delete: settings.deletePerRun,
  };
  return sorted.map((image) => {
    const turn = turns.get(image);
    if (turn === undefined) return { keep: true, image, because: reasons(image) };
    if (turn.place < limits[turn.step]) return { keep: false, image, turn };
    const what = turn.step === 'delete' ? 'deletes' : 'condemns';
    return { keep: true, image, because: [`a run ${what} at most ${settings.deletePerRun}`], turn };
  });
}

function turnsOf(oldestFirst: readonly MachineImage[], now: Date): ReadonlyMap<MachineImage, RetentionTurn> {
  const stepOf = (image: MachineImage): RetentionStep => {
    const condemned = condemnedOf(image, now);
    if (condemned === undefined) return 'condemn';
    return isDeletable(condemned, now) ? 'delete' : 'wait';
  };
  const turns = (['condemn', 'wait', 'delete'] as const).flatMap((step) => {
    const all = oldestFirst.filter((image) => stepOf(image) === step);
    const queue = step === 'delete' ? inOrderOfTries(all) : all;
    return queue.map((image, place) => [image, { step, place }] as const);
  });
  return new Map(turns);
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
