import {
  type JudgedPromotion,
  judgePromotion,
  type NamingServices,
  notMoved,
  type Promoted,
  type PromotedManifest,
} from './promotion.ts';
import type { Promotion } from './target-plan.ts';

/** After this many milliseconds a name is read again: who looked at it before it was put has written by then. */
const MOMENT_MS = 1_000;

/** How often a name is looked at before it is left to those who write it as well. */
const ROUNDS = 4;

/**
 * Gives `manifest` the promotion's name where the rules allow it and reads it back. Registries have no conditional write: a name that
 * moves forward only, or is written once, is read again right before and a moment after each put, and what is newer is put back.
 * Never rejects for what the registry does: a promotion that fails is told, and the build stands.
 */
export async function promote(
  services: NamingServices,
  promotion: Promotion,
  options: {
    readonly manifest: PromotedManifest;
    readonly dryRun?: boolean;
    /** Where somebody has begun to look what the name holds. */
    readonly judged?: Promise<JudgedPromotion> | undefined;
  },
): Promise<Promoted> {
  const { manifest, dryRun = false } = options;
  const guarded = promotion.forwardOnly || promotion.writtenOnce === true;
  let judged = await (options.judged ?? judgePromotion(services, promotion, manifest));
  let put: Promoted | undefined;
  for (let round = 1; round <= ROUNDS; round += 1) {
    const { verdict, held } = judged;
    if (verdict.action === 'none') return put ?? verdict;
    if (verdict.action !== 'move' || dryRun) return verdict;
    if (put !== undefined && !isToBePutBack(judged, promotion, manifest)) return passed(judged, manifest);

    const now = guarded ? await services.registry.head(promotion.to) : undefined;
    const digest = now?.state === 'found' ? now.digest : undefined;
    if (now === undefined || digest === held?.digest) {
      const written = await services.registry.putManifest(promotion.to, manifest);
      if (written.state !== 'written') return notMoved(promotion, written);
      put ??= { ...verdict, digest: manifest.digest };
      if (guarded) await services.host.clock.sleep(MOMENT_MS, services.host.signal);
    }
    judged = await judgePromotion(services, promotion, manifest);
  }
  const because =
    'what it holds changes from one look to the next: other builds move it, or the registry answers amiss';
  return { promotion, action: 'failed', because };
}

/** Whether what was written over this build's is certainly older. */
function isToBePutBack(
  { verdict, held }: JudgedPromotion,
  { forwardOnly }: Promotion,
  { commit }: PromotedManifest,
): boolean {
  const another = held === undefined || held.marks.revision !== commit;
  return forwardOnly && another && verdict.warning === undefined;
}

function passed({ verdict, held }: JudgedPromotion, { commit }: PromotedManifest): Promoted {
  const { promotion } = verdict;
  if (promotion.forwardOnly && commit !== undefined && held?.marks.revision === commit) {
    return { promotion, action: 'none', because: 'another build of this commit named it meanwhile' };
  }
  const because =
    held === undefined
      ? 'the registry took it, and holds nothing under this name'
      : `another build moved it to ${held.digest} meanwhile`;
  return { promotion, action: 'failed', because };
}
