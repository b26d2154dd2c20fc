import type { Host } from '../../platform/host.ts';
import type { MachineImage } from '../model/machine-image.ts';
import { requireImage } from '../model/unpublishable.ts';
import { publish, type Published } from '../rollout/publish.ts';
import { asWriter } from './as-writer.ts';
import type { OpenFamily } from './open-family.ts';

/**
 * An image becomes the desired one. Throws `refused` where stacks must not run it, an operator holds the parameter, or
 * another run is at work.
 */
export async function publishJob(
  host: Host,
  open: OpenFamily,
  { written, dryRun }: { readonly written: string; readonly dryRun: boolean },
): Promise<{ readonly image: MachineImage; readonly published: Published }> {
  const { family, account } = open;
  const image = await requireImage(account, family, { written });
  const job = { job: 'publish', image: image.id } as const;
  return await asWriter(dryRun, host, { open, job }, async (locked) => ({
    image,
    published: await publish(locked.account, host, { family, image, dryRun, late: locked.late }),
  }));
}
