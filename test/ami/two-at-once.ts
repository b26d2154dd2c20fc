import { branchJob } from '../ci/recorded-other.ts';
import { cleanJob } from '../../src/ami/jobs/clean.ts';
import type { OpenFamily } from '../../src/ami/jobs/open-family.ts';
import { publishJob } from '../../src/ami/jobs/publish.ts';
import { rebuildJob } from '../../src/ami/jobs/rebuild.ts';
import { rollJob } from '../../src/ami/jobs/roll.ts';
import { rollbackJob } from '../../src/ami/jobs/rollback.ts';
import { undoJob } from '../../src/ami/jobs/undo.ts';
import { holdParameter, parseHold, printHold } from '../../src/ami/model/hold.ts';
import type { ImageId } from '../../src/ami/model/ids.ts';
import { stateOf, type MachineImage } from '../../src/ami/model/machine-image.ts';
import { TAG } from '../../src/ami/model/tags.ts';
import type { RollbackGoal } from '../../src/ami/rollback/plan.ts';
import { placeHold, releaseHold } from '../../src/ami/rollback/place-hold.ts';
import { revokeAndLook, unrevokeAndLook } from '../../src/ami/rollback/revoke-and-look.ts';
import type { Clock } from '../../src/platform/clock.ts';
import { exitCodeOf } from '../../src/platform/errors.ts';
import type { Event } from '../../src/platform/events.ts';
import type { Host } from '../../src/platform/host.ts';
import type { StateStore } from '../../src/state/store.ts';
import { DAY, FAMILY } from './family.ts';
import { FakeAccount } from './fake/account.ts';
import { addImage, addInstance, addStack, imageOf, setParameter } from './fake/furnish.ts';
import { CONDEMNED, PUBLISHED, TERMS } from './operations.ts';

/** What two commands meet: an account, and the images that they are about. */
export interface Meeting {
  readonly fake: FakeAccount;
  /** Desired, on the first two stacks. */
  readonly bad: MachineImage;
  /** The one before, still on the last two stacks. */
  readonly good: MachineImage;
  /** Today's, which an instance of the canary runs. */
  readonly today: MachineImage;
  /** Revoked a week ago. */
  readonly revoked: MachineImage;
  /** Nobody needs it; a cleanup of yesterday has condemned it, and today's deletes it first. */
  readonly oldest: MachineImage;
}

/**
 * Two stacks are not rolled yet, so that each command has something to do; images that nobody needs, condemned yesterday but for one; a hold
 * where wanted.
 */
export function openMeeting({
  held,
  rolledBack = false,
}: {
  readonly held: boolean;
  /**
   * The desired image is the good one, by a rollback that two stacks have not seen yet; `from the oldest`: all stacks have, and nothing but
   * the hold remembers where it began.
   */
  readonly rolledBack?: boolean | 'from the oldest';
}): Meeting {
  const fake = new FakeAccount();
  const [bad, good, ...old] = Array.from({ length: 9 }, (_, daysOld) =>
    addImage(fake, { daysOld, tags: { ...PUBLISHED, ...(daysOld >= 7 ? CONDEMNED : {}) } }),
  );
  const oldest = old.at(-1);
  for (const { id } of [bad, good, ...old].toReversed().flatMap((image) => image ?? []))
    setParameter(fake, FAMILY.parameter, id);
  const gone = {
    ...PUBLISHED,
    [TAG.state]: 'revoked',
    [TAG.revokedBy]: 'bob',
    [TAG.revokedAt]: '2026-08-14T12:00:00Z',
  };
  const revoked = addImage(fake, { daysOld: 2.5, tags: { ...gone, [TAG.before]: 'published' } });
  const today = addImage(fake, { tags: { ...PUBLISHED, [TAG.state]: 'candidate' } });
  fake.clock.advance(DAY / 24);
  if (bad === undefined || good === undefined || oldest === undefined) throw new Error('too few images');
  const left = rolledBack === 'from the oldest' ? oldest : bad;
  const images = left === oldest ? [good, good, good, good] : [bad, bad, good, good];
  const groups = FAMILY.stacks.map(
    (stack, at) => addStack(fake, stack, { image: images[at]?.id ?? '' }).group,
  );
  addInstance(fake, { image: today.id, group: groups[0] ?? '' });
  const since = new Date(0);
  if (held)
    setParameter(fake, holdParameter(FAMILY), printHold({ image: bad.id, by: 'bob', reason: 'week', since }));
  if (rolledBack !== false) {
    const leaves = [left.id];
    const revokedBy = {
      [TAG.state]: 'revoked',
      [TAG.before]: 'published',
      [TAG.revokedBy]: TERMS.by,
      [TAG.reason]: TERMS.reason,
      [TAG.revokedAt]: fake.clock.now().toISOString(),
    };
    setParameter(
      fake,
      holdParameter(FAMILY),
      printHold({ image: good.id, leaves, ...TERMS, since: fake.clock.now() }),
    );
    if (left === oldest) setParameter(fake, FAMILY.parameter, oldest.id);
    setParameter(fake, FAMILY.parameter, good.id);
    fake.state.images.set(left.id, { ...left, tags: { ...left.tags, ...revokedBy } });
  }
  return { fake, bad, good, today, revoked, oldest };
}

