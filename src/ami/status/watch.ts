import type { FamilySettings } from '../../config/families.ts';
import { WarmbakeError, messageOf } from '../../platform/errors.ts';
import { warn } from '../../platform/events.ts';
import type { Host } from '../../platform/host.ts';
import type { Account } from '../model/account.ts';
import { readDesiredState, requireDesired } from '../model/desired.ts';
import type { ImageId } from '../model/ids.ts';
import { readStacks } from '../rollout/stack-facts.ts';
import type { PastDrain } from './past-drain.ts';
import { drainLeftMs } from './usual-drain.ts';
import { countOf, countsByImage, type ImageCount, type InstanceCount } from './fleet-counts.ts';

/** A rollout at one time. */
export interface WatchLook {
  readonly at: Date;
  readonly image: ImageId;
  /** All instances of the stacks. */
  readonly instances: number;
  /** Those that run another image. */
  readonly old: InstanceCount;
  readonly images: readonly ImageCount[];
  /** Stacks that launch another image, or whose launch could not be read. */
  readonly behind: readonly string[];
  /** Those of them whose launch could not be read. */
  readonly unread: readonly string[];
  /** When the last one will be gone; absent where neither this watch nor earlier rollouts tell. */
  readonly expected?: Date;
  /** What that is read from: instances that went while this watch looked, or how long a drain usually takes. */
  readonly expectedBy?: 'pace' | 'usual-drain';
  readonly done: boolean;
}

/** Options of {@link watchRollout}. */
export interface WatchOptions {
  readonly family: FamilySettings;
  /** Longest time that is waited, in milliseconds. */
  readonly withinMs: number;
  readonly everyMs: number;
  /** How long a drain usually takes, in milliseconds; absent where nobody knows. */
  readonly usualDrainMs?: number | undefined;
  /** Is told how long it took, where this watch has seen the end of it. */
  readonly note?: (past: PastDrain) => Promise<void>;
  /** Who has a job, where somebody knows; asked at each look. */
  readonly work: () => Promise<ReadonlyMap<string, 'busy' | 'idle'>>;
  /** Is told each look. */
  readonly tell: (look: WatchLook) => void;
}

/**
 * Looks at the rollout of the desired image until every stack launches it and no instance runs another one; changes nothing. A look
 * that fails is a warning, and the next one is made. Throws `check` where the time is over first, `refused` where another image is desired by
 * then: that is another rollout.
 */
export async function watchRollout(
  account: Account,
  host: Pick<Host, 'clock' | 'signal' | 'emit'>,
  { family, withinMs, everyMs, usualDrainMs, note, work, tell }: WatchOptions,
): Promise<WatchLook> {
  const { clock, signal, emit } = host;
  const began = clock.now();
  const { desired, since } = await readDesiredState(account, family, began);
  const image = requireDesired(desired, family);
  let first: WatchLook | undefined;
  let last: WatchLook | undefined;
  for (;;) {
    try {
      await requireSame(account, host, { family, image });
      const seen = await lookAt(account, host, { family, image, busy: await work() });
      last = { ...seen, ...expectedOf(seen, { first, since, usualMs: usualDrainMs }) };
      first ??= last;
      tell(last);
      if (last.done) {
        const past = since === undefined ? undefined : drainOf(first, { since, ended: last.at });
        if (past !== undefined) await note?.(past);
        return last;
      }
    } catch (error) {
      signal.throwIfAborted();
      if (!(error instanceof WarmbakeError) || error.kind !== 'outside') throw error;
      warn(emit, 'look-failed', `this look failed, the next one follows: ${messageOf(error)}`);
    }
    const leftMs = began.getTime() + withinMs - clock.now().getTime();
    if (leftMs <= 0) throw timeOver(last, image);
    await clock.sleep(Math.min(everyMs, leftMs), signal);
  }
}

