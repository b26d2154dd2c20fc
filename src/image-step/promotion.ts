import {
  type AncestorAnswer,
  type Marked,
  type PromotionDecision,
  decidePromotion,
} from '../cache/promote.ts';
import { type BuildContext, type CommitSha, isCommitSha } from '../context/context.ts';
import { readImage } from '../registry/image-manifest.ts';
import { type Digest, referenceName } from '../registry/reference.ts';
import type { Manifest } from '../registry/registry.ts';
import type { Settings } from '../config/settings.ts';
import type { BuildServices } from './build-services.ts';
import { readMarks } from './marks.ts';
import type { Promotion } from './target-plan.ts';

/** What giving names works with. */
export interface NamingServices extends Pick<BuildServices, 'host' | 'registry' | 'history'> {
  readonly settings: { readonly bake: Pick<Settings['bake'], 'annotations'> };
}

/** What became, or would become, of a promotion. */
export interface Promoted {
  readonly promotion: Promotion;
  /** `none`: the name holds it already. */
  readonly action: 'move' | 'stay' | 'none' | 'failed';
  readonly because: string;
  readonly digest?: Digest;
  readonly warning?: string;
}

/** A manifest to be given a further name. */
export interface PromotedManifest extends Manifest {
  readonly digest: Digest;
  /** Absent where it does not say; only a promotion that need not move forward can do without. */
  readonly commit?: CommitSha;
  readonly buildNumber?: string;
}

/** What promoting an image that exists already would do now; for `plan` and for repairing a moved `latest`. */
export async function planPromotion(
  services: NamingServices,
  context: BuildContext,
  promotion: Promotion,
): Promise<Promoted> {
  const { commit, build } = context;
  const image = await readImage(services.registry, promotion.from);
  if (image.state !== 'found' || commit === undefined) {
    return { promotion, action: 'failed', because: `${referenceName(promotion.from)} cannot be read` };
  }
  return await judge(services, promotion, {
    digest: image.digest,
    commit,
    ...(build === undefined ? {} : { buildNumber: build.number }),
  });
}

/**
 * Gives `manifest` the promotion's name where the rules allow it and reads it back.
 * Never rejects for what the registry does: a promotion that fails is told, and the build stands.
 */
export async function promote(
  services: NamingServices,
  promotion: Promotion,
  options: { readonly manifest: PromotedManifest; readonly dryRun?: boolean },
): Promise<Promoted> {
  const { manifest, dryRun = false } = options;
  const verdict = await judge(services, promotion, manifest);
  if (verdict.action !== 'move' || dryRun) return verdict;
  const written = await services.registry.putManifest(promotion.to, manifest);
  if (written.state !== 'written') return failed(promotion, written);
  const back = await services.registry.head(promotion.to);
  if (back.state !== 'found') return failed(promotion, back);
  if (back.digest !== manifest.digest) {
    return { promotion, action: 'failed', because: `another build moved it to ${back.digest} meanwhile` };
  }
  return { ...verdict, digest: manifest.digest };
}

async function judge(
  services: NamingServices,
  promotion: Promotion,
  manifest: Pick<PromotedManifest, 'digest' | 'commit' | 'buildNumber'>,
): Promise<Promoted> {
  const held = await readMarks(services.registry, promotion.to, services.settings.bake.annotations);
  if (held.state !== 'found' && held.state !== 'missing') return failed(promotion, held);
  if (held.state === 'found' && held.digest === manifest.digest) {
    return { promotion, action: 'none', because: 'it holds this manifest already', digest: manifest.digest };
  }
  const { commit } = manifest;
  if (!promotion.forwardOnly || commit === undefined) {
    const because = held.state === 'missing' ? 'the name is new' : 'it held another manifest';
    return { promotion, action: 'move', because };
  }
  const holds = held.state === 'found' ? held.marks : undefined;
  const decision = await order(services, holds, { ...manifest, commit });
  const { move, because, warning } = decision;
  return {
    promotion,
    action: move ? 'move' : 'stay',
    because,
    ...(warning === undefined ? {} : { warning }),
  };
}

async function order(
  { history }: NamingServices,
  holds: Marked | undefined,
  { commit, buildNumber }: { readonly commit: CommitSha; readonly buildNumber?: string },
): Promise<PromotionDecision> {
  const held = holds?.revision;
  const known = held !== undefined && isCommitSha(held) && held !== commit;
  const heldIsOlder: AncestorAnswer = known ? await history.isAncestor(held, commit) : 'unknown';
  const heldIsNewer: AncestorAnswer =
    known && heldIsOlder !== 'yes' ? await history.isAncestor(commit, held) : 'unknown';
  return decidePromotion({
    holds,
    commit,
    heldIsOlder,
    heldIsNewer,
    ...(buildNumber === undefined ? {} : { buildNumber }),
  });
}

function failed(
  promotion: Promotion,
  answer: { readonly state: string; readonly because?: string },
): Promoted {
  return { promotion, action: 'failed', because: answer.because ?? answer.state };
}

/** Where a promotion leads, for people. */
export function promotionText({ promotion, action, because }: Promoted): string {
  const verb = { move: 'moved', stay: 'stays', none: 'unchanged', failed: 'not moved' }[action];
  return `${referenceName(promotion.to)} ${verb}: ${because}`;
}
