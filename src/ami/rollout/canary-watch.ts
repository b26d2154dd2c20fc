import type { Host } from '../../platform/host.ts';
import { waitFor } from '../../platform/wait.ts';
import type { Account } from '../model/account.ts';
import { judgeCanary, type CanaryVerdict } from './canary.ts';
import type { ImageId } from '../model/ids.ts';

/** How often the canary is looked at. */
const EVERY_MS = 5_000;

/** What to watch, and for how long. */
export interface CanaryWatch {
  readonly group: string;
  readonly image: ImageId;
  /** When the group began to launch the candidate. */
  readonly since: Date;
  readonly watchMs: number;
  /** What a job on a candidate says, where one was sent; absent while it has not said anything. */
  readonly probe?: () => Promise<CanaryVerdict | undefined>;
  /** Looks whether watching has still a sense; what it throws ends the watch. */
  readonly look?: () => Promise<void>;
}

/** Watches the canary until something is certain or the time is over. */
export async function watchCanary(
  account: Account,
  { clock, signal }: Pick<Host, 'clock' | 'signal'>,
  { group, image, since, watchMs, probe, look: lookAround }: CanaryWatch,
): Promise<CanaryVerdict> {
  let verdict: CanaryVerdict = { verdict: 'nothing-launched' };
  const look = async (): Promise<CanaryVerdict | undefined> => {
    const [said, activities, instances] = await Promise.all([
      probe?.(),
      account.groups.activities(group, since),
      account.instances.list(),
      lookAround?.(),
    ]);
    const running = instances.filter((instance) => instance.group === group && instance.image === image);
    const seen = judgeCanary({ activities, instances: running, now: clock.now() });
    // A job that is on its way knows more than a machine that is up.
    const awaited = probe !== undefined && seen.verdict === 'proven';
    verdict =
      said ??
      (awaited ? { verdict: 'undecided', because: `${seen.because}; its job has not reported yet` } : seen);
    return verdict.verdict === 'proven' || verdict.verdict === 'image-fault' ? verdict : undefined;
  };
  await waitFor(look, { everyMs: EVERY_MS, withinMs: watchMs, clock, signal });
  return verdict;
}
