import type { MachineImage } from './machine-image.ts';
import { TAG, type Tags } from './tags.ts';

/** How long an image carries its mark before a cleanup may delete it: time to take it back into use. */
const NOTICE_MS = 3_600_000;

/** A cleanup deletes an image this soon after it has said so, or not at all. */
const DELETE_WITHIN_MS = 10 * 60_000;

/** For so long after a cleanup said that it deletes an image nobody takes it into use: its request may still be on its way. */
const DELETING_MS = 15 * 60_000;

/** Behind the time of an attempt that is over, and left the image where it is. */
const KEPT = ' kept';

/** An image that a cleanup has marked: since when, and from when on one may delete it. */
export interface Condemned {
  readonly since: Date;
  readonly deletableFrom: Date;
}

/** Whether and since when an image is marked. A mark that cannot be read, or is not of the past, counts as none: it is made anew. */
export function condemnedOf({ tags }: Pick<MachineImage, 'tags'>, now: Date): Condemned | undefined {
  const since = new Date(tags[TAG.condemned] ?? Number.NaN);
  if (!(since.getTime() <= now.getTime())) return undefined;
  return { since, deletableFrom: new Date(since.getTime() + NOTICE_MS) };
}

/** Whether its time of notice is over. */
export function isDeletable(condemned: Condemned | undefined, now: Date): boolean {
  return condemned !== undefined && condemned.deletableFrom.getTime() <= now.getTime();
}

/** What a cleanup writes on an image before it deletes it. */
export function attemptTags(now: Date): Tags {
  return { [TAG.tried]: now.toISOString() };
}

/** What a cleanup writes on an image that it did not delete after all: who wants it need not wait. */
export function keptTags(begun: Date): Tags {
  return { [TAG.tried]: `${begun.toISOString()}${KEPT}` };
}

/** Whether the attempt that began then is the last one: another cleanup may be at work on the same image. */
export function isLastAttempt({ tags }: Pick<MachineImage, 'tags'>, begun: Date): boolean {
  return tags[TAG.tried] === begun.toISOString();
}

/** Whether a deletion that was announced then may still be asked for. */
export function mayStillDelete(begun: Date, now: Date): boolean {
  return now.getTime() - begun.getTime() < DELETE_WITHIN_MS;
}

/** When somebody may take the image into use again; `undefined` where nobody is deleting it. */
export function deletingUntil({ tags }: Pick<MachineImage, 'tags'>, now: Date): Date | undefined {
  const until = Date.parse(tags[TAG.tried] ?? '') + DELETING_MS;
  // The time of an attempt that is over has a word behind it, and is none.
  return until > now.getTime() && until - now.getTime() <= 2 * DELETING_MS ? new Date(until) : undefined;
}
