import { messageOf } from '../../platform/errors.ts';
import { type Emit, warn } from '../../platform/events.ts';
import { type Limits, within } from '../../platform/time-limit.ts';

/** The daily job has two hours; a further target whose caches are missed must not use them up. Milliseconds for each. */
const EACH_MS = 15 * 60_000;

/** Nor must all of them: a group can have many. Milliseconds for one round over them, of which there are two. */
const ALL_MS = 30 * 60_000;

/**
 * Does `work` for further targets, one after the other, in limited time. What goes wrong with one is a warning, and so are those that
 * no time is left for: they never cost the image. Throws the reason of `host.signal` alone.
 */
export async function oneByOne<
  T extends { readonly target: string },
  H extends Limits & { readonly emit: Emit },
>(host: H, further: readonly T[], work: (own: H, one: T) => Promise<void>): Promise<void> {
  const now = (): number => host.clock.now().getTime();
  const end = now() + ALL_MS;
  for (const one of further) {
    const notWarm = (because: string): void =>
      warn(host.emit, 'target-not-warm', `'${one.target}' is not warm on this image: ${because}`);
    const left = Math.min(EACH_MS, end - now());
    if (left <= 0) {
      notWarm(`the targets before it took ${ALL_MS / 60_000} min`);
      continue;
    }
    try {
      await within(left, async (signal) => await work({ ...host, signal }, one), host);
    } catch (error) {
      host.signal.throwIfAborted();
      notWarm(messageOf(error));
    }
  }
}
