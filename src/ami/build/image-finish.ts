import { WarmbakeError } from '../../platform/errors.ts';
import type { FamilySettings } from '../../config/families.ts';
import type { Host } from '../../platform/host.ts';
import type { Account } from '../model/account.ts';
import type { ImageId } from '../model/ids.ts';
import type { MachineImage } from '../model/machine-image.ts';
import { TAG, type Tags } from '../model/tags.ts';
import { warmthTag, type Warmth } from '../warm/warmth.ts';
import type { ImageBuilderEc2 } from '../model/image-builder-ec2.ts';

/** Packer has waited already; this covers EC2's delay in telling the same to others. */
const AVAILABLE_MS = 30 * 60_000;
const LOOK_MS = 5_000;

/** The next daily image should be there long before. */
const DEPRECATED_AFTER_MS = 7 * 24 * 3_600_000;

/** What finishing an image works with. */
export interface Finishing {
  readonly account: Account;
  readonly imageBuilder: ImageBuilderEc2;
  readonly family: Pick<FamilySettings, 'encryptionKey' | 'shareWith'>;
  /** Absent for an image of an earlier try, whose numbers that one took with it. */
  readonly warmth?: Warmth;
  /** Tags that whoever made the image may not have come to set. */
  readonly tags?: Tags;
}

/**
 * Makes a candidate of the image that Packer has made: what Packer of any age cannot do is done here, and the tags that make it a candidate come
 * last. Doing it again changes nothing. Throws `outside` where the image does not become available, `refused` where it is open to others
 * than the configuration says, or not encrypted as it says: it stays unfinished then, and nothing launches it.
 */
export async function finishImage(
  host: Host,
  id: ImageId,
  { account, imageBuilder, family, warmth, tags = {} }: Finishing,
): Promise<MachineImage> {
  const image = await whenAvailable(host, account, id);
  requireClosed(image, family);
  await shareAsConfigured(imageBuilder, id, family);
  await imageBuilder.requireMetadataSessions(id);
  await imageBuilder.deprecate(id, new Date(host.clock.now().getTime() + DEPRECATED_AFTER_MS));
  const added = {
    ...tags,
    [TAG.state]: 'candidate',
    ...(warmth === undefined ? {} : { [TAG.warmth]: warmthTag(warmth) }),
  };
  await account.tagging.set([id, ...image.snapshots.map((snapshot) => snapshot.id)], added);
  return { ...image, tags: { ...image.tags, ...added } };
}

/** What EC2 says of it counts, not what was asked for: an account can have defaults, and Packer variables of its own. */
function requireClosed(
  { id, isPublic, snapshots }: MachineImage,
  { encryptionKey }: Finishing['family'],
): void {
  if (isPublic === true) {
    throw new WarmbakeError(
      'refused',
      'image-public',
      `${id} is public: everybody may read what is in its store`,
      {
        hint: 'delete it, and look who changes launch permissions in this account',
      },
    );
  }
  const open = snapshots.find(({ encrypted }) => encrypted !== true);
  if (encryptionKey === undefined || open === undefined) return;
  throw new WarmbakeError(
    'refused',
    'image-unencrypted',
    `snapshot ${open.id} of ${id} is not encrypted; ami.*.encryption.key is ${encryptionKey}`,
  );
}

async function shareAsConfigured(
  imageBuilder: ImageBuilderEc2,
  id: ImageId,
  { shareWith }: Finishing['family'],
): Promise<void> {
  const wanted = [...shareWith.accounts, ...shareWith.organizations];
  if (wanted.length === 0) return;
  await imageBuilder.share(id, shareWith);
  const { accounts, organizations } = await imageBuilder.sharedWith(id);
  const others = [...accounts, ...organizations].filter((one) => !wanted.includes(one));
  if (others.length === 0) return;
  throw new WarmbakeError('refused', 'image-shared', `${id} is shared with ${others.join(', ')} as well`, {
    hint: 'add them to ami.*.shareWith, or look who changes launch permissions in this account',
  });
}

async function whenAvailable(host: Host, account: Account, id: ImageId): Promise<MachineImage> {
  const deadline = host.clock.now().getTime() + AVAILABLE_MS;
  for (;;) {
    const image = await account.images.find(id);
    if (image?.availability === 'available') return image;
    const state = image?.availability ?? 'not there';
    // A new image can be unknown for some seconds, and is pending for as long as its snapshot takes.
    if ((image !== undefined && state !== 'pending') || host.clock.now().getTime() >= deadline) {
      throw new WarmbakeError('outside', 'image-unavailable', `image ${id} is ${state}, not available`);
    }
    await host.clock.sleep(LOOK_MS, host.signal);
  }
}
