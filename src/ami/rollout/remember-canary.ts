import type { FamilySettings } from '../../config/families.ts';
import { WarmbakeError } from '../../platform/errors.ts';
import { warn } from '../../platform/events.ts';
import type { Host } from '../../platform/host.ts';
import type { Account } from '../model/account.ts';
import { canaryFailureOf, failureTags, proofTags } from '../model/canary-mark.ts';
import type { ImageId } from '../model/ids.ts';
import type { MachineImage } from '../model/machine-image.ts';
import { TAG } from '../model/tags.ts';

/** The image whose canary has said something. */
export interface Tried {
  readonly family: FamilySettings;
  readonly image: ImageId;
}

/** Says on an image that its canary has found it at fault. That it could not be written is a warning: the next try finds out anew. */
export async function rememberFault(
  account: Account,
  host: Pick<Host, 'clock' | 'emit'>,
  { family, image, because }: Tried & { readonly because: string },
): Promise<void> {
  const tags = { [TAG.family]: family.key, ...failureTags({ at: host.clock.now(), because }) };
  await written(host, async () => await account.tagging.set([image], tags));
}

/** Takes a failure back where a later try has proved the image. */
export async function forgetFault(
  account: Account,
  host: Pick<Host, 'clock' | 'emit'>,
  image: ImageId,
): Promise<void> {
  await written(host, async () => {
    const found = await account.images.find(image);
    if (found === undefined || canaryFailureOf(found) === undefined) return;
    await account.tagging.set([image], proofTags(host.clock.now()));
  });
}

/**
 * The same run again would only give the canary the same bad image again. Throws `check` where the image has failed on its canary and no later
 * try has proved it.
 */
export function requireUnfailed(image: MachineImage, { key }: Pick<FamilySettings, 'key'>): void {
  const failure = canaryFailureOf(image);
  if (failure === undefined) return;
  throw new WarmbakeError(
    'check',
    'canary-failed-before',
    `${image.id} failed on its canary at ${failure.at.toISOString()}: ${failure.because}; nothing was written`,
    {
      hint: `the next run makes another image; if it was not the image's fault, try this one once more: warmbake ami canary ${image.id} --family ${key}`,
    },
  );
}

async function written({ emit }: Pick<Host, 'emit'>, write: () => Promise<void>): Promise<void> {
  try {
    await write();
  } catch (error) {
    if (!(error instanceof WarmbakeError)) throw error;
    warn(emit, 'canary-unwritten', `the image does not say what its canary found: ${error.message}`);
  }
}
