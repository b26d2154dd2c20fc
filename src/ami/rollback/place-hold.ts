import { isDeepStrictEqual } from 'node:util';
import type { FamilySettings } from '../../config/families.ts';
import type { Host } from '../../platform/host.ts';
import type { Account, Parameter } from '../model/account.ts';
import { parseDesired, type Desired } from '../model/desired.ts';
import {
  holdParameter,
  parseHold,
  printHold,
  printRelease,
  type Hold,
  type HoldState,
} from '../model/hold.ts';
import type { ImageId } from '../model/ids.ts';
import { putHold } from './put-hold.ts';

/** What placing or ending a hold did. */
export interface HoldChange {
  readonly outcome: 'written' | 'unchanged';
  /** What stood before. */
  readonly before: HoldState;
  /** Version of the hold's parameter; 0 where there is none. */
  readonly version: number;
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
 * is; another one is replaced, but a rollback's memory of what it left goes on. Throws `refused` where somebody else placed one at
 * the same time: theirs stands.
 */
export async function placeHold(
  account: Account,
  host: Pick<Host, 'clock'>,
  { family, terms }: { readonly family: FamilySettings; readonly terms: HoldTerms },
): Promise<HoldChange> {
  const now = host.clock.now();
  const { read, before, desired } = await readHold(account, family, now);
  const standing = before.state === 'held' ? before.hold : undefined;
  const image = standing?.image ?? (desired.state === 'image' ? desired.id : undefined);
  const hold: Hold = {
    ...(image === undefined ? {} : { image }),
    ...(standing?.leaves === undefined ? {} : { leaves: standing.leaves }),
    ...terms,
    since: now,
  };
  const common = { family, yieldsTo: 'any', late: account } as const;
  const placed = await writeHold(account, host, { ...common, read, before, hold });
  if (standing?.image !== undefined) return placed;
  // What was published between reading and writing is what is held.
  const after = await readHold(account, family, now);
  const published = after.desired.state === 'image' ? after.desired.id : image;
  if (published === image || published === undefined || after.before.state !== 'held') return placed;
  const meant = { ...after, hold: { ...hold, image: published } };
  return { ...(await writeHold(account, host, { ...common, ...meant })), before };
}

/**
 * Places the hold of a rollback, whatever stood before. The one that this rollback has placed already stays. Throws `refused` where
 * somebody else placed one at the same time: theirs stands.
 */
export async function placeRollbackHold(
  account: Account,
  host: Pick<Host, 'clock'>,
  options: {
    readonly family: FamilySettings;
    readonly terms: HoldTerms;
    readonly image: ImageId;
    readonly leaves: readonly ImageId[];
    /** Puts back what was written over, also where the run has lost its lock. Default: the account itself. */
    readonly late?: Account | undefined;
  },
): Promise<HoldChange> {
  const { family, terms, image, leaves, late = account } = options;
  const now = host.clock.now();
  const { read, before } = await readHold(account, family, now);
  const standing = before.state === 'held' ? before.hold : undefined;
  const isOwn = standing?.image === image && isDeepStrictEqual(standing.leaves ?? [], leaves);
  const isAsLong = (standing?.until === undefined) === (terms.until === undefined);
  if (isOwn && isAsLong) return { outcome: 'unchanged', before, version: read?.version ?? 0 };
  const hold = { image, leaves, ...terms, since: now };
  return await writeHold(account, host, { family, read, before, hold, yieldsTo: 'rollback', late });
}

/** Ends a hold; one that is not there is fine. Throws `refused` where somebody placed another one at the same time: it stands. */
export async function releaseHold(
  account: Account,
  host: Pick<Host, 'clock'>,
  { family, by }: { readonly family: FamilySettings; readonly by: string },
): Promise<HoldChange> {
  const now = host.clock.now();
  const read = await account.parameters.get(holdParameter(family));
  const before = parseHold(read?.value, now);
  if (before.state === 'free') return { outcome: 'unchanged', before, version: read?.version ?? 0 };
  const text = printRelease({ by, at: now });
  const yields = { yieldsTo: 'any', late: account } as const;
  const version = await putHold(account, host, { family, read, text, ...yields });
  return { outcome: 'written', before, version };
}

interface Read {
  readonly read: Parameter | undefined;
  readonly before: HoldState;
  readonly desired: Desired;
}

async function readHold(account: Account, family: FamilySettings, now: Date): Promise<Read> {
  const [desired, read] = await Promise.all([
    account.parameters.get(family.parameter),
    account.parameters.get(holdParameter(family)),
  ]);
  return { read, before: parseHold(read?.value, now), desired: parseDesired(desired?.value) };
}

interface NewHold {
  readonly family: FamilySettings;
  readonly read: Parameter | undefined;
  readonly before: HoldState;
  readonly hold: Hold;
  readonly yieldsTo: 'any' | 'rollback';
  readonly late: Account;
}

async function writeHold(
  account: Account,
  host: Pick<Host, 'clock'>,
  { family, read, before, hold, yieldsTo, late }: NewHold,
): Promise<HoldChange> {
  if (before.state === 'held' && isDeepStrictEqual({ ...before.hold, since: hold.since }, hold)) {
    return { outcome: 'unchanged', before, version: read?.version ?? 0 };
  }
  const version = await putHold(account, host, { family, read, text: printHold(hold), yieldsTo, late });
  return { outcome: 'written', before, version };
}
