import { holdText } from '../../../ami/model/hold.ts';
import type { FamilyStatus, ImageSummary, InstanceStatus, StackStatus } from '../../../ami/status/status.ts';
import type { LockView, WorkState } from '../../../ami/status/work-state.ts';
import { oneLine } from '../../../platform/outside-text.ts';
import { holderText } from '../../../state/lock.ts';
import { tableLines } from '../../table.ts';
import { ageText } from './age.ts';

/** A family with what only its surroundings know. */
export interface StatusView {
  readonly status: FamilyStatus;
  readonly work: WorkState;
  readonly busy: ReadonlyMap<string, 'busy' | 'idle'>;
}

/** One family as a screen. */
export function statusText({ status, work, busy }: StatusView, now: Date): string {
  const head: readonly (readonly [string, string])[] = [
    ['family', `${status.key}  (${status.parameter} in ${status.region})`],
    ['desired', desiredText(status)],
    ['hold', heldText(status)],
    ['lock', lockText(work.lock, now)],
    ...unfinishedText(work).map((text) => ['run', text] as const),
  ];
  return [
    ...head.map(([name, text]) => `${name.padEnd(8)} ${oneLine(text)}`),
    '',
    ...tableLines(
      ['STACK', 'ACTIVE', 'LATEST', 'LAUNCHES', 'AGE', 'COMMIT', 'IN SYNC'],
      status.stacks.map(stackRow),
    ),
    '',
    ...instanceLines(status.instances, busy),
    ...driftLines(status),
    '',
  ].join('\n');
}

/** `ami-… (name, published, 1.2 d old, commit 1f2e3d4)`. */
export function imageText({ id, name, state, ageMs, commit }: ImageSummary): string {
  const of = commit === undefined ? '' : `, commit ${shortCommit(commit)}`;
  return `${id} (${name}, ${state}, ${ageText(ageMs)} old${of})`;
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

function unfinishedText({ unfinished }: WorkState): readonly string[] {
  if (unfinished === undefined) return [];
  const { command, by, started, ended, finish } = unfinished;
  const how = ended === undefined ? 'was interrupted' : `failed: ${ended.error ?? ''}`;
  return [
    `'${command}' by ${by}, begun ${started.toISOString()}, ${how}`,
    finish === undefined
      ? 'the journal does not say how to finish it; run the job again'
      : `finish it with:  ${finish}`,
  ];
}

function stackRow(stack: StackStatus): readonly string[] {
  const { name, activeVersion, latestVersion, activeImage, ageMs, commit, inSync } = stack;
  return [
    name,
    activeVersion === undefined ? '-' : String(activeVersion),
    latestVersion === undefined ? '-' : String(latestVersion),
    activeImage ?? '-',
    ageMs === undefined ? '-' : ageText(ageMs),
    shortCommit(commit),
    inSync ? 'yes' : 'NO',
  ];
}

function instanceLines(
  instances: readonly InstanceStatus[],
  busy: ReadonlyMap<string, 'busy' | 'idle'>,
): readonly string[] {
  if (instances.length === 0) return ['no instance runs'];
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
  return tableLines(['IMAGE', 'INSTANCE', 'STACK', 'STATE', 'UP', 'WORK'], rows);
}

function driftLines({ drift, missing }: FamilyStatus): readonly string[] {
  const found = drift.flatMap(({ message, fix, alarming }) => [
    `  ${alarming ? '!' : '-'} ${oneLine(message)}`,
    ...(fix === undefined ? [] : [`      ${oneLine(fix)}`]),
  ]);
  const unread = missing.map((what) => `  ! not known, so a cleanup deletes nothing: ${oneLine(what)}`);
  return found.length + unread.length === 0 ? ['', 'no drift'] : ['', 'drift:', ...found, ...unread];
}