async function requireSame(
  account: Account,
  { clock }: Pick<Host, 'clock'>,
  { family, image }: { readonly family: FamilySettings; readonly image: ImageId },
): Promise<void> {
  const { desired } = await readDesiredState(account, family, clock.now());
  if (desired.state === 'image' && desired.id === image) return;
  const is = desired.state === 'image' ? desired.id : 'no image';
  throw new WarmbakeError('refused', 'desired-changed', `${family.parameter} is ${is} now, not ${image}`, {
    hint: 'watch again to follow that one',
  });
}

async function lookAt(
  account: Account,
  { clock }: Pick<Host, 'clock'>,
  {
    family,
    image,
    busy,
  }: {
    readonly family: FamilySettings;
    readonly image: ImageId;
    readonly busy: ReadonlyMap<string, 'busy' | 'idle'>;
  },
): Promise<WatchLook> {
  const [readings, everywhere] = await Promise.all([
    readStacks(account, family.stacks, image),
    account.instances.list(),
  ]);
  const facts = readings.flatMap((one) => (one.state === 'read' ? [one.facts] : []));
  const read = new Set(facts.flatMap(({ name, active }) => (active === undefined ? [] : [name])));
  const launching = new Set(facts.flatMap(({ name, active }) => (active?.image === image ? [name] : [])));
  const at = clock.now();
  const stackOf = new Map(
    facts.flatMap(({ name, groupName }) => (groupName === undefined ? [] : [[groupName, name] as const])),
  );
  const own = everywhere.flatMap(({ id, image: runs, group, launchedAt }) => {
    const stack = stackOf.get(group ?? '');
    return stack === undefined ? [] : [{ id, image: runs, stack, upMs: at.getTime() - launchedAt.getTime() }];
  });
  const old = own.filter((one) => one.image !== image);
  const behind = family.stacks.filter((name) => !launching.has(name));
  return {
    at,
    image,
    instances: own.length,
    old: countOf(old, busy),
    images: countsByImage(own, busy),
    behind,
    unread: behind.filter((name) => !read.has(name)),
    done: old.length === 0 && behind.length === 0,
  };
}

/** At the pace since the first look; before one has gone, by how long it usually takes. */
function expectedOf(
  { at, old: { instances: left }, behind }: WatchLook,
  {
    first,
    since,
    usualMs,
  }: {
    readonly first: WatchLook | undefined;
    readonly since: Date | undefined;
    readonly usualMs: number | undefined;
  },
): Pick<WatchLook, 'expected' | 'expectedBy'> {
  const gone = (first?.old.instances ?? 0) - left;
  if (left === 0) return {};
  if (first !== undefined && gone > 0) {
    const restMs = (left * (at.getTime() - first.at.getTime())) / gone;
    return { expected: new Date(at.getTime() + restMs), expectedBy: 'pace' };
  }
  const leftMs = drainLeftMs({ usualMs, since, now: at, isRolled: behind.length === 0 });
  if (leftMs === undefined) return {};
  return { expected: new Date(at.getTime() + leftMs), expectedBy: 'usual-drain' };
}

/** Where nothing old ran at the first look, nobody knows when it ended. */
function drainOf(
  { image, old: { instances } }: WatchLook,
  { since: began, ended }: { readonly since: Date; readonly ended: Date },
): PastDrain | undefined {
  return instances === 0 ? undefined : { image, instances, began, ended };
}

function timeOver(last: WatchLook | undefined, image: ImageId): WarmbakeError {
  const what = last === undefined ? 'the fleet could not be read' : leftText(last, image);
  return new WarmbakeError('check', 'rollout-not-over', `the time is over, and ${what}`, {
    hint: 'watch longer with --for, or look at `warmbake ami status`',
  });
}

function leftText({ old, instances, behind, unread }: WatchLook, image: ImageId): string {
  const others = behind.length - unread.length;
  return [
    `${old.instances} of ${instances} instances run another image than ${image}`,
    ...(others === 0 ? [] : [`${others} stacks launch another one`]),
    ...(unread.length === 0 ? [] : [`${unread.length} stacks could not be read`]),
  ].join(', and ');
}
