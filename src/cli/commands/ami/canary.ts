import { requireImage } from '../../../ami/model/unpublishable.ts';
import { readDesiredState } from '../../../ami/model/desired.ts';
import { heldBecause } from '../../../ami/model/hold.ts';
import type { ImageId } from '../../../ami/model/ids.ts';
import type { Account } from '../../../ami/model/account.ts';
import { sendProbe } from '../../../ami/buildkite/probe-job.ts';
import { tryCanary, type CanaryOptions, type CanaryReport } from '../../../ami/rollout/try-canary.ts';
import { milliseconds, type CanarySettings, type FamilySettings } from '../../../config/families.ts';
import { WarmbakeError } from '../../../platform/errors.ts';
import type { Host } from '../../../platform/host.ts';
import {
  type CommandSpec,
  type Input,
  type Option,
  type CommandOutcome,
  flag,
  textOption,
} from '../../command.ts';
import { DRY_RUN_OPTION, FAMILY_OPTIONS, openFamily } from './family.ts';
import { lockedUnless } from './locked.ts';
import { rollText, stackDocument } from './roll.ts';

/** For commands that try an image on the canary. */
export const CANARY_OPTIONS: readonly Option[] = [
  { flags: '--canary-watch <time>', help: 'how long the canary is watched, like 10m; 0s skips the watch' },
];

/** `warmbake ami canary`: one stack tries an image. */
export const amiCanaryCommand: CommandSpec = {
  args: '<ami>',
  description:
    'Make the canary stack launch an image and watch it. In a Buildkite build a job is sent to an instance of that image; elsewhere the launches of the group are watched. An image that cannot be launched is taken off the canary again.',
  options: [...FAMILY_OPTIONS, ...CANARY_OPTIONS, DRY_RUN_OPTION],
  examples: ['warmbake ami canary ami-0123456789abcdef0 --canary-watch 15m'],
  run: amiCanary,
};

async function amiCanary(host: Host, input: Input): Promise<CommandOutcome> {
  const open = await openFamily(host, input);
  const { family, account } = open;
  const canary = chooseCanary(family, input);
  if (canary === undefined) {
    throw new WarmbakeError(
      'config',
      'no-canary',
      `family '${family.key}' has no canary; add ami.${family.key}.canary`,
    );
  }
  const image = await requireImage(account, family, { written: input.args[0] ?? '' });
  const because = heldBecause((await readDesiredState(account, family, host.clock.now())).hold);
  if (because !== undefined) throw new WarmbakeError('refused', 'held', `${family.parameter} is ${because}`);
  const dryRun = flag(input, 'dryRun');
  const job = { command: 'canary', finish: `canary ${image.id}`, image: image.id };
  return await lockedUnless(dryRun, host, { open, job }, async (services) => {
    const report = await tryCanary(services.account, host, {
      family,
      canary,
      image: image.id,
      dryRun,
      ...probeOptions(account, host, { input, family, canary, image: image.id }),
    });
    return {
      json: { family: family.key, image: image.id, canary: canaryDocument(report) },
      text: `${rollText([report.stack])}${canaryText(report)}\n`,
    };
  });
}

/** The configured canary with the watch that was asked for; absent where there is none. */
export function chooseCanary(family: FamilySettings, input: Input): CanarySettings | undefined {
  const watch = textOption(input, 'canaryWatch');
  if (family.canary === undefined || watch === undefined) return family.canary;
  if (!/^\d+[smhd]$/.test(watch)) {
    throw new WarmbakeError(
      'usage',
      'bad-duration',
      `'${watch}' is no duration; write it like 90s, 10m or 1h`,
    );
  }
  return { ...family.canary, watchMs: milliseconds(watch) };
}

/** In a Buildkite build a job is sent to an instance of the image. */
export function probeOptions(
  account: Account,
  host: Host,
  { input, family, canary, image }: ProbeContext,
): Pick<CanaryOptions, 'sendProbe'> {
  if (host.env['BUILDKITE'] !== 'true') return {};
  const command = `warmbake ami probe ${image} --family ${family.key}`;
  const config = textOption(input, 'config');
  const job = { image, stack: canary.stack, command, ...(config === undefined ? {} : { config }) };
  return { sendProbe: async () => await sendProbe(account, host, job) };
}

interface ProbeContext {
  readonly input: Input;
  readonly family: FamilySettings;
  readonly canary: CanarySettings;
  readonly image: ImageId;
}

/** The canary in the JSON document. */
export function canaryDocument({ stack, verdict }: CanaryReport): Readonly<Record<string, unknown>> {
  return { stack: stackDocument(stack), ...verdict };
}

/** One line about the canary. */
export function canaryText({ verdict }: CanaryReport): string {
  switch (verdict.verdict) {
    case 'proven':
      return `proven: ${verdict.because}`;
    case 'not-watched':
      return 'not watched';
    case 'nothing-launched':
      return 'not proven: nothing was launched';
    case 'image-fault':
    case 'no-capacity':
    case 'undecided':
      return `not proven: ${verdict.because}`;
  }
}
