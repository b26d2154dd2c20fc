import { canaryJob, type CanaryChoice } from '../../../ami/jobs/canary.ts';
import type { CanaryReport } from '../../../ami/rollout/try-canary.ts';
import type { Host } from '../../../platform/host.ts';
import {
  type CommandSpec,
  type Input,
  type Option,
  type CommandOutcome,
  flag,
  textOption,
  unlessDryRun,
} from '../../command.ts';
import { durationOption } from '../../duration-option.ts';
import { DRY_RUN_OPTION, FAMILY_OPTIONS, openFamily } from './family.ts';
import { linePart } from '../../parts.ts';
import { rollPart, stackDocument } from './roll.ts';
import type { CanaryDocument } from '../../../ami/rollout/stack-schema.ts';

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
  changesShared: unlessDryRun,
  run: amiCanary,
};

async function amiCanary(host: Host, input: Input): Promise<CommandOutcome> {
  const open = await openFamily(host, input);
  const { image, report } = await canaryJob(host, open, {
    written: input.args[0] ?? '',
    dryRun: flag(input, 'dryRun'),
    ...canaryChoice(input),
  });
  return {
    json: { family: open.family.key, image: image.id, canary: canaryDocument(report) },
    page: [rollPart([report.stack]), linePart(canaryText(report))],
  };
}

/** What the command line says about the canary. Throws `usage` where the watch is not a duration. */
export function canaryChoice(input: Input): CanaryChoice {
  const watch = durationOption(input, 'canaryWatch', '90s, 10m or 1h');
  const config = textOption(input, 'config');
  return {
    ...(watch === undefined ? {} : { watchMs: watch.ms }),
    ...(config === undefined ? {} : { config }),
  };
}

/** The canary in the JSON document. */
export function canaryDocument({ stack, verdict }: CanaryReport): CanaryDocument {
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
