import {
  type AncestorAnswer,
  type Marked,
  type PromotionDecision,
  decidePromotion,
} from '../cache/promote.ts';
import { type CommitSha, isCommitSha } from '../ci/commit-sha.ts';
import { type BuildContext } from '../context/context.ts';
import { type Digest, referenceName } from '../registry/reference.ts';
import type { Manifest } from '../registry/registry.ts';
import type { Settings } from '../config/settings.ts';
import type { BuildServices } from './build-services.ts';
import { type MarkedManifest, readMarks } from './marks.ts';
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

/** What promoting what exists already would do now; for `plan` and for repairing a moved `latest`. */
export async function planPromotion(
  services: NamingServices,
  context: BuildContext,
  promotion: Promotion,
): Promise<Promoted> {
  const { commit, build } = context;
  const source = await readMarks(services.registry, promotion.from, services.settings.bake.annotations);
  if (source.state !== 'found' || source.kind !== promotion.what || commit === undefined) {
    return { promotion, action: 'failed', because: `${referenceName(promotion.from)} cannot be read` };
  }
  const { verdict } = await judgePromotion(services, promotion, {
    digest: source.digest,
    commit,
    ...(build === undefined ? {} : { buildNumber: build.number }),
  });
  return verdict;
}

/** What a promotion would do, and what it was judged by. */
export interface JudgedPromotion {
  readonly verdict: Promoted;
  /** What the name held then; `undefined` where it did not exist, or could not be read. */
  readonly held?: Pick<MarkedManifest, 'digest' | 'marks'>;
}

/** Reads what the name holds, and decides whether it moves. Git can need seconds for that. */
export async function judgePromotion(
  services: NamingServices,
  promotion: Promotion,
  manifest: Pick<PromotedManifest, 'digest' | 'commit' | 'buildNumber'>,
): Promise<JudgedPromotion> {
  const read = await readMarks(services.registry, promotion.to, services.settings.bake.annotations);
  if (read.state !== 'found' && read.state !== 'missing') return { verdict: notMoved(promotion, read) };
  const held = read.state === 'found' ? { held: read } : {};
  const verdict = (part: Omit<Promoted, 'promotion'>): JudgedPromotion => ({
    verdict: { promotion, ...part },
    ...held,
  });
  if (read.state === 'found' && read.digest === manifest.digest) {
    return verdict({ action: 'none', because: 'it holds this manifest already', digest: manifest.digest });
  }
  const { commit } = manifest;
  if (promotion.writtenOnce === true && read.state === 'found') return verdict(takenBy(read, commit));
  if (!promotion.forwardOnly || commit === undefined) {
    const because = read.state === 'missing' ? 'the name is new' : 'it held another manifest';
    return verdict({ action: 'move', because });
  }
  const { move, because, warning } = await order(services, held.held?.marks, { ...manifest, commit });
  return verdict({
    action: move ? 'move' : 'stay',
    because,
    ...(warning === undefined ? {} : { warning }),
  });
}

/** A name that is written once keeps the image that it has. */
function takenBy(
  { digest, marks }: MarkedManifest,
  commit: CommitSha | undefined,
): Omit<Promoted, 'promotion'> {
  return commit !== undefined && marks.revision === commit
    ? { action: 'stay', because: `it is written once, and holds this commit's ${digest} already` }
    : { action: 'failed', because: `it is written once, and holds ${otherImageText({ digest, marks })}` };
}

/** Another image, for people. */
export function otherImageText({ digest, marks }: Pick<MarkedManifest, 'digest' | 'marks'>): string {
  const of = marks.revision === undefined ? 'an unknown commit' : `commit ${marks.revision.slice(0, 12)}`;
  return `another image, ${digest} of ${of}`;
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

/** A promotion that the registry did not let be. */
export function notMoved(
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
