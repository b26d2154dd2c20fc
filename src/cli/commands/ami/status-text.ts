import { holdText } from '../../../ami/model/hold.ts';
import type { FamilyStatus, ImageSummary, InstanceStatus, StackStatus } from '../../../ami/status/status.ts';
import { driftGroups, type DriftGroup } from '../../../ami/status/drift-groups.ts';
import { countOf, countsByImage } from '../../../ami/status/fleet-counts.ts';
import type { LockView, WorkState } from '../../../ami/status/work-state.ts';
import type { PagePart } from '../../../platform/events.ts';
import { oneLine } from '../../../platform/outside-text.ts';
import { holderText } from '../../../state/lock.ts';
import { commandPart, linePart, tablePart } from '../../parts.ts';
import { ageText, utcText } from './age.ts';
import { imagesPart, stillText, type DrainTimes } from './count-text.ts';

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
    ...condemnedText(status, now).map((text) => ['cleanup', text] as const),
  ];
  return [
    ...head.map(([name, text]) => {
      const line = `${name.padEnd(8)} ${oneLine(text)}`;
      return text.startsWith(FINISH) ? commandPart(line) : linePart(line);
    }),
    linePart(''),
    ...countParts({ status, work, busy }),
    ...driftParts(status),
    ...rowsParts({ status, work, busy }),
  ];
}

/** As many rows as a screen has room for beside the rest. */
const FEW = 6;

/** Each stack and each instance: on a screen only where they are few. */
function rowsParts({ status, busy }: StatusView): readonly PagePart[] {
  const { stacks, instances } = status;
  const stackRows = tablePart(
    ['STACK', 'IN SYNC', 'LAUNCHES', 'AGE', 'COMMIT', 'ACTIVE', 'LATEST'],
    stacks.map(stackRow),
  );
  const whole = [
    linePart(''),
    stackRows,
    ...(instances.length === 0 ? [] : [linePart(''), instancePart(instances, busy)]),
  ];
  if (stacks.length + instances.length <= FEW) return whole;
  const inSync = stacks.filter((stack) => stack.inSync).length;
  const short = [
    linePart(`\n${inSync} of ${stacks.length} stacks in sync; --wide shows each stack and instance`),
  ];
  return [{ type: 'two-ways', whole, short }];
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

/** One line for however many: which ones they are is in `ami list`. */
function condemnedText({ images }: FamilyStatus, now: Date): readonly string[] {
  const times = images.flatMap(({ keep, condemned }) => (keep ? [] : (condemned?.deletableFrom ?? [])));
  const [first] = times.toSorted((a, b) => a.getTime() - b.getTime());
  if (first === undefined) return [];
  const what = times.length === 1 ? '1 image is' : `${times.length} images are`;
  const which = first.getTime() <= now.getTime() ? 'the next cleanup' : `a cleanup from ${utcText(first)} on`;
  return [`${what} condemned: ${which} deletes what nobody needs by then`];
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

/** How many instances run what, and who of them works. */
function countParts({ status, busy }: StatusView): readonly PagePart[] {
  const { instances, desired, images, stacks } = status;
  if (instances.length === 0) return [linePart('no instance runs')];
  const wanted = desired.state === 'image' ? desired.id : undefined;
  const old = instances.filter(({ image }) => image !== wanted);
  const what = 'another image than the desired one';
  const line =
    old.length === 0
      ? stillText(countOf(instances, busy), { of: instances.length, what: 'the desired image' })
      : stillText(countOf(old, busy), { of: instances.length, what, drain: drainOf(status) });
  const states = new Map(images.map(({ id, state }) => [id, state]));
  const rows = countsByImage(instances, busy).map((count) => ({
    count,
    state: count.image === wanted ? 'desired' : (states.get(count.image) ?? 'of no image here'),
    launching: stacks.filter(({ activeImage }) => activeImage === count.image).length,
  }));
  return [linePart(line), ...(rows.length < 2 ? [] : [imagesPart(rows)])];
}

function drainOf({ usualDrainMs: usualMs, drainLeftMs: leftMs }: FamilyStatus): DrainTimes {
  return { usualMs, leftMs };
}

function driftParts({ drift, missing }: FamilyStatus): readonly PagePart[] {
  const unread = missing.map((what) =>
    linePart(`  ! not known, so a cleanup deletes nothing: ${oneLine(what)}`),
  );
  if (drift.length + unread.length === 0) return [linePart('\nno drift')];
  const groups = driftGroups(drift);
  const told = someParts(groups.map(groupParts), SOME);
  return [
    linePart('\ndrift:'),
    { type: 'two-ways', whole: drift.flatMap(groupParts), short: told },
    {
      type: 'two-ways',
      whole: unread,
      short: someParts(
        unread.map((line) => [line]),
        SOME_UNREAD,
      ),
    },
  ];
}

/** So many are on a screen; all of them are in logs, with --wide, and in the JSON document. */
const SOME = 4;
const SOME_UNREAD = 2;

function someParts(all: readonly (readonly PagePart[])[], most: number): readonly PagePart[] {
  if (all.length <= most) return all.flat();
  return [...all.slice(0, most).flat(), linePart(`  and ${all.length - most} more: --wide shows them`)];
}

function groupParts({ message, fix, alarming }: DriftGroup): readonly PagePart[] {
  const line = linePart(`  ${alarming ? '!' : '-'} ${oneLine(message)}`);
  if (fix === undefined) return [line];
  const text = `      ${oneLine(fix)}`;
  return [line, fix.startsWith('warmbake ') ? commandPart(text) : linePart(text)];
}
