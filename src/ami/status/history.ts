import type { PastParameter } from '../model/account.ts';
import { parseDesired } from '../model/desired.ts';
import { parseHold, releasedBy } from '../model/hold.ts';
import type { MachineImage } from '../model/machine-image.ts';
import { parseRevocationNote } from '../model/revocations.ts';
import { TAG } from '../model/tags.ts';
import type { TemplateVersion } from '../model/template-version.ts';
import type { RunRecord } from '../../state/journal.ts';

/** Something that somebody did. */
export interface HistoryEntry {
  readonly at: Date;
  readonly what: string;
  /** Who; '' where AWS does not say. */
  readonly by: string;
  readonly why?: string;
  /** Where it is written. */
  readonly source: 'parameter' | 'hold' | 'revocations' | 'tag' | 'version' | 'journal';
}

/** Where history is written. */
export interface HistorySources {
  /** Versions of the parameter, and of the hold's. */
  readonly desired: readonly PastParameter[];
  readonly holds: readonly PastParameter[];
  /** Versions of the notes of revocations, which stay when images and tags are gone. */
  readonly revocations: readonly PastParameter[];
  readonly images: readonly MachineImage[];
  /** Versions of each stack's template. */
  readonly versions: readonly { readonly stack: string; readonly versions: readonly TemplateVersion[] }[];
  readonly runs: readonly RunRecord[];
}

/** Everything that was done, newest first. */
export function historyOf({
  desired,
  holds,
  revocations,
  images,
  versions,
  runs,
}: HistorySources): readonly HistoryEntry[] {
  const known = new Set(revocations.map((past) => keyOf(noted(past))));
  return [
    ...desired.map((past, index) => written(past, desired[index + 1], images)),
    ...holds.map(held),
    ...revocations.map(noted),
    ...images.flatMap(revoked).filter((tagged) => !known.has(keyOf(tagged))),
    ...versions.flatMap(({ stack, versions: made }) =>
      made.flatMap((version) => versionMade(stack, version)),
    ),
    ...runs.map(ran),
  ].toSorted((a, b) => b.at.getTime() - a.at.getTime());
}

function written(
  { value, modifiedAt, modifiedBy }: PastParameter,
  before: PastParameter | undefined,
  images: readonly MachineImage[],
): HistoryEntry {
  const created = (text: string | undefined) => images.find(({ id }) => id === text)?.createdAt;
  const [now, earlier] = [created(value), created(before?.value)];
  const isBack = now !== undefined && earlier !== undefined && now < earlier;
  const image = parseDesired(value).state === 'image' ? value : `'${value}'`;
  const from = isBack ? ` from ${before?.value ?? ''}` : '';
  return {
    at: modifiedAt,
    what: `${isBack ? 'went back to' : 'published'} ${image}${from}`,
    by: lastPart(modifiedBy),
    source: 'parameter',
  };
}

function held({ value, modifiedAt, modifiedBy }: PastParameter): HistoryEntry {
  const entry = { at: modifiedAt, by: lastPart(modifiedBy), source: 'hold' } as const;
  // As it was when it was written, so that one that has expired since is told too.
  const state = parseHold(value, new Date(0));
  if (state.state === 'free')
    return { ...entry, by: releasedBy(value) ?? entry.by, what: 'released the hold' };
  if (state.state === 'unreadable') return { ...entry, what: `wrote '${value}' as the hold` };
  const { hold } = state;
  const what = hold.image === undefined ? 'held the parameter' : `held ${hold.image}`;
  const end = hold.until === undefined ? '' : ` until ${hold.until.toISOString()}`;
  return { ...entry, by: hold.by, what: `${what}${end}`, why: hold.reason };
}

function noted({ value, modifiedAt, modifiedBy }: PastParameter): HistoryEntry {
  const note = parseRevocationNote(value);
  if (note === undefined)
    return {
      at: modifiedAt,
      by: lastPart(modifiedBy),
      what: `wrote '${value}' among the revocations`,
      source: 'revocations',
    };
  const { image, revoked: isRevoked, by, at, reason } = note;
  const what = isRevoked ? `revoked ${image}` : `took the revocation of ${image} back`;
  return { at, what, by, ...(reason === undefined ? {} : { why: reason }), source: 'revocations' };
}

/** The same revocation is in its tags and in its note. */
function keyOf({ at, what }: HistoryEntry): string {
  return `${at.getTime()} ${what}`;
}

function revoked({ id, tags }: MachineImage): readonly HistoryEntry[] {
  const at = new Date(tags[TAG.revokedAt] ?? '');
  if (Number.isNaN(at.getTime())) return [];
  const why = tags[TAG.reason];
  return [
    {
      at,
      what: `revoked ${id}`,
      by: tags[TAG.revokedBy] ?? '',
      ...(why === undefined ? {} : { why }),
      source: 'tag',
    },
  ];
}

function versionMade(
  stack: string,
  { number, description, createdAt }: TemplateVersion,
): readonly HistoryEntry[] {
  if (createdAt === undefined || description === undefined) return [];
  return [
    { at: createdAt, what: `made version ${number} for ${stack}: ${description}`, by: '', source: 'version' },
  ];
}

function ran({ command, by, started, reason, ended, writes }: RunRecord): HistoryEntry {
  const end =
    ended === undefined ? 'not ended' : ended.error === undefined ? ended.outcome : `failed: ${ended.error}`;
  return {
    at: started,
    what: `ran '${command}': ${end}, ${writes.length} writes`,
    by,
    ...(reason === undefined ? {} : { why: reason }),
    source: 'journal',
  };
}

/** An ARN without what all of the account share. */
function lastPart(arn: string): string {
  return arn.slice(arn.lastIndexOf(':') + 1);
}
