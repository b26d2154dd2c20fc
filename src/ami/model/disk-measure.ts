import type { DiskSettings } from '../../config/families.ts';

/** What an instance of the image waits for on its disk, in seconds. */
export interface DiskMeasure {
  /** The first build, all of whose steps were in the store. */
  readonly firstBuild: number;
  /** Reading all files of the warm target once after it; absent where that was not done. */
  readonly readable?: number;
  /** In place of that: not all of them could be read in so long. */
  readonly unreadAfter?: number;
}

/** The measure in words of a tag: `lazy first-build=4s readable=43s`. */
export function diskTag({ kind }: DiskSettings, { firstBuild, readable, unreadAfter }: DiskMeasure): string {
  const read = readable === undefined ? [] : [`readable=${readable}s`];
  const unread = unreadAfter === undefined ? [] : [`readable>${unreadAfter}s`];
  return [kind, `first-build=${firstBuild}s`, ...read, ...unread].join(' ');
}
