import { isDeepStrictEqual } from 'node:util';
import type { DiskSettings } from '../../config/families.ts';
import { WarmbakeError } from '../../platform/errors.ts';
import { warn } from '../../platform/events.ts';
import type { Host } from '../../platform/host.ts';
import { inParallel } from '../../platform/parallel.ts';
import { startProgress } from '../../platform/progress.ts';
import { waitFor } from '../../platform/wait.ts';
import type { Account } from '../model/account.ts';
import { describeDisk, lacksDevices, LAZY_DISK, wantedDisk, type WantedDisk } from '../model/disk.ts';
import type { ImageId } from '../model/ids.ts';
import { withVersion, type Launch } from '../model/launch.ts';
import { foreignNewest, OWN_VERSION, planStack, type StackFacts, type StackMove } from './stack-plan.ts';
import { readStackAgain, readStacks, type StackReading } from './stack-facts.ts';
import { changedDevices, equalButForImage, type TemplateVersion } from '../model/template-version.ts';

/** Stacks that are worked on at a time: a hundred are done in seconds; where a service takes less, its limit decides (`aws-retry.ts`). */
const AT_A_TIME = 50;
/** How long a write may take to be seen by reads. */
const SETTLE = { everyMs: 1_000, withinMs: 30_000 };

/** How it went with one stack. */
export type StackResult =
  | {
      readonly stack: string;
      readonly outcome: 'unchanged' | 'updated' | 'planned';
      readonly group: string;
      readonly template: string;
      readonly from: TemplateUsed;
      /** Without a version number where one would be made. */
      readonly to: Partial<TemplateUsed>;
    }
  | { readonly stack: string; readonly outcome: 'failed'; readonly error: WarmbakeError };

/** A version and the image that it launches. */
export interface TemplateUsed {
  readonly version: number;
  readonly image: string;
}

/** What to roll, and whether to do it. */
export interface RollOptions {
  readonly image: ImageId;
  readonly stacks: readonly string[];
  /** How disks of instances come by their blocks. Default: as they are asked for. */
  readonly disk?: DiskSettings | undefined;
  /** Only plan. */
  readonly dryRun: boolean;
  /** One stack after the other, as they are listed. Default: several at a time. */
  readonly inOrder?: boolean;
  /** Awaited right before each stack is changed; where it throws, the stack stays as it is, and fails. */
  readonly before?: () => Promise<void>;
}

/**
 * Makes the groups of all `stacks` launch `image`: what is there already stays, a version that an interrupted run left is
 * taken, and every change is read back. Running instances are left alone. A stack that fails does not stop the others;
 * only an interruption throws.
 */
export async function roll(
  account: Account,
  host: Pick<Host, 'clock' | 'signal' | 'emit'>,
  { image, stacks, disk: settings, dryRun, inOrder = false, before }: RollOptions,
): Promise<readonly StackResult[]> {
  const disk = await diskOf(account, image, settings);
  const rollStack = async (reading: StackReading): Promise<StackResult> => {
    if (reading.state === 'unreadable')
      return { stack: reading.name, outcome: 'failed', error: reading.error };
    const { facts } = reading;
    const stack = facts.name;
    try {
      const first = planMove(facts, { image, disk });
      const foreign = foreignNewest(facts, image);
      if (foreign !== undefined) warn(host.emit, 'newest-version-foreign', passingOver(first, foreign));
      if (lacksDevices(first.active, disk)) warn(host.emit, 'rate-not-written', withoutDevices(first));
      if (first.action === 'nothing') return result(first, 'unchanged', first.active.number);
      if (dryRun) return result(first, 'planned', first.action === 'reuse' ? first.number : undefined);
      // Its turn may come long after all were read.
      const plan = planMove(await readStackAgain(account, facts, image), { image, disk });
      if (plan.action === 'nothing') return result(plan, 'unchanged', plan.active.number);
      await before?.();
      const number =
        plan.action === 'reuse' ? plan.number : (await makeVersion(account, host, { ...plan, disk })).number;
      await relaunch(account, host, { group: plan.group, launch: withVersion(plan.launch, number) });
      return result(plan, 'updated', number);
    } catch (error) {
      if (!(error instanceof WarmbakeError)) throw error;
      return { stack, outcome: 'failed', error: ofStack(stack, error) };
    }
  };
  const readings = await readStacks(account, stacks, image);
  const progress = startProgress(host, { what: 'stacks', total: stacks.length });
  const rollNext = async (reading: StackReading): Promise<StackResult> => {
    const done = await rollStack(reading);
    progress.done();
    return done;
  };
  return await inParallel(readings, rollNext, { limit: inOrder ? 1 : AT_A_TIME });
}

