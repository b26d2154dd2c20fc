import type { ImageCount, InstanceCount } from '../../../ami/status/fleet-counts.ts';
import type { PagePart } from '../../../platform/events.ts';
import { linePart, tablePart } from '../../parts.ts';
import { ageText } from './age.ts';

/** What a count is said of. */
export interface CountContext {
  /** How many instances there are. */
  readonly of: number;
  /** What those that were counted run. */
  readonly what: string;
  readonly drain?: DrainTimes;
}

/** What is known of how long it takes, in milliseconds. */
export interface DrainTimes {
  readonly usualMs: number | undefined;
  /** Until no instance runs the old image. */
  readonly leftMs: number | undefined;
}

/** `; usual drain 25 min, so about 15 min`, as far as that is known. */
export function drainText({ usualMs, leftMs }: DrainTimes): string {
  const usual = usualMs === undefined ? '' : `; usual drain ${ageText(usualMs)}`;
  return leftMs === undefined ? usual : `${usual}, so about ${ageText(leftMs)}`;
}

/** `214 of 326 instances run ami-…; 96 busy, oldest 3.0 h; usual drain 25 min, so about 15 min`. */
export function stillText(
  { instances, busy, oldestMs }: InstanceCount,
  { of, what, drain }: CountContext,
): string {
  const who = of === 1 ? 'the only instance runs' : `${instances} of ${of} instances run`;
  const work =
    busy === undefined ? 'how many are busy is not known (it takes BUILDKITE_API_TOKEN)' : `${busy} busy`;
  return `${who} ${what}; ${work}, oldest ${ageText(oldestMs)}${drain === undefined ? '' : drainText(drain)}`;
}

/** Instances of one image, and what is known of it. */
export interface CountRow {
  readonly count: ImageCount;
  /** `desired`, `revoked`, … */
  readonly state: string;
  /** Stacks that launch it. */
  readonly launching: number;
}

/** So many images are on a screen. */
const MOST = 4;

/** Instances by image. */
export function imagesPart(rows: readonly CountRow[]): PagePart {
  const cells = rows.map(({ count: { image, instances, busy, oldestMs }, state, launching }) => [
    image,
    state,
    String(launching),
    String(instances),
    busy === undefined ? '-' : String(busy),
    ageText(oldestMs),
  ]);
  const head = ['IMAGE', 'STATE', 'LAUNCHED BY', 'INSTANCES', 'BUSY', 'OLDEST'];
  const whole = tablePart(head, cells);
  if (cells.length <= MOST + 1) return whole;
  const more = linePart(`and ${cells.length - MOST} more images: --wide shows them`);
  return { type: 'two-ways', whole: [whole], short: [tablePart(head, cells.slice(0, MOST)), more] };
}
