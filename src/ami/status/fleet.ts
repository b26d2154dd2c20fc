import type { FamilySettings } from '../../config/families.ts';
import { WarmbakeError } from '../../platform/errors.ts';
import type { Host } from '../../platform/host.ts';
import { inParallel } from '../../platform/parallel.ts';
import type { Account, Instance } from '../model/account.ts';
import { readDesiredState, type DesiredState } from '../model/desired.ts';
import type { ImageId } from '../model/ids.ts';
import { readUsage } from '../retention/inventory.ts';
import { belongsTo, imageNamePrefix, newestFirst, type MachineImage } from '../model/machine-image.ts';
import type { StackFacts } from '../rollout/stack-plan.ts';
import { readStack } from '../rollout/stack-facts.ts';
import type { TemplateVersion } from '../model/template-version.ts';
import type { Usage } from '../retention/usage.ts';

/** Stacks that are read at a time. */
const AT_A_TIME = 8;

/** All that is known of a family at one time. */
export interface Fleet {
  readonly family: FamilySettings;
  readonly at: Date;
  readonly desiredState: DesiredState;
  /** The family's images, newest first. */
  readonly images: readonly MachineImage[];
  /** The desired image, also where it is none of the family's. */
  readonly desired?: MachineImage;
  readonly usage: Usage;
  readonly stacks: readonly FleetStack[];
  /** Instances that the stacks launched, and others that run images of the family. */
  readonly instances: readonly Instance[];
}

/** A stack, or why it could not be read. */
export type FleetStack =
  | { readonly state: 'read'; readonly facts: StackFacts; readonly latest?: TemplateVersion }
  | { readonly state: 'unreadable'; readonly name: string; readonly error: WarmbakeError };

/** Reads the fleet; changes nothing. A stack that cannot be read does not hide the others. */
export async function readFleet(
  account: Account,
  host: Pick<Host, 'clock' | 'signal'>,
  { family, rollouts }: { readonly family: FamilySettings; readonly rollouts: readonly ImageId[] },
): Promise<Fleet> {
  const at = host.clock.now();
  const desiredState = await readDesiredState(account, family, at);
  const wanted = desiredState.desired.state === 'image' ? desiredState.desired.id : undefined;
  const [named, desired, usage, stacks, everywhere] = await Promise.all([
    account.images.list(imageNamePrefix(family)),
    wanted === undefined ? undefined : account.images.find(wanted),
    readUsage(account, host, { family, rollouts, forDeletion: false }),
    inParallel(family.stacks, async (name) => await readOne(account, name, wanted ?? 'ami-'), {
      limit: AT_A_TIME,
    }),
    account.instances.list(),
  ]);
  const images = newestFirst(named.filter((image) => belongsTo(image, family)));
  const ids = new Set(images.map(({ id }) => id));
  const groups = new Set(stacks.flatMap((stack) => (stack.state === 'read' ? [stack.facts.groupName] : [])));
  return {
    family,
    at,
    desiredState,
    images,
    ...(desired === undefined ? {} : { desired }),
    usage,
    stacks,
    instances: everywhere.filter(
      ({ group, image }) => ids.has(image) || (group !== undefined && groups.has(group)),
    ),
  };
}

async function readOne(account: Account, name: string, image: ImageId): Promise<FleetStack> {
  try {
    const facts = await readStack(account, name, image);
    const latest =
      facts.template === undefined ? undefined : await account.templates.version(facts.template, '$Latest');
    return { state: 'read', facts, ...(latest === undefined ? {} : { latest }) };
  } catch (error) {
    if (!(error instanceof WarmbakeError)) throw error;
    return { state: 'unreadable', name, error };
  }
}
