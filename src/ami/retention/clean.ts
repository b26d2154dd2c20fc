import type { FamilySettings } from '../../config/families.ts';
import type { Host } from '../../platform/host.ts';
import type { Account } from '../model/account.ts';
import { attemptLine, type CleanLine } from './clean-line.ts';
import { cleanOrphans } from './clean-orphans.ts';
import type { ImageId } from '../model/ids.ts';
import { readUsage } from './inventory.ts';
import { belongsTo, imageNamePrefix, type MachineImage } from '../model/machine-image.ts';
import { markForRemoval, removeImage } from './remove-image.ts';
import { decideRetention, type RetentionVerdict } from './retention.ts';
import { sharedBecause } from './shared-because.ts';
import type { Usage } from './usage.ts';

const UNNEEDED = 'not needed any more';
const GONE = 'somebody else deleted it meanwhile';
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
 * Deletes what the family does not need any more: oldest images first, with all their snapshots, then snapshots that earlier
 * failures left. Use is read anew before each image; where it cannot be read in full, nothing is deleted.
 * One that fails does not stop the others, and the next one goes in its place.
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
    const kept = images.map((image) => line(image, 'kept', [UNREADABLE]));
    return { lines: kept, missing: first.missing };
  }

  const verdicts = decideRetention(images, first.images, { settings: family.keep, now: host.clock.now() });
  const done = new Map<ImageId, CleanLine>();
  // What was read last; once that is incomplete, nothing goes any more.
  const last: { usage: Usage } = { usage: first };
  let left: number = family.keep.deletePerRun;
  for (const image of queueOf(verdicts).slice(0, family.keep.deletePerRun + SPARE_TRIES)) {
    if (left === 0 || !last.usage.complete) break;
    const tried = await attemptLine({ id: image.id, image }, async () => {
      const shared = sharedBecause(await account.images.sharedWith(image.id), family);
      if (shared !== undefined) return line(image, 'kept', [shared]);
      if (dryRun) return line(image, 'planned', [UNNEEDED]);
      const isThere = await markForRemoval(account, image, { family, now: host.clock.now() });
      if (!isThere) return line(image, 'deleted', [GONE]);
      last.usage = await readUsage(account, host, { ...options, before: last.usage });
      return await removeUnused(account, host, { image, usage: last.usage });
    });
    done.set(image.id, tried);
    if (tried.outcome === 'deleted' || tried.outcome === 'planned') left -= 1;
  }
  const { usage } = last;
  const lines = verdicts.map((verdict) => done.get(verdict.image.id) ?? untried(verdict, usage));
  if (!usage.complete) return { lines, missing: usage.missing };
  return {
    lines: [...lines, ...(await cleanOrphans(account, host, { family, dryRun, used: usage.snapshots }))],
    missing: [],
  };
}

/** Images that could go, in the order in which they are tried. */
function queueOf(verdicts: readonly RetentionVerdict[]): readonly MachineImage[] {
  return verdicts
    .flatMap(({ image, place }) => (place === undefined ? [] : [{ image, place }]))
    .toSorted((a, b) => a.place - b.place)
    .map(({ image }) => image);
}

/** The line of an image whose turn did not come. */
function untried(verdict: RetentionVerdict, usage: Usage): CleanLine {
  if (verdict.keep) return line(verdict.image, 'kept', verdict.because);
  return line(verdict.image, 'kept', [usage.complete ? 'not reached in this run' : UNREADABLE]);
}

/** Deletes an image unless it came into use meanwhile. */
async function removeUnused(
  account: Account,
  host: Pick<Host, 'clock' | 'signal'>,
  { image, usage }: { readonly image: MachineImage; readonly usage: Usage },
): Promise<CleanLine> {
  if (!usage.complete) return line(image, 'kept', [UNREADABLE]);
  const uses = usage.images.get(image.id);
  if (uses !== undefined) return line(image, 'kept', uses);
  const left = await removeImage(account, host, { image, used: usage.snapshots });
  return line(image, 'deleted', [UNNEEDED, ...left]);
}

function line(image: MachineImage, outcome: CleanLine['outcome'], because: readonly string[]): CleanLine {
  return { id: image.id, image, outcome, because };
}