/** How a command ended, and whether what its exit code says is so. */
export interface End {
  readonly code: number;
  readonly error?: unknown;
  /** What is not as exit code 0 says; absent where all is. */
  readonly lie?: string;
}

/** A command, as one process runs it in its own view of the account. */
export interface Command {
  readonly name: string;
  /** Needs a hold to have something to do. */
  readonly needsHold?: true;
  /** Needs a rollback that stands; `from the oldest`: one that left the image that a cleanup has condemned. */
  readonly needsRollback?: true | 'from the oldest';
  readonly run: (host: Host, open: OpenFamily, meeting: Meeting) => Promise<{ readonly error?: unknown }>;
  /** What exit code 0 promises at its end. */
  readonly promise: (meeting: Meeting) => boolean;
}

const yes = async (): Promise<void> => await Promise.resolve();
const stateIn = ({ fake }: Meeting, { id }: MachineImage) => {
  const image = fake.state.images.get(id);
  return image === undefined ? 'gone' : stateOf(image);
};
export const launchedIn = (fake: FakeAccount) => FAMILY.stacks.map((stack) => imageOf(fake, stack));
export const desiredIn = (fake: FakeAccount) =>
  fake.state.parameters.get(FAMILY.parameter)?.[0]?.value as ImageId | undefined;
export const holdIn = (fake: FakeAccount) =>
  parseHold(fake.state.parameters.get(holdParameter(FAMILY))?.[0]?.value, fake.clock.now());
const areAll = (fake: FakeAccount, id: string | undefined) => launchedIn(fake).every((one) => one === id);
const fresh = ({ fake }: Meeting, { id }: MachineImage): MachineImage => {
  const image = fake.state.images.get(id);
  if (image === undefined) throw new Error(`${id} is gone`);
  return image;
};
const ended = async (work: Promise<unknown>): Promise<{ readonly error?: unknown }> => {
  await work;
  return {};
};

const rollbackTo = (name: string, goal: RollbackGoal): Command => ({
  name,
  run: async (host, open) =>
    await rollbackJob(host, open, { goal, reason: TERMS.reason, revokes: true, dryRun: false, confirm: yes }),
  promise: ({ fake }) => {
    const hold = holdIn(fake);
    return hold.state === 'held' && hold.hold.image === desiredIn(fake) && areAll(fake, desiredIn(fake));
  },
});

