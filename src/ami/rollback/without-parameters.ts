import type { FamilySettings } from '../../config/families.ts';
import { WarmbakeError } from '../../platform/errors.ts';
import type { ImageId } from '../model/ids.ts';

/**
 * Where SSM fails, what `work` throws says what still works: stacks are moved without it. `image` is where the rollback would
 * lead, where that is known.
 */
export async function tellingOfRoll<T>(
  { family, image }: { readonly family: Pick<FamilySettings, 'key'>; readonly image?: ImageId },
  work: () => Promise<T>,
): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof WarmbakeError) || error.kind !== 'outside' || !/\bssm:/.test(error.message))
      throw error;
    const { kind, code, message, hint: before } = error;
    const still = `stacks can be moved without SSM: warmbake ami roll --image ${image ?? 'AMI'} --family ${family.key}`;
    throw new WarmbakeError(kind, code, message, {
      cause: error,
      hint: before === undefined ? still : `${before}; ${still}`,
    });
  }
}
