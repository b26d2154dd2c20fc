import { holdText } from '../../../ami/model/hold.ts';
import type { FamilyStatus, ImageSummary, InstanceStatus, StackStatus } from '../../../ami/status/status.ts';
import type { LockView, WorkState } from '../../../ami/status/work-state.ts';
import type { PagePart } from '../../../platform/events.ts';
import { oneLine } from '../../../platform/outside-text.ts';
import { holderText } from '../../../state/lock.ts';
import { exactPart, linePart, tablePart } from '../../parts.ts';
import { ageText } from './age.ts';

/** A family with what only its surroundings know. */
export interface StatusView {
  readonly status: FamilyStatus;
  readonly work: WorkState;
  readonly busy: ReadonlyMap<string, 'busy' | 'idle'>;
}

/** One family as a screen. */
export function statusParts({ status, work, busy }: StatusView, now: Date): readonly PagePart[] {
  const head: readonly (readonly [string, string])[] = [
    ['family', `${status.key}  (${status.parameter} in ${status.region})`],
    ['desired', desiredText(status)],
    ['hold', heldText(status)],
    ['lock', lockText(work.lock, now)],
    ...unfinishedText(work).map((text) => ['run', text] as const),
  ];
  return [
    ...head.map(([name, text]) => {
      const line = `${name.padEnd(8)} ${oneLine(text)}`;
      return text.startsWith(FINISH) ? exactPart(line) : linePart(line);
    }),
    linePart(''),
    tablePart(
      ['STACK', 'IN SYNC', 'LAUNCHES', 'AGE', 'COMMIT', 'ACTIVE', 'LATEST'],
      status.stacks.map(stackRow),
    ),
    linePart(''),
    instancePart(status.instances, busy),
    ...driftParts(status),
  ];
}

/** `ami-… (name, published, 1.2 d old, commit 1f2e3d4)`. */
export function imageText({ id, name, state, ageMs, commit, disk }: ImageSummary): string {
  const of = commit === undefined ? '' : `, commit ${shortCommit(commit)}`;
  return `${id} (${name}, ${state}, ${ageText(ageMs)} old${of}${disk === undefined ? '' : `, disk ${disk}`})`;
}

/** As git shortens it. */
export function shortCommit(commit: string | undefined): string {
  return commit?.slice(0, 9) ?? '-';
}

function desiredText({ desired }: FamilyStatus): string {
  if (desired.image !== undefined) return imageText(desired.image);
  if (desired.state === 'absent') return 'none: the parameter is not there';
  return desired.state === 'image'
    ? `${desired.id}, which is not there`
    : `'${desired.text}', which is not an image`;
}

function heldText({ hold }: FamilyStatus): string {
  if (hold.state === 'free') return 'none';
  return hold.state === 'held' ? holdText(hold.hold) : `cannot be read, and counts: '${hold.text}'`;
}

function lockText(lock: LockView, now: Date): string {
  switch (lock.state) {
    case 'no-store':
      return 'none configured';
    case 'unknown':
      return `not known: ${lock.because}`;
    case 'free':
      return 'free';
    case 'held':
      return `${holderText(lock.holder)}, for another ${ageText(lock.holder.expires.getTime() - now.getTime())} at least`;
    case 'expired':
      return `free: ${holderText(lock.holder)} did not give it back`;
  }
}

/** Before a command that somebody will copy. */
const FINISH = 'finish it with:  ';

function unfinishedText({ unfinished }: WorkState): readonly string[] {
  if (unfinished === undefined) return [];
  const { command, by, started, ended, finish } = unfinished;
  const how = ended === undefined ? 'was interrupted' : `failed: ${ended.error ?? ''}`;
  return [
    `'${command}' by ${by}, begun ${started.toISOString()}, ${how}`,
    finish === undefined
      ? 'the journal does not say how to finish it; run the job again'
      : `${FINISH}${finish}`,
  ];
}

function stackRow(stack: StackStatus): readonly string[] {
  const { name, activeVersion, latestVersion, activeImage, ageMs, commit, inSync } = stack;
  return [
    name,
    inSync ? 'yes' : 'NO',
    activeImage ?? '-',
    ageMs === undefined ? '-' : ageText(ageMs),
    shortCommit(commit),
    activeVersion === undefined ? '-' : String(activeVersion),
    latestVersion === undefined ? '-' : String(latestVersion),
  ];
}

function instancePart(
  instances: readonly InstanceStatus[],
  busy: ReadonlyMap<string, 'busy' | 'idle'>,
): PagePart {
  if (instances.length === 0) return linePart('no instance runs');
  const rows = instances
    .toSorted((a, b) => (a.image === b.image ? a.upMs - b.upMs : a.image < b.image ? -1 : 1))
    .map(({ id, image, state, stack = '-', upMs }) => [
      image,
      id,
      stack,
      state,
      ageText(upMs),
      busy.get(id) ?? '-',
    ]);
  return tablePart(['IMAGE', 'INSTANCE', 'STACK', 'STATE', 'UP', 'WORK'], rows);
}

function driftParts({ drift, missing }: FamilyStatus): readonly PagePart[] {
  const found = drift.flatMap(({ message, fix, alarming }) => [
    linePart(`  ${alarming ? '!' : '-'} ${oneLine(message)}`),
    ...(fix === undefined ? [] : [exactPart(`      ${oneLine(fix)}`)]),
  ]);
  const unread = missing.map((what) =>
    linePart(`  ! not known, so a cleanup deletes nothing: ${oneLine(what)}`),
  );
  if (found.length + unread.length === 0) return [linePart('\nno drift')];
  return [linePart('\ndrift:'), ...found, ...unread];
}
