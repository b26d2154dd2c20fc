import { type Digest, type Reference, referenceName } from '../registry/reference.ts';
import { WarmbakeError } from '../platform/errors.ts';
import type { BuildServices } from './build-services.ts';

/** A ref read back after the build. */
export interface Verified {
  readonly ref: Reference;
  readonly digest: Digest;
}

/** Right after a push a registry may not show the tag yet (seen on public ECR). */
const READ_BACK_MS = [0, 500, 2_000, 5_000];

/** Reads every pushed tag back. Throws `outside` for one that is not there or holds another image. */
export async function verifyTags(
  { registry, host }: BuildServices,
  tags: readonly Reference[],
  pushed: Digest | undefined,
): Promise<readonly Verified[]> {
  const verified: Verified[] = [];
  for (const ref of tags) {
    let answer = 'not asked';
    for (const delay of READ_BACK_MS) {
      await host.clock.sleep(delay, host.signal);
      const found = await registry.head(ref);
      if (found.state === 'found' && (pushed === undefined || found.digest === pushed)) {
        verified.push({ ref, digest: found.digest });
        answer = '';
        break;
      }
      answer = found.state === 'found' ? `it holds ${found.digest}` : found.state;
    }
    if (answer !== '') {
      const message = `${referenceName(ref)} was pushed as ${pushed ?? 'an image'} but cannot be read back: ${answer}`;
      throw new WarmbakeError('outside', 'tag-not-readable', message, { hint: 'run the build again' });
    }
  }
  return verified;
}