export const COMMANDS: readonly Command[] = [
  {
    name: 'rebuild',
    run: async (host, open, { today }) =>
      await rebuildJob(host, open, {
        image: { written: today.id },
        canary: { watchMs: 60_000 },
        dryRun: false,
      }).then((rebuilt) => ('error' in rebuilt ? rebuilt : {})),
    promise: ({ fake, today }) =>
      holdIn(fake).state !== 'free' || (desiredIn(fake) === today.id && areAll(fake, today.id)),
  },
  {
    name: 'roll',
    run: async (host, open) => await rollJob(host, open, { stacks: [], dryRun: false }),
    // What is published after its last look it cannot know.
    promise: ({ fake, bad }) => areAll(fake, desiredIn(fake)) || areAll(fake, bad.id),
  },
  rollbackTo('rollback', { kind: 'last-good' }),
  rollbackTo('rollback, one further', { kind: 'steps', steps: 2 }),
  {
    name: 'undo',
    needsRollback: true,
    run: async (host, open) => await undoJob(host, open, { dryRun: false, confirm: yes }),
    promise: ({ fake, bad }) => {
      const hold = holdIn(fake);
      const isOver = hold.state === 'free' || (hold.state === 'held' && hold.hold.undoes === undefined);
      // What is published after its last look it cannot know.
      return isOver && (areAll(fake, desiredIn(fake)) || areAll(fake, bad.id));
    },
  },
  {
    name: 'clean',
    run: async (host, open) => await cleanJob(host, open, { dryRun: false }),
    promise: () => true,
  },
  {
    name: 'publish',
    run: async (host, open, { today }) =>
      await ended(publishJob(host, open, { written: today.id, dryRun: false })),
    promise: (meeting) =>
      desiredIn(meeting.fake) === meeting.today.id && stateIn(meeting, meeting.today) === 'published',
  },
  {
    name: 'hold',
    run: async (host, { account, family }) =>
      await ended(placeHold(account, host, { family, terms: { by: 'cleo', reason: 'stop' } })),
    promise: ({ fake }) => {
      const hold = holdIn(fake);
      return hold.state === 'held' && hold.hold.image !== undefined;
    },
  },
  {
    name: 'release',
    needsHold: true,
    run: async (host, { account, family }) => await ended(releaseHold(account, host, { family, by: 'cleo' })),
    promise: ({ fake }) => holdIn(fake).state === 'free',
  },
  {
    name: 'revoke today',
    run: async (host, { account, family }, meeting) =>
      await ended(
        revokeAndLook(account, host, {
          image: fresh(meeting, meeting.today),
          family,
          by: 'cleo',
          reason: 'no',
        }),
      ),
    promise: (meeting) => stateIn(meeting, meeting.today) === 'revoked',
  },
  {
    name: 'revoke the desired one',
    run: async (host, { account, family }, meeting) =>
      await ended(
        revokeAndLook(account, host, {
          image: fresh(meeting, meeting.bad),
          family,
          by: 'cleo',
          reason: 'no',
        }),
      ),
    promise: (meeting) => stateIn(meeting, meeting.bad) === 'revoked',
  },
  {
    name: 'unrevoke',
    run: async (host, { account, family }, meeting) =>
      await ended(
        unrevokeAndLook(account, host, { image: fresh(meeting, meeting.revoked), family, by: 'cleo' }),
      ),
    promise: (meeting) => stateIn(meeting, meeting.revoked) === 'published',
  },
];

