import type { Prices } from '../../config/families.ts';
import type { MachineImage } from '../model/machine-image.ts';
import { TAG } from '../model/tags.ts';

const DAY_MS = 24 * 3_600_000;
/** Snapshots are charged by the GiB and month; months here have 30 days. */
const DAYS_A_MONTH = 30;
/** Days that are told of. */
const DAYS = 7;

/** What a family took on one day (UTC), of the images that are still there. */
export interface CostOfDay {
  /** `2026-08-21`. */
  readonly day: string;
  /** Of the volumes in the snapshots: what is charged is less, as equal blocks are kept once. */
  readonly gibibytes: number;
  /** Hours of fast restore, for each snapshot and zone. */
  readonly restoreHours: number;
  /** Hours in which Packer's instances ran; absent tags count as none. */
  readonly buildHours: number;
  /** In the configured currency; absent without prices. */
  readonly price?: PriceOfDay;
}

/** At most. A part without a configured price is 0. */
export interface PriceOfDay {
  readonly currency: string;
  readonly snapshots: number;
  readonly restore: number;
  readonly builds: number;
  readonly total: number;
}

/** The last days, newest first; today counts as a whole day of what there is now. */
export function costOf(
  images: readonly MachineImage[],
  { prices, now }: { readonly prices?: Prices | undefined; readonly now: Date },
): readonly CostOfDay[] {
  const today = Math.floor(now.getTime() / DAY_MS) * DAY_MS;
  return Array.from({ length: DAYS }, (_, back) => dayOf(images, today - back * DAY_MS, prices));
}

function dayOf(images: readonly MachineImage[], begins: number, prices: Prices | undefined): CostOfDay {
  const ends = begins + DAY_MS;
  const there = images.filter(({ createdAt }) => createdAt.getTime() < ends);
  const made = there.filter(({ createdAt }) => createdAt.getTime() >= begins);
  const amounts = {
    gibibytes: sum(there.map(({ snapshots }) => sum(snapshots.map(({ gibibytes }) => gibibytes)))),
    restoreHours: rounded(sum(there.map((image) => restoreHours(image, begins, ends)))),
    buildHours: rounded(sum(made.map(buildSeconds)) / 3600),
  };
  const price = prices === undefined ? {} : { price: priceOf(amounts, prices) };
  return { day: new Date(begins).toISOString().slice(0, 10), ...amounts, ...price };
}

function priceOf(
  { gibibytes, restoreHours: zones, buildHours }: Omit<CostOfDay, 'day' | 'price'>,
  prices: Prices,
): PriceOfDay {
  const snapshots = rounded((gibibytes * (prices.snapshotGibMonth ?? 0)) / DAYS_A_MONTH);
  const restore = rounded(zones * (prices.restoreHour ?? 0));
  const builds = rounded(buildHours * (prices.builderHour ?? 0));
  const total = rounded(snapshots + restore + builds);
  return { currency: prices.currency, snapshots, restore, builds, total };
}

/** `us-east-1a us-east-1b since 2026-08-21T12:00:00.000Z`; something else is none. */
function restoreHours({ tags, snapshots }: MachineImage, begins: number, ends: number): number {
  const [, zones = '', since = ''] = /^(\S+(?: \S+)*) since (\S+)$/.exec(tags[TAG.fastRestore] ?? '') ?? [];
  const on = Math.max(begins, Date.parse(since));
  if (Number.isNaN(on) || on >= ends) return 0;
  return (snapshots.length * zones.split(' ').length * (ends - on)) / 3_600_000;
}

function buildSeconds({ tags }: MachineImage): number {
  const seconds = Number(tags[TAG.buildSeconds] ?? 0);
  return Number.isFinite(seconds) ? seconds : 0;
}

/** One day as a line. */
export function costText({ day, gibibytes, restoreHours: zones, buildHours, price }: CostOfDay): string {
  const amounts = [
    `${gibibytes} GiB in snapshots`,
    ...(zones === 0 ? [] : [`${zones} h of fast restore`]),
    `${buildHours} h of building`,
  ].join(', ');
  if (price === undefined) return `${day}: ${amounts}`;
  const { currency, snapshots, restore, builds, total } = price;
  const parts = [snapshots, ...(zones === 0 ? [] : [restore]), builds].map((one) => one.toFixed(2));
  return `${day}: ${amounts}; at most ${currency} ${parts.join(' + ')} = ${total.toFixed(2)}`;
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, one) => total + one, 0);
}

function rounded(number: number): number {
  return Math.round(number * 100) / 100;
}
