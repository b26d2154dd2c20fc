import { readImage } from '../registry/image-manifest.ts';
import type { Reference } from '../registry/reference.ts';
import type { Registry } from '../registry/registry.ts';
import type { ImageFact } from './skip.ts';

/** Reads what {@link decideSkip} needs of one tag; `revision` is the annotation that names the commit. */
export async function imageFact(registry: Registry, ref: Reference, revision: string): Promise<ImageFact> {
  const image = await readImage(registry, ref);
  if (image.state === 'missing') return image;
  if (image.state !== 'found') return { state: 'unknown', because: image.because };
  const commit = image.annotation(revision);
  return {
    state: 'found',
    digest: image.digest,
    platforms: image.platforms,
    ...(commit === undefined ? {} : { revision: commit }),
  };
}
