import type { FamilySettings } from '../../config/families.ts';
import type { Host } from '../../platform/host.ts';
import type { Account } from '../model/account.ts';
import { attemptLine, type CleanLine } from './clean-line.ts';
import { cleanOrphans } from './clean-orphans.ts';
import type { ImageId } from '../model/ids.ts';
import { readUsage } from './inventory.ts';
import { belongsTo, imageNamePrefix, type MachineImage } from '../model/machine-image.ts';
import { markForRemoval, removeImage } from './remove-image.ts';
import { decideRetention } from './retention.ts';
import type { Usage } from './usage.ts';

const UNNEEDED = 'not needed any more';
const UNREADABLE = 'what is in use could not be read';

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
 * One that fails does not stop the others.
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
  const lines: CleanLine[] = [];
  // What was read last; once that is incomplete, nothing goes any more.
  const last: { usage: Usage } = { usage: first };
  for (const verdict of verdicts.toReversed()) {
    const { image } = verdict;
    if (verdict.keep) lines.unshift(line(image, 'kept', verdict.because));
    else if (!last.usage.complete) lines.unshift(line(image, 'kept', [UNREADABLE]));
    else if (dryRun) lines.unshift(line(image, 'planned', [UNNEEDED]));
    else {
      const removed = await attemptLine({ id: image.id, image }, async () => {
        await markForRemoval(account, image, { family });
        last.usage = await readUsage(account, host, { ...options, before: last.usage });
        return await removeUnused(account, host, { image, usage: last.usage });
      });
      lines.unshift(removed);
    }
  }
  const { usage } = last;
  if (!usage.complete) return { lines, missing: usage.missing };
  return {
    lines: [...lines, ...(await cleanOrphans(account, host, { family, dryRun, used: usage.snapshots }))],
    missing: [],
  };
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
