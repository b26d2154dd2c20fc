import { type Digest, type Reference, referenceName } from '../registry/reference.ts';
import type { Failure } from '../bake/failure.ts';
import { ruleOf } from '../bake/failure-classes.ts';
import type { BuildServices } from './build-services.ts';

/** A ref read back after the build. */
export interface Verified {
  readonly ref: Reference;
  readonly digest: Digest;
}

/** Right after a push a registry may not show the tag yet (seen on public ECR). */
const READ_BACK_MS = [0, 500, 2_000, 5_000];

/** What became of the tags of a target. */
export interface ReadBack {
  readonly verified: readonly Verified[];
  /** The first that is not there, or holds another image. */
  readonly unreadable?: Failure;
}

/** Reads every pushed tag back. A tag that cannot be read is told, not thrown: others of the same bake stand. */
export async function verifyTags(
  services: Pick<BuildServices, 'registry' | 'host'>,
  tags: readonly Reference[],
  pushed: Digest | undefined,
): Promise<ReadBack> {
  const read = await Promise.all(tags.map(async (ref) => await readBack(services, ref, pushed)));
  const unreadable = read.find((one) => 'class' in one);
  return {
    verified: read.filter((one) => 'digest' in one),
    ...(unreadable === undefined ? {} : { unreadable }),
  };
}

async function readBack(
  { registry, host }: Pick<BuildServices, 'registry' | 'host'>,
  ref: Reference,
  pushed: Digest | undefined,
): Promise<Verified | Failure> {
  let answer = 'not asked';
  for (const delay of READ_BACK_MS) {
    await host.clock.sleep(delay, host.signal);
    const found = await registry.head(ref);
    if (found.state === 'found' && (pushed === undefined || found.digest === pushed)) {
      return { ref, digest: found.digest };
    }
    answer = found.state === 'found' ? `it holds ${found.digest}` : found.state;
  }
  const message = `${referenceName(ref)} was pushed as ${pushed ?? 'an image'} but cannot be read back: ${answer}`;
  const failureClass = 'tag-not-readable';
  const { hint } = ruleOf(failureClass);
  return { class: failureClass, importing: false, message, ...(hint === undefined ? {} : { hint }) };
}
