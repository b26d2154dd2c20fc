import type { FamilySettings } from '../../config/families.ts';
import type { Host } from '../../platform/host.ts';
import type { Account } from '../model/account.ts';
import { condemnedOf } from '../model/condemned.ts';
import type { ImageId } from '../model/ids.ts';
import { belongsTo, imageNamePrefix, type MachineImage } from '../model/machine-image.ts';
import { TAG } from '../model/tags.ts';
import { attemptLine, imageLine, type CleanLine } from './clean-line.ts';
import { cleanOrphans } from './clean-orphans.ts';
import { condemn, reprieve } from './condemn.ts';
import { deleteCondemned } from './delete-condemned.ts';
import { readUsage } from './inventory.ts';
import { decideRetention, type RetentionStep, type RetentionVerdict } from './retention.ts';
import { sharedBecause } from './shared-because.ts';
import type { Usage } from './usage.ts';

const UNNEEDED = 'not needed any more';
const UNREADABLE = 'what is in use could not be read';

/** How many more images are tried than a run may delete: those that cannot go do not keep the others from going. */
const SPARE_TRIES = 10;

/** What a cleanup found and did. */
export interface CleanReport {
  /** Images newest first, then leftover snapshots. */
  readonly lines: readonly CleanLine[];
  /** What could not be read; then nothing more was deleted. */
  readonly missing: readonly string[];
}

/** Options of {@link clean}. */
export interface CleanOptions {
  readonly family: FamilySettings;
  /** Only plan. */
  readonly dryRun: boolean;
  /** Images of rollouts that are under way. */
  readonly rollouts: readonly ImageId[];
}

/**
 * Condemns what the family does not need any more, and deletes what an earlier run has condemned, an hour ago at least, and nobody
 * needs still: oldest images first, with all their snapshots, then snapshots that earlier failures left. What somebody needs again loses its
 * mark. Use is read anew before each image that is deleted, and after those that are condemned; where it cannot be read in full, nothing
 * more is deleted. One that fails does not stop the others, and the next one goes in its place.
 */
export async function clean(
  account: Account,
  host: Pick<Host, 'clock' | 'signal'>,
  options: CleanOptions,
): Promise<CleanReport> {
  const { family, dryRun } = options;
  const named = await account.images.list(imageNamePrefix(family));
  const images = named.filter((image) => belongsTo(image, family));
  const first = await readUsage(account, host, options);
  if (!first.complete) {
    const kept = images.map((image) => imageLine(image, 'kept', [UNREADABLE]));
    return { lines: kept, missing: first.missing };
  }

  const verdicts = decideRetention(images, first.images, { settings: family.keep, now: host.clock.now() });
  const done = new Map<ImageId, CleanLine>();
  const last: { usage: Usage } = { usage: first };
  if (!dryRun) await reprieveKept(account, verdicts, done);
  await condemnOnes(account, host, { ...options, verdicts, done });
  await deleteOnes(account, host, { ...options, verdicts, done, last });
  if (last.usage.complete) await reprieveUsed(account, host, { ...options, first, done, last });
  const { usage } = last;
  const now = host.clock.now();
  const lines = verdicts.map((verdict) => done.get(verdict.image.id) ?? untried(verdict, usage, now));
  if (!usage.complete) return { lines, missing: usage.missing };
  const failed = lines.flatMap(({ image, outcome }) => (outcome === 'failed' ? (image?.id ?? []) : []));
  const wanted = new Set([...usage.images.keys(), ...failed]);
  const there = named.filter(({ id }) => done.get(id)?.outcome !== 'deleted');
  const leftover = { images: there, used: usage.snapshots, wanted };
  const orphans = await cleanOrphans(account, host, { family, dryRun, ...leftover });
  return { lines: [...lines, ...orphans], missing: [] };
}

interface Cleaning extends CleanOptions {
  readonly verdicts: readonly RetentionVerdict[];
  /** What has become of images so far. */
  readonly done: Map<ImageId, CleanLine>;
}

/** What is needed again loses its mark: where it is needed no more another day, that day begins with a new one. */
async function reprieveKept(
  account: Account,
  verdicts: readonly RetentionVerdict[],
  done: Map<ImageId, CleanLine>,
): Promise<void> {
  for (const { image, turn } of verdicts) {
    if (turn !== undefined) continue;
    const line = await attemptLine({ id: image.id, image }, async () => await reprieve(account, image));
    if (line.outcome === 'failed') done.set(image.id, line);
  }
}

