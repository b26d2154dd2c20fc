import type { FamilySettings } from '../../config/families.ts';
import { WarmbakeError } from '../../platform/errors.ts';
import type { Host } from '../../platform/host.ts';
import { inParallel } from '../../platform/parallel.ts';
import type { Account } from '../model/account.ts';
import { readDesiredState } from '../model/desired.ts';
import { imageIdsIn, type ImageId } from '../model/ids.ts';
import type { TemplateUse } from '../model/launch.ts';
import { LOGICAL_ID } from '../rollout/stack-plan.ts';
import type { TemplateVersion } from '../model/template-version.ts';
import { hasShrunk, usageInEither, usageOf, usesOfGroups, type UsageFacts, type Usage } from './usage.ts';

/** Lookups at a time. */
const AT_A_TIME = 8;

/** What may be in use besides what AWS knows. */
export interface UsageOptions {
  readonly family: FamilySettings;
  /** Images of rollouts that are under way. */
  readonly rollouts: readonly ImageId[];
  /** What this run has read before: where less is there now, it is read once more, and either reading counts. */
  readonly before?: Usage;
}

/**
 * Reads everything that can refer to an image. What cannot be read makes the answer incomplete; nothing but an interruption
 * throws. What shrank or contradicts itself, as where a group has an instance that EC2 does not list, is read twice.
 */
export async function readUsage(
  account: Account,
  { clock }: Pick<Host, 'clock'>,
  { before, ...options }: UsageOptions,
): Promise<Usage> {
  const read = async () => usageOf(await readInventory(account, clock.now(), options));
  try {
    const first = await read();
    const isDoubtful = first.complete ? before !== undefined && hasShrunk(first, before) : true;
    return isDoubtful ? usageInEither(first, await read()) : first;
  } catch (error) {
    if (!(error instanceof WarmbakeError)) throw error;
    return { complete: false, missing: [error.message] };
  }
}

async function readInventory(
  account: Account,
  now: Date,
  { family, rollouts }: UsageOptions,
): Promise<UsageFacts> {
  const [desiredState, groups, stackGroups, currentVersions, instances] = await Promise.all([
    readDesiredState(account, family, now),
    account.groups.list(),
    readStackGroups(account, family.stacks),
    account.templates.current(),
    account.instances.list(),
  ]);
  const usedVersions = await inParallel(
    usesOfGroups(groups),
    async ({ group, use }) => ({
      group,
      use,
      version:
        currentVersions.find((version) => isUse(version, use)) ??
        (await account.templates.version(use.template, use.version)),
    }),
    { limit: AT_A_TIME },
  );
  const names = groups.flatMap(({ launch }) => (launch.kind === 'configuration' ? [launch.name] : []));
  const configurations = await lookUp(names, async (name) => await account.groups.configurationImage(name));
  const versions = [...currentVersions, ...usedVersions.flatMap(({ version }) => version ?? [])];
  const resolved = await lookUp(references(versions), async (text) => {
    const parameter = await account.parameters.get(text.slice('resolve:ssm:'.length));
    return parameter === undefined ? [] : imageIdsIn(parameter.value);
  });
  return {
    desiredState,
    groups,
    stackGroups,
    currentVersions,
    usedVersions,
    configurations,
    resolved,
    instances,
    rollouts,
  };
}

/** Whether this is the version meant, by number. */
function isUse({ template, number }: TemplateVersion, use: TemplateUse): boolean {
  return template === use.template && String(number) === use.version;
}

async function readStackGroups(
  account: Account,
  stacks: readonly string[],
): Promise<UsageFacts['stackGroups']> {
  return await inParallel(
    stacks,
    async (stack) => ({ stack, group: await account.stacks.resource(stack, LOGICAL_ID.group) }),
    { limit: AT_A_TIME },
  );
}

async function lookUp<T>(
  keys: readonly string[],
  find: (key: string) => Promise<T>,
): Promise<ReadonlyMap<string, T>> {
  const found = await inParallel([...new Set(keys)], async (key) => [key, await find(key)] as const, {
    limit: AT_A_TIME,
  });
  return new Map(found);
}

/** Images that versions name through a parameter. */
function references(versions: readonly TemplateVersion[]): readonly string[] {
  return versions.flatMap(({ image }) => (image?.startsWith('resolve:ssm:') === true ? [image] : []));
}
