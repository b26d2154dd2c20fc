import type { FamilySettings } from '../../config/families.ts';
import { WarmbakeError } from '../../platform/errors.ts';
import type { Account } from './account.ts';
import { parseImageId, type ImageId } from './ids.ts';
import { belongsTo, stateOf, type MachineImage } from './machine-image.ts';
import { TAG } from './tags.ts';

/** Why an image must not become what stacks run. */
export interface Unpublishable {
  readonly code: 'image-missing' | 'image-foreign' | 'image-public' | 'image-revoked' | 'image-unavailable';
  readonly because: string;
}

/** Looks for a reason not to run `image`, which is what AWS has under `id`. */
export function whyUnpublishable(
  image: MachineImage | undefined,
  {
    id,
    family,
    account,
  }: { readonly id: ImageId; readonly family: FamilySettings; readonly account: string },
): Unpublishable | undefined {
  if (image === undefined) {
    return { code: 'image-missing', because: `there is no image ${id} in ${family.region}` };
  }
  if (image.owner !== account) {
    return { code: 'image-foreign', because: `${id} belongs to account ${image.owner}, not to ${account}` };
  }
  if (!belongsTo(image, family)) {
    return { code: 'image-foreign', because: `${id} ('${image.name}') is not of family '${family.key}'` };
  }
  if (image.isPublic === true) {
    return { code: 'image-public', because: `${id} is public: everybody may read what is in its store` };
  }
  if (stateOf(image) === 'revoked') {
    const by = image.tags[TAG.revokedBy] ?? 'somebody';
    const reason = image.tags[TAG.reason];
    return {
      code: 'image-revoked',
      because: `${id} was revoked by ${by}${reason === undefined ? '' : `: ${reason}`}`,
    };
  }
  return image.availability === 'available'
    ? undefined
    : { code: 'image-unavailable', because: `${id} is ${image.availability}, not available` };
}

/** What somebody wrote as the id of an image. Throws `usage` where it is none. */
export function requireImageId(written: string): ImageId {
  const id = parseImageId(written);
  if (id !== undefined) return id;
  throw new WarmbakeError(
    'usage',
    'image-malformed',
    `'${written}' is not an image id; write ami- and 17 hex digits`,
  );
}

/** The image behind what somebody wrote. Throws `usage` where it is no id, `refused` where stacks must not run it. */
export async function requireImage(
  account: Account,
  family: FamilySettings,
  { written }: { readonly written: string },
): Promise<MachineImage> {
  const id = requireImageId(written);
  const [caller, image] = await Promise.all([account.identity.caller(), account.images.find(id)]);
  const refusal = whyUnpublishable(image, { id, family, account: caller.account });
  if (image !== undefined && refusal === undefined) return image;
  throw new WarmbakeError(
    'refused',
    refusal?.code ?? 'image-missing',
    refusal?.because ?? `no image ${id}`,
    refusal?.code === 'image-revoked' ? { hint: unrevokeHint(id, family) } : {},
  );
}

/** What to do about a revocation that was a mistake. */
export function unrevokeHint(id: ImageId, { key }: Pick<FamilySettings, 'key'>): string {
  return `if that was a mistake, take it back first: warmbake ami unrevoke ${id} --family ${key}`;
}
