import * as z from 'zod';
import { parseImageId, type ImageId } from '../model/ids.ts';
import { jsonOrUndefined } from '../../platform/json.ts';

const manifest = z.object({
  builds: z.array(z.object({ packer_run_uuid: z.string(), artifact_id: z.string() })),
  last_run_uuid: z.string(),
});

/**
 * The image that the last run wrote into Packer's manifest, or one phrase that says why there is none. The file keeps entries of
 * earlier runs, and an artifact can be several images: `region:ami,region2:ami`.
 */
export function imageInManifest(
  text: string,
  region: string,
): { readonly image: ImageId } | { readonly fault: string } {
  const parsed = manifest.safeParse(jsonOrUndefined(text));
  if (!parsed.success) return { fault: "it is not a manifest of Packer's" };
  const { builds, last_run_uuid: run } = parsed.data;
  const artifacts = builds.filter((b) => b.packer_run_uuid === run).flatMap((b) => b.artifact_id.split(','));
  const ids = artifacts.flatMap((a) => (a.startsWith(`${region}:`) ? [a.slice(region.length + 1)] : []));
  const [id, ...others] = ids;
  if (id === undefined || others.length > 0) {
    return { fault: `it names ${ids.length} images of ${region}: ${artifacts.join(', ')}` };
  }
  const image = parseImageId(id);
  return image === undefined ? { fault: `'${id}' is not an image id` } : { image };
}