function planMove(
  facts: StackFacts,
  { image, disk }: { readonly image: ImageId; readonly disk: WantedDisk },
): StackMove {
  const plan = planStack(facts, image, disk);
  if (plan.action === 'refuse') throw new WarmbakeError('outside', plan.code, plan.because);
  return plan;
}

/** Only where a rate is wanted the image's devices have to be known. */
async function diskOf(
  account: Account,
  image: ImageId,
  settings: DiskSettings | undefined,
): Promise<WantedDisk> {
  if (settings === undefined || settings.kind === 'lazy') return LAZY_DISK;
  return wantedDisk(settings, await account.images.find(image));
}

function passingOver({ stack, active }: StackMove, { template, number }: TemplateVersion): string {
  return `the newest version ${number} of ${template}, of '${stack}', was made by hand or by a stack update that failed, and its group launches version ${active.number}: what ${number} changes is not taken over; to have it, let the group launch ${number} and roll again, else delete it: aws ec2 delete-launch-template-versions --launch-template-id ${template} --versions ${number}`;
}

function withoutDevices({ stack, active }: StackMove): string {
  return `the template of '${stack}' (${active.template}, version ${active.number}) names no device of the image: its disk is not loaded at a rate`;
}

/** AWS speaks of groups and templates by their ids; what stops the whole run is not the stack's. */
function ofStack(stack: string, error: WarmbakeError): WarmbakeError {
  const { kind, code, message, hint } = error;
  if (kind === 'refused' || message.includes(`'${stack}'`)) return error;
  return new WarmbakeError(kind, code, `stack '${stack}': ${message}`, {
    cause: error,
    ...(hint === undefined ? {} : { hint }),
  });
}

async function makeVersion(
  account: Account,
  { clock, signal }: Pick<Host, 'clock' | 'signal'>,
  { active, image, data, disk }: StackMove & { readonly disk: WantedDisk },
): Promise<TemplateVersion> {
  const devices = changedDevices(active.data, data);
  const rate = lacksDevices(active, disk) ? '' : describeDisk(disk);
  const { template, number } = await account.templates.create({
    template: active.template,
    source: active.number,
    image,
    description: `${image} ${OWN_VERSION}, else as version ${active.number}${rate}`,
    ...(devices === undefined ? {} : { devices }),
  });
  const made = await waitFor(async () => await account.templates.version(template, `${number}`), {
    ...SETTLE,
    clock,
    signal,
  });
  if (made?.image === image && equalButForImage(made, { data })) return made;
  throw new WarmbakeError(
    'outside',
    'version-differs',
    `version ${number} of ${template} was made from version ${active.number} but differs in more than the image${rate === '' ? '' : ' and the rate of its disk'}`,
    { hint: `compare the two; no group uses version ${number}` },
  );
}

/** Updates a group and waits until it says so itself. */
async function relaunch(
  account: Account,
  { clock, signal }: Pick<Host, 'clock' | 'signal'>,
  { group, launch }: { readonly group: string; readonly launch: Launch },
): Promise<void> {
  await account.groups.relaunch(group, launch);
  const isThere = async () =>
    isDeepStrictEqual((await account.groups.find(group))?.launch, launch) ? true : undefined;
  if ((await waitFor(isThere, { ...SETTLE, clock, signal })) !== undefined) return;
  throw new WarmbakeError(
    'outside',
    'group-differs',
    `group '${group}' does not launch what it was told to; something else changes it, or its policy was taken in part`,
    { hint: 'run this again when no stack update is under way' },
  );
}

function result(
  { stack, group, active, image }: StackMove,
  outcome: 'unchanged' | 'updated' | 'planned',
  version: number | undefined,
): StackResult {
  return {
    stack,
    outcome,
    group,
    template: active.template,
    from: { version: active.number, image: active.image ?? '' },
    to: { image, ...(version === undefined ? {} : { version }) },
  };
}
