import type { Account } from '../model/account.ts';
import type { ImageId, SnapshotId } from '../model/ids.ts';
import type { Tags } from '../model/tags.ts';

/** Writes tags on an image, and on its snapshots where they are among `resources`. The answer is whether the image is still there. */
export async function setTags(
  account: Account,
  image: ImageId,
  { resources, tags }: { readonly resources: readonly (ImageId | SnapshotId)[]; readonly tags: Tags },
): Promise<boolean> {
  try {
    await account.tagging.set(resources, tags);
  } catch (error) {
    if ((await account.images.find(image)) !== undefined) throw error;
    return false;
  }
  return true;
}
