import type { FamilySettings } from '../../config/families.ts';
import type { Host } from '../../platform/host.ts';
import { waitFor } from '../../platform/wait.ts';
import type { Account } from '../model/account.ts';
import { readStanding, type Standing } from '../model/desired.ts';

/** How long reads may be behind what the run knows. */
const SETTLE = { everyMs: 1_000, withinMs: 30_000 };

/**
 * Parameter and hold in versions that are not older than those which the run has read or written: SSM may be a little behind. What stays
 * behind for long was deleted and made anew, and is given as it is.
 */
export async function readSettled(
  account: Account,
  { clock, signal }: Pick<Host, 'clock' | 'signal'>,
  { family, versions }: { readonly family: FamilySettings; readonly versions: Partial<Standing['versions']> },
): Promise<Standing> {
  const { desired = 0, hold = 0 } = versions;
  const read = async (): Promise<Standing> => await readStanding(account, family, clock.now());
  const settled = async (): Promise<Standing | undefined> => {
    const standing = await read();
    const isBehind = standing.versions.desired < desired || standing.versions.hold < hold;
    return isBehind ? undefined : standing;
  };
  return (await waitFor(settled, { ...SETTLE, clock, signal })) ?? (await read());
}