async function deleteOnes(
  account: Account,
  host: Pick<Host, 'clock' | 'signal'>,
  { verdicts, done, last, ...options }: Cleaning & { readonly last: { usage: Usage } },
): Promise<void> {
  const { family, dryRun } = options;
  let left: number = family.keep.deletePerRun;
  for (const image of queueOf(verdicts, 'delete').slice(0, family.keep.deletePerRun + SPARE_TRIES)) {
    // Once what was read last is incomplete, nothing goes any more.
    if (left === 0 || !last.usage.complete) break;
    const tried = await attemptLine({ id: image.id, image }, async () => {
      const shared = sharedBecause(await account.images.sharedWith(image.id), family);
      if (shared !== undefined) {
        if (!dryRun) await reprieve(account, image);
        return imageLine(image, 'kept', [shared]);
      }
      if (dryRun) return { ...imageLine(image, 'planned', [UNNEEDED]), plan: 'delete' };
      return await deleteCondemned(account, host, { image, family }, async () => {
        last.usage = await readUsage(account, host, { ...options, before: last.usage });
        return last.usage;
      });
    });
    done.set(image.id, tried);
    if (tried.outcome === 'deleted' || tried.outcome === 'planned') left -= 1;
  }
}

async function condemnOnes(
  account: Account,
  host: Pick<Host, 'clock'>,
  { family, dryRun, verdicts, done }: Cleaning,
): Promise<void> {
  const waiting = queueOf(verdicts, 'wait').length;
  let left: number = family.keep.deletePerRun - waiting;
  for (const image of queueOf(verdicts, 'condemn')) {
    if (left <= 0) break;
    const tried = await attemptLine({ id: image.id, image }, async () => {
      const shared = sharedBecause(await account.images.sharedWith(image.id), family);
      if (shared !== undefined) return imageLine(image, 'kept', [shared]);
      if (dryRun) return { ...imageLine(image, 'planned', [UNNEEDED]), plan: 'condemn' };
      return await condemn(account, host, { image, family });
    });
    done.set(image.id, tried);
    if (tried.outcome === 'condemned' || tried.outcome === 'planned') left -= 1;
  }
}

/**
 * What came into use while it was condemned loses its mark: whoever takes an image into use looks for the mark once more after that, and here
 * use is looked at after the mark, so one of the two sees the other.
 */
async function reprieveUsed(
  account: Account,
  host: Pick<Host, 'clock'>,
  {
    first,
    done,
    last,
    ...options
  }: Omit<Cleaning, 'verdicts'> & { readonly first: Usage; readonly last: { usage: Usage } },
): Promise<void> {
  const condemned = [...done.values()].filter(({ outcome }) => outcome === 'condemned');
  if (condemned.length === 0) return;
  // Deleting has read it after the marks.
  if (last.usage === first) last.usage = await readUsage(account, host, { ...options, before: first });
  if (!last.usage.complete) return;
  for (const { id, image } of condemned) {
    const uses = image === undefined ? undefined : last.usage.images.get(image.id);
    if (image === undefined || uses === undefined) continue;
    const line = await attemptLine({ id, image }, async () => {
      await account.tagging.clear([image.id], [TAG.condemned]);
      return imageLine(image, 'kept', uses);
    });
    done.set(image.id, line);
  }
}

/** Images whose turn it may be, in the order in which they are tried. */
function queueOf(verdicts: readonly RetentionVerdict[], step: RetentionStep): readonly MachineImage[] {
  return verdicts
    .flatMap(({ image, turn }) => (turn?.step === step ? [{ image, place: turn.place }] : []))
    .toSorted((a, b) => a.place - b.place)
    .map(({ image }) => image);
}

/** The line of an image whose turn did not come. */
function untried(verdict: RetentionVerdict, usage: Usage, now: Date): CleanLine {
  const { image } = verdict;
  if (verdict.keep) return imageLine(image, 'kept', verdict.because);
  if (!usage.complete) return imageLine(image, 'kept', [UNREADABLE]);
  const condemned = condemnedOf(image, now);
  if (verdict.turn.step !== 'wait' || condemned === undefined)
    return imageLine(image, 'kept', ['not reached in this run']);
  const { deletableFrom } = condemned;
  return {
    ...imageLine(image, 'kept', [`condemned, stays until ${deletableFrom.toISOString()}`]),
    deletableFrom,
  };
}
