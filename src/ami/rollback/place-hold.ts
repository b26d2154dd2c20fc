import { isDeepStrictEqual } from 'node:util';
import type { FamilySettings } from '../../config/families.ts';
import type { Host } from '../../platform/host.ts';
import type { Account } from '../model/account.ts';
import { readDesiredState } from '../model/desired.ts';
import {
  holdParameter,
  parseHold,
  printHold,
  printRelease,
  type Hold,
  type HoldState,
} from '../model/hold.ts';
import type { ImageId } from '../model/ids.ts';

/** What placing or ending a hold did. */
export interface HoldChange {
  readonly outcome: 'written' | 'unchanged';
  /** What stood before. */
  readonly before: HoldState;
}

/** A hold that somebody wants. */
export interface HoldTerms {
  readonly by: string;
  readonly reason: string;
  /** Absent where it stands until it is released. */
  readonly until?: Date;
}

/**
 * Holds what the parameter says now: until the hold ends, only a rollback writes it. A hold that says the same stays as it
 * is; another one is replaced, but a rollback's memory of what it left goes on.
 */
export async function placeHold(
  account: Account,
  host: Pick<Host, 'clock'>,
  { family, terms }: { readonly family: FamilySettings; readonly terms: HoldTerms },
): Promise<HoldChange> {
  const now = host.clock.now();
  const { desired, hold: before } = await readDesiredState(account, family, now);
  const standing = before.state === 'held' ? before.hold : undefined;
  const image = standing?.image ?? (desired.state === 'image' ? desired.id : undefined);
  const hold: Hold = {
    ...(image === undefined ? {} : { image }),
    ...(standing?.leaves === undefined ? {} : { leaves: standing.leaves }),
    ...terms,
    since: now,
  };
  return await writeHold(account, { family, before, hold });
}

/** Places the hold of a rollback, whatever stood before. The one that this rollback has placed already stays. */
export async function placeRollbackHold(
  account: Account,
  host: Pick<Host, 'clock'>,
  options: {
    readonly family: FamilySettings;
    readonly terms: HoldTerms;
    readonly image: ImageId;
    readonly leaves: readonly ImageId[];
  },
): Promise<HoldChange> {
  const { family, terms, image, leaves } = options;
  const now = host.clock.now();
  const { hold: before } = await readDesiredState(account, family, now);
  const standing = before.state === 'held' ? before.hold : undefined;
  const isOwn = standing?.image === image && isDeepStrictEqual(standing.leaves ?? [], leaves);
  const isAsLong = (standing?.until === undefined) === (terms.until === undefined);
  if (isOwn && isAsLong) return { outcome: 'unchanged', before };
  return await writeHold(account, { family, before, hold: { image, leaves, ...terms, since: now } });
}

/** Ends a hold; one that is not there is fine. */
export async function releaseHold(
  account: Account,
  host: Pick<Host, 'clock'>,
  { family, by }: { readonly family: FamilySettings; readonly by: string },
): Promise<HoldChange> {
  const now = host.clock.now();
  const text = (await account.parameters.get(holdParameter(family)))?.value;
  const before = parseHold(text, now);
  if (before.state === 'free') return { outcome: 'unchanged', before };
  await account.parameters.put(holdParameter(family), printRelease({ by, at: now }));
  return { outcome: 'written', before };
}

async function writeHold(
  account: Account,
  {
    family,
    before,
    hold,
  }: { readonly family: FamilySettings; readonly before: HoldState; readonly hold: Hold },
): Promise<HoldChange> {
  if (before.state === 'held' && isDeepStrictEqual({ ...before.hold, since: hold.since }, hold)) {
    return { outcome: 'unchanged', before };
  }
  await account.parameters.put(holdParameter(family), printHold(hold));
  return { outcome: 'written', before };
}
