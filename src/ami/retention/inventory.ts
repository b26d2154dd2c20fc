import type { FamilySettings } from '../../config/families.ts';
import { WarmbakeError } from '../../platform/errors.ts';
import type { Host } from '../../platform/host.ts';
import { inParallel } from '../../platform/parallel.ts';
import type { Account, Group } from '../model/account.ts';
import { readDesiredState } from '../model/desired.ts';
import { holdParameter } from '../model/hold.ts';
import { revocationsParameter } from '../model/revocations.ts';
import { imageIdsIn, type ImageId, type TemplateId } from '../model/ids.ts';
import { groupNameOf, stackFinder } from '../rollout/find-stacks.ts';
import type { TemplateVersion } from '../model/template-version.ts';
import {
  hasShrunk,
  usageInEither,
  usageOf,
  usesIn,
  writtenImagesIn,
  type OtherVersions,
  type Usage,
  type UsageFacts,
  type UsedVersion,
} from './usage.ts';

/** Lookups at a time. */
const AT_A_TIME = 25;

/** What may be in use besides what AWS knows. */
export interface UsageOptions {
  readonly family: FamilySettings;
  /** Images of rollouts that are under way. */
  readonly rollouts: readonly ImageId[];
  /** What this run has read before: where less is there now, it is read once more, and either reading counts. */
  readonly before?: Usage;
  /** Whether what takes many requests is read too: instance refreshes of each group, values of all parameters. Default: true. */
  readonly forDeletion?: boolean;
}

/**
 * Reads everything that can refer to an image. What cannot be read makes the answer incomplete; nothing but an interruption
 * throws. What shrank or contradicts itself, as where a group has an instance that EC2 does not list, is read twice.
 */
export async function readUsage(
  account: Account,
  { clock }: Pick<Host, 'clock'>,
  options: UsageOptions,
): Promise<Usage> {
  const { before } = options;
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
  { family, rollouts, before, forDeletion = true }: UsageOptions,
): Promise<UsageFacts> {
  const [desiredState, groups, find, currentVersions, instances, configurations, fleets, named, history] =
    await Promise.all([
      readDesiredState(account, family, now),
      account.groups.list(),
      stackFinder(account, family.stacks),
      account.templates.current(),
      account.instances.list(),
      account.groups.configurations(),
      account.fleets.list(),
      forDeletion ? account.parameters.namingImages() : [],
      account.parameters.history(family.parameter),
    ]);
  const stacks = await inParallel(
    family.stacks,
    async (stack) => {
      const [group, found] = await Promise.all([groupNameOf(account, groups, stack), find(stack)]);
      // Of a stack that is not there nothing is certain.
      return { stack, group: found === undefined ? undefined : group, found };
    },
    { limit: AT_A_TIME },
  );
  const refreshes = forDeletion ? await readRefreshes(account, groups) : [];
  const launching = { groups, refreshes, fleets };
  const usedVersions = await inParallel(
    usesIn(launching),
    async ({ by, use }) => ({ by, use, version: await readVersion(account, currentVersions, use) }),
    { limit: AT_A_TIME },
  );
  const own = new Set(stacks.map(({ group }) => group));
  const ownTemplates = usesIn({
    groups: groups.filter(({ name }) => own.has(name)),
    refreshes: [],
    fleets: [],
  });
  const otherVersions = await readOtherVersions(account, currentVersions, {
    own: new Set(ownTemplates.map(({ use }) => use.template)),
    known: before?.complete === true ? before.facts.otherVersions : [],
  });
  const versions = [
    ...currentVersions,
    ...usedVersions.flatMap(({ version }) => version ?? []),
    ...otherVersions.flatMap((other) => other.versions),
  ];
  const written = [
    ...versions.flatMap(({ image }) => image ?? []),
    ...[...configurations, ...writtenImagesIn(launching)].map(({ image }) => image),
  ];
  const resolved = await lookUp(written.filter(isReference), async (text) => {
    const parameter = await account.parameters.get(text.slice(REFERENCE.length));
    return parameter === undefined ? [] : imageIdsIn(parameter.value);
  });
  const ours = new Set([family.parameter, holdParameter(family), revocationsParameter(family)]);
  return {
    desiredState,
    groups,
    stacks,
    currentVersions,
    usedVersions,
    otherVersions,
    configurations,
    refreshes,
    fleets,
    parameters: named.filter(({ name }) => !ours.has(name)),
    labelled: history.filter(({ labels }) => labels.length > 0),
    resolved,
    instances,
    rollouts,
  };
}

/** What EC2 resolves at each launch. */
const REFERENCE = 'resolve:ssm:';

function isReference(image: string): boolean {
  return image.startsWith(REFERENCE);
}

async function readRefreshes(account: Account, groups: readonly Group[]): Promise<UsageFacts['refreshes']> {
  const read = await inParallel(
    groups,
    async ({ name }) => (await account.groups.refreshes(name)).map((launch) => ({ name, launch })),
    { limit: AT_A_TIME },
  );
  return read.flat();
}

async function readVersion(
  account: Account,
  current: readonly TemplateVersion[],
  { template: named, version }: UsedVersion['use'],
): Promise<TemplateVersion | undefined> {
  const of = current.filter(({ template, templateName }) => template === named || templateName === named);
  const found = of.find(({ number }) => String(number) === version);
  // A template that is not among the current ones has no version.
  const [one] = of;
  return found ?? (one === undefined ? undefined : await account.templates.version(one.template, version));
}

/** Versions are immutable: those of a template are read again when it has got another one. */
async function readOtherVersions(
  account: Account,
  current: readonly TemplateVersion[],
  { own, known }: { readonly own: ReadonlySet<string>; readonly known: readonly OtherVersions[] },
): Promise<readonly OtherVersions[]> {
  const numbers = new Map<TemplateId, ReadonlySet<number>>();
  for (const { template, number } of current)
    numbers.set(template, new Set([...(numbers.get(template) ?? []), number]));
  const others = [...numbers].flatMap(([template, there]) => {
    const latest = Math.max(...there);
    return own.has(template) || latest === there.size ? [] : [{ template, latest }];
  });
  return await inParallel(
    others,
    async ({ template, latest }) =>
      known.find((one) => one.template === template && one.latest === latest) ?? {
        template,
        latest,
        versions: await account.templates.all(template),
      },
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
