import { startFront, type Front } from '../../parts/moto/front.ts';
import { furnisher } from '../../parts/moto/furnish.ts';
import { startMoto, type SeededImage } from '../../parts/moto/server.ts';
import type { Running } from '../../parts/part.ts';
import type { ImageId } from '../../src/ami/model/ids.ts';

/** Image of the Elastic CI stack, on which every machine image is built. */
export const BASE_AMI = 'ami-0123456789abcdef0';

/** An AWS in moto with three stacks, and the images of eight days that began four days ago. */
export interface Fleet extends Running {
  readonly front: Front;
  /** What a cleanup has just condemned it has condemned a day ago from now on. */
  nextDay(condemned: readonly ImageId[]): Promise<void>;
}

/** Starts it. Throws `PartMissing` where there is no moto. */
export async function startFleet(now: Date): Promise<Fleet> {
  // Of interest to nobody who watches.
  process.env['AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED'] = 'true';
  const earlier = Array.from({ length: 8 }, (_, i) => publishedImage(now, i + 4));
  const base = { ami_id: BASE_AMI, name: 'elastic-ci-stack', creation_date: '2026-01-01T00:00:00.000Z' };
  const moto = await startMoto([base, ...earlier]);
  const front = await startFront(moto);
  const furnish = furnisher(moto.url);
  await furnish.addNetwork({ securityGroup: '/demo/security-group', subnet: '/demo/subnet' });
  for (const stack of ['pull-requests', 'main', 'release'])
    await furnish.addStack(stack, earlier[0]?.ami_id ?? '');
  return {
    front,
    nextDay: async (condemned) => await furnish.condemn(condemned),
    stop: async () => {
      await front.stop();
      await moto.stop();
    },
  };
}

function publishedImage(now: Date, daysOld: number): SeededImage {
  const created = new Date(now.getTime() - daysOld * 86_400_000).toISOString();
  return {
    ami_id: `ami-${String(daysOld).padStart(17, '0')}`,
    name: `demo-build-${created.replaceAll(/\D/g, '').slice(0, 14)}`,
    creation_date: created,
    tags: { 'warmbake:family': 'cpu', 'warmbake:state': 'published', 'warmbake:run': `${daysOld}-days-ago` },
  };
}
