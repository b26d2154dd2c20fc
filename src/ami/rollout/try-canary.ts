import type { CanarySettings, FamilySettings } from '../../config/families.ts';
import { WarmbakeError } from '../../platform/errors.ts';
import { warn } from '../../platform/events.ts';
import type { Host } from '../../platform/host.ts';
import type { Account } from '../model/account.ts';
import { watchCanary } from './canary-watch.ts';
import type { CanaryVerdict } from './canary.ts';
import { readDesiredState, readStanding, type DesiredState, type Standing } from '../model/desired.ts';
import { parseImageId, type ImageId } from '../model/ids.ts';
import { TAG } from '../model/tags.ts';
import { diskTag } from '../model/disk-measure.ts';
import { claimImage } from './claim-image.ts';
import { lookAgain } from './look-again.ts';
import { forgetFault, rememberFault } from './remember-canary.ts';
import { rollWhile } from './roll-while.ts';
import { roll, type StackResult } from './roll.ts';

/** Options of {@link tryCanary}. */
export interface CanaryOptions {
  readonly family: FamilySettings;
  readonly canary: CanarySettings;
  readonly image: ImageId;
  /** Only plan. */
  readonly dryRun: boolean;
  /** Sends a job to an instance of the candidate; absent outside of a pipeline. */
  readonly sendProbe?: () => Promise<SentProbe>;
  /** Parameter and hold as they were when this was decided. Default: as they are now. */
  readonly standing?: Standing;
  /** Puts back what was written too late, also where the run has lost its lock. Default: the account itself. */
  readonly late?: Account | undefined;
}

/** A job on its way to an instance of the candidate. */
export interface SentProbe {
  /** What it says, once it does. */
  answer(): Promise<CanaryVerdict | undefined>;
  /** Takes it back, where nobody waits for it any more. */
  cancel(): Promise<void>;
}

/** How the canary took the candidate. */
export interface CanaryReport {
  readonly stack: StackResult;
  readonly verdict: CanaryVerdict | { readonly verdict: 'not-watched' };
}

/**
 * Gives the candidate to the canary stack and watches what becomes of it. A candidate that is at fault is taken off the
 * canary again, and remembers it; so is one without proof where proof is required: both throw `check`, and the fleet is as it was. So it is, with
 * `refused`, where parameter, hold or candidate change meanwhile.
 */
export async function tryCanary(
  account: Account,
  host: Pick<Host, 'clock' | 'signal' | 'emit'>,
  options: CanaryOptions,
): Promise<CanaryReport> {
  const { family, canary, image, dryRun, sendProbe, late } = options;
  const standing = options.standing ?? (await readStanding(account, family, host.clock.now()));
  const premise = { family, image, standing };
  const stacks = [canary.stack];
  const { stacks: rolled, stopped } = dryRun
    ? { stacks: await roll(account, host, { image, stacks, disk: family.disk, dryRun }) }
    : await rollWhile(account, host, { premise, stacks, late });
  const [stack] = rolled;
  if (stack === undefined || stack.outcome === 'failed') {
    throw stack?.error ?? new WarmbakeError('defect', 'canary-lost', 'the canary was not rolled');
  }
  if (stopped !== undefined)
    throw await leftCanary(account, host, { ...options, before: stack.from.image, stopped });
  if (dryRun || canary.watchMs === 0) return { stack, verdict: { verdict: 'not-watched' } };

  const since = host.clock.now();
  const probe = sendProbe === undefined ? undefined : await sent(host, sendProbe);
  const watch = { group: stack.group, image, since, watchMs: canary.watchMs };
  const waited =
    probe === undefined
      ? 'what it launches (a probe job is sent in Buildkite only)'
      : 'what it launches, and for the probe job';
  host.emit({ type: 'line', text: `watching ${waited} for up to ${Math.ceil(canary.watchMs / 60_000)} min` });
  const look = lookAgain(account, host, premise);
  const verdict = await watchCanary(account, host, {
    ...watch,
    look,
    ...(probe === undefined ? {} : { probe: async () => await probe.answer() }),
  }).catch(async (error: unknown) => {
    if (!(error instanceof WarmbakeError) || error.code !== 'changed-meanwhile') throw error;
    await probe?.cancel();
    throw await leftCanary(account, host, { ...options, before: stack.from.image, stopped: error });
  });
  if (verdict.verdict === 'proven') {
    await forgetFault(account, host, image);
    await tagMeasure(account, host, { family, image, verdict });
    return { stack, verdict };
  }
  if (verdict.verdict !== 'image-fault' && !canary.requireProof) {
    warn(
      host.emit,
      'canary-unproven',
      `nothing has proved ${image}: ${textOf(verdict)}; going on without proof`,
    );
    return { stack, verdict };
  }
  await probe?.cancel();
  const { isBack, phrase } = await putBack(account, host, { ...options, before: stack.from.image });
  // Where the canary has it still, the same run again shall try to put it back.
  if (verdict.verdict === 'image-fault' && isBack)
    await rememberFault(account, host, { family, image, because: verdict.because });
  throw new WarmbakeError(
    'check',
    verdict.verdict === 'image-fault' ? 'canary-fault' : 'canary-unproven',
    `${image} failed on canary '${canary.stack}': ${textOf(verdict)}; ${phrase}`,
    { hint: 'look at the instances of that stack; the other stacks were not touched' },
  );
}

