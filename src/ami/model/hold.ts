import type { FamilySettings } from '../../config/families.ts';
import type { ImageId } from './ids.ts';
import { jsonOrUndefined } from '../../platform/json.ts';
import { oneLine } from '../../platform/outside-text.ts';
import { holdSchema } from './hold-schema.ts';

/** An operator's pin: while it stands, only a rollback writes the parameter. */
export interface Hold {
  /** The image that is held; in use as long as the hold stands. */
  readonly image?: ImageId;
  /** Where a rollback placed it: the images that it left, first the one where it began. */
  readonly leaves?: readonly ImageId[];
  readonly by: string;
  readonly reason: string;
  readonly since: Date;
  /** Absent where it stands until it is released. */
  readonly until?: Date;
  /** Where an undo placed it while it is at work: the version of the parameter with the rollback that it takes back. */
  readonly undoes?: number;
}

/** What the hold's parameter says. */
export type HoldState =
  | { readonly state: 'free' }
  | { readonly state: 'held'; readonly hold: Hold }
  /** Somebody wanted to say something: counts as a hold of everything. */
  | { readonly state: 'unreadable'; readonly text: string };

/** Name of the parameter that holds the hold. */
export function holdParameter(family: Pick<FamilySettings, 'parameter'>): string {
  return `${family.parameter}/hold`;
}

/** Reads the hold's parameter; an absent one, a release and an expired hold are the same. */
export function parseHold(text: string | undefined, now: Date): HoldState {
  if (text === undefined) return { state: 'free' };
  const read = holdSchema.safeParse(jsonOrUndefined(text));
  if (!read.success) return { state: 'unreadable', text };
  if (!read.data.held) return { state: 'free' };
  const { held: _, image, until, leaves, undoes, ...rest } = read.data;
  if (until !== undefined && until <= now) return { state: 'free' };
  return {
    state: 'held',
    hold: {
      ...rest,
      ...(image === undefined ? {} : { image }),
      ...(leaves === undefined ? {} : { leaves }),
      ...(until === undefined ? {} : { until }),
      ...(undoes === undefined ? {} : { undoes }),
    },
  };
}

/** The parameter's value for a hold. */
export function printHold(hold: Hold): string {
  return JSON.stringify({ held: true, ...hold });
}

/** The parameter's value where nothing is held any more; who ended it stays in the parameter's history. */
export function printRelease(release: { readonly by: string; readonly at: Date }): string {
  return JSON.stringify({ held: false, ...release });
}

/** Who ended the hold that this version of the parameter tells of; `undefined` where it does not. */
export function releasedBy(text: string): string | undefined {
  const read = holdSchema.safeParse(jsonOrUndefined(text));
  return read.success && !read.data.held ? read.data.by : undefined;
}

/** Why nothing may be published, as one phrase; `undefined` where nothing stands against it. */
export function heldBecause(state: HoldState): string | undefined {
  switch (state.state) {
    case 'free':
      return undefined;
    case 'held':
      return holdText(state.hold);
    case 'unreadable':
      return oneLine(`held: the hold cannot be read: '${state.text}'`);
  }
}

/** One phrase about a hold for people. */
export function holdText({ by, reason, since, until }: Hold): string {
  const end = until === undefined ? '' : ` until ${until.toISOString()}`;
  return oneLine(`held by ${by} since ${since.toISOString()}${end}: ${reason}`);
}