/** Commands that take the image into use that a cleanup has condemned. */
export const TAKERS: readonly Command[] = [
  {
    name: 'publish the condemned one',
    run: async (host, open, { oldest }) =>
      await ended(publishJob(host, open, { written: oldest.id, dryRun: false })),
    promise: ({ fake, oldest }) => desiredIn(fake) === oldest.id,
  },
  {
    name: 'roll the condemned one',
    run: async (host, open, { oldest }) =>
      await rollJob(host, open, { written: oldest.id, stacks: [], dryRun: false }),
    promise: ({ fake, oldest }) => areAll(fake, oldest.id),
  },
  {
    name: 'rebuild with the condemned one',
    run: async (host, open, { oldest }) =>
      await rebuildJob(host, open, {
        image: { written: oldest.id },
        canary: { watchMs: 0 },
        dryRun: false,
      }).then((rebuilt) => ('error' in rebuilt ? rebuilt : {})),
    promise: ({ fake, oldest }) => desiredIn(fake) === oldest.id && areAll(fake, oldest.id),
  },
  {
    ...rollbackTo('rollback to the condemned one', { kind: 'last-good' }),
    run: async (host, open, { oldest }) =>
      await rollbackJob(host, open, {
        goal: { kind: 'image', id: oldest.id },
        reason: TERMS.reason,
        revokes: true,
        dryRun: false,
        confirm: yes,
      }),
  },
  {
    name: 'undo to the condemned one',
    needsRollback: 'from the oldest',
    run: async (host, open) => await undoJob(host, open, { dryRun: false, confirm: yes }),
    promise: ({ fake, oldest }) =>
      holdIn(fake).state === 'free' && desiredIn(fake) === oldest.id && areAll(fake, oldest.id),
  },
];

/** The lock is renewed each minute until it is given back: that sleep ends with its signal, and moves no time. */
function patient(clock: Clock): Clock {
  return {
    now: () => clock.now(),
    sleep: async (milliseconds, signal) => {
      if (milliseconds < 60_000 || signal === undefined) return await clock.sleep(milliseconds, signal);
      signal.throwIfAborted();
      await new Promise((_, reject) => {
        signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
      });
    },
  };
}

let processes = 0;

/** The world of another process: somebody else's, with the account's clock. */
export function hostFor(fake: FakeAccount, events: Event[] = []): Host {
  processes += 1;
  const number = processes;
  return {
    env: { ...branchJob('main'), WARMBAKE_CI_BUILD_URL: '', WARMBAKE_CI_ACTOR: `person-${number}` },
    clock: patient(fake.clock),
    signal: new AbortController().signal,
    emit: (event: Event) => void events.push(event),
    random: () => (number % 1_000_000) / 1_000_000,
  } as unknown as Host;
}

/** Runs a command in its view of the account, to its end, as a program would. */
export async function runCommand(
  command: Command,
  meeting: Meeting,
  { process, store }: { readonly process: FakeAccount; readonly store?: StateStore | undefined },
): Promise<End> {
  const host = hostFor(process);
  const open = { family: FAMILY, account: process.ports, ...(store === undefined ? {} : { store }) };
  const error = await command.run(host, open, meeting).then(
    (result) => result.error,
    (thrown: unknown) => thrown,
  );
  if (error !== undefined) return { code: exitCodeOf(error), error };
  return command.promise(meeting) ? { code: 0 } : { code: 0, lie: `${command.name} promised something else` };
}

/** Everything that is wrong in an account; empty where nothing is. */
export function wrongsOf(
  { fake }: Meeting,
  { excused }: { readonly excused: ReadonlySet<string> },
): readonly string[] {
  const hold = holdIn(fake);
  const held = hold.state === 'held' ? hold.hold.image : undefined;
  const used = new Set([...launchedIn(fake), desiredIn(fake), held].flatMap((id) => id ?? []));
  const marked = [...used].filter(
    (id) => fake.state.images.get(id as ImageId)?.tags[TAG.condemned] !== undefined,
  );
  const gone = [...used].filter((id) => !fake.state.images.has(id as ImageId));
  const revokedStacks = FAMILY.stacks.filter((stack) => {
    const image = fake.state.images.get(imageOf(fake, stack) as ImageId);
    return image !== undefined && stateOf(image) === 'revoked' && !excused.has(`${stack} ${image.id}`);
  });
  return [
    ...gone.map((id) => `${id} is used and gone`),
    ...marked.map((id) => `${id} is used and condemned`),
    ...revokedStacks.map((stack) => `${stack} launches a revoked image`),
  ];
}