/**
 * What a job there has measured first with disks of this kind stays with the image: a later one reads from a disk that is loaded already.
 * That it could not be written changes nothing.
 */
async function tagMeasure(
  account: Account,
  { emit }: Pick<Host, 'emit'>,
  {
    family,
    image,
    verdict,
  }: {
    readonly family: FamilySettings;
    readonly image: ImageId;
    readonly verdict: CanaryVerdict & { readonly verdict: 'proven' };
  },
): Promise<void> {
  if (verdict.measured === undefined) return;
  try {
    const before = (await account.images.find(image))?.tags[TAG.disk];
    if (before?.split(' ')[0] === family.disk.kind) return;
    await account.tagging.set([image], { [TAG.disk]: diskTag(family.disk, verdict.measured) });
  } catch (error) {
    if (!(error instanceof WarmbakeError) || error.kind !== 'outside') throw error;
    warn(emit, 'measure-lost', error.message);
  }
}

/** Where no job can be sent, what the group launches has to do. */
async function sent(
  { emit }: Pick<Host, 'emit'>,
  send: () => Promise<SentProbe>,
): Promise<SentProbe | undefined> {
  try {
    return await send();
  } catch (error) {
    if (!(error instanceof WarmbakeError)) throw error;
    warn(emit, error.code, `${error.message}; only the launches are watched`);
    return undefined;
  }
}

/** Puts the canary back where what it was given for is not true any more; the error that says so. */
async function leftCanary(
  account: Account,
  host: Pick<Host, 'clock' | 'signal' | 'emit'>,
  { stopped, ...options }: CanaryOptions & { readonly before: string; readonly stopped: WarmbakeError },
): Promise<WarmbakeError> {
  const { code, message, hint } = stopped;
  const { phrase } = await putBack(account, host, options);
  return new WarmbakeError('refused', code, `${message}; ${phrase}`, hint === undefined ? {} : { hint });
}

/** Gives the canary what it should run without the candidate; one phrase about how that went. */
async function putBack(
  account: Account,
  host: Pick<Host, 'clock' | 'signal' | 'emit'>,
  { family, canary, image, before, late = account }: CanaryOptions & { readonly before: string },
): Promise<{ readonly isBack: boolean; readonly phrase: string }> {
  const left = (because: string) => ({
    isBack: false,
    phrase: `'${canary.stack}' still launches it${because}`,
  });
  const state = await readDesiredState(account, family, host.clock.now());
  const earlier = imageBefore(state, { before, image });
  if (earlier === undefined) return left(', as no earlier image is known');
  const claim = await claimImage(late, host, { id: earlier, family });
  if (!claim.fit) return left(`: ${claim.because}`);
  const [result] = await roll(late, host, {
    image: earlier,
    stacks: [canary.stack],
    disk: family.disk,
    dryRun: false,
  });
  return result?.outcome === 'failed'
    ? left(`: ${result.error.message}`)
    : { isBack: true, phrase: `'${canary.stack}' launches ${earlier} again` };
}

/** What is held, else what the parameter says, else what the canary ran before: after an interrupted run that is the candidate itself. */
function imageBefore(
  { desired, hold }: DesiredState,
  { before, image }: { readonly before: string; readonly image: ImageId },
): ImageId | undefined {
  const held = hold.state === 'held' ? hold.hold.image : undefined;
  const wanted = held ?? (desired.state === 'image' ? desired.id : parseImageId(before));
  return wanted === image ? undefined : wanted;
}

function textOf(verdict: CanaryVerdict): string {
  return verdict.verdict === 'nothing-launched' ? 'nothing was launched' : verdict.because;
}
