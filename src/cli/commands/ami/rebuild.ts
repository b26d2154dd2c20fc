import { bringOut, type BringOutReport } from '../../../ami/bring-out.ts';
import { requireImage } from '../../../ami/candidate.ts';
import { WarmbakeError } from '../../../platform/errors.ts';
import type { Host } from '../../../platform/host.ts';
import { type CommandSpec, type Input, type Outcome, flag, textOption } from '../../command.ts';
import { CANARY_OPTIONS, canaryDocument, canaryText, chooseCanary, probeOptions } from './canary.ts';
import { cleanDocument, cleanError, cleanText } from './clean.ts';
import { worstOf } from './failures.ts';
import { DRY_RUN_OPTION, FAMILY_OPTIONS, openFamily } from './family.ts';
import { rollText, stackDocument } from './roll.ts';

/** `warmbake ami rebuild`: from nothing, or from a finished image, to a fleet that runs it. */
export const amiRebuildCommand: CommandSpec = {
  name: 'ami rebuild',
  summary: 'build an image, prove it, and make every stack launch it',
  description:
    'Build, verify, try on the canary, publish, roll, clean: each step is a gate, and the first one that fails leaves the fleet on the old image. While an operator holds the parameter, an image is built and verified only.',
  options: [
    ...FAMILY_OPTIONS,
    { flags: '--image <ami>', help: 'bring out this image instead of building one' },
    ...CANARY_OPTIONS,
    DRY_RUN_OPTION,
  ],
  examples: ['warmbake ami rebuild', 'warmbake ami rebuild --image ami-0123456789abcdef0 --canary-watch 0s'],
  run: amiRebuild,
};

async function amiRebuild(host: Host, input: Input): Promise<Outcome> {
  const { family, account } = await openFamily(host, input);
  const written = textOption(input, 'image');
  if (written === undefined) {
    throw new WarmbakeError(
      'usage',
      'image-needed',
      'name a finished image with --image; building comes with `ami build`',
    );
  }
  const image = await requireImage(account, family, { written });
  const canary = chooseCanary(family, input);
  const report = await bringOut(account, host, {
    family,
    image,
    dryRun: flag(input, 'dryRun'),
    ...(canary === undefined
      ? {}
      : { canary, ...probeOptions(account, host, { input, family, canary, image: image.id }) }),
  });
  const error = errorOf(report);
  return {
    json: { family: family.key, image: image.id, ...documentOf(report) },
    text: textOf(report, host.clock.now()),
    ...(error === undefined ? {} : { error }),
  };
}

/** Whatever went wrong in the end; a gate that failed has thrown before. */
function errorOf(report: BringOutReport): WarmbakeError | undefined {
  if (report.outcome === 'held') return undefined;
  const stacks = report.stacks.flatMap((result) => (result.outcome === 'failed' ? [result.error] : []));
  return worstOf('parts', [
    ...stacks,
    ...[cleanError(report.cleaned)].filter((error) => error !== undefined),
  ]);
}

function documentOf(report: BringOutReport): Readonly<Record<string, unknown>> {
  if (report.outcome === 'held') return report;
  const { outcome, canary, published, stacks, cleaned } = report;
  return {
    outcome,
    ...(canary === undefined ? {} : { canary: canaryDocument(canary) }),
    published,
    stacks: stacks.map(stackDocument),
    cleaned: cleanDocument(cleaned),
  };
}

function textOf(report: BringOutReport, now: Date): string {
  if (report.outcome === 'held') return `${report.because}\nnothing was rolled\n`;
  const { canary, published, stacks, cleaned } = report;
  return [
    canary === undefined ? '' : `canary: ${canaryText(canary)}\n`,
    `parameter: ${published.outcome}\n`,
    rollText(stacks),
    cleanText(cleaned, now),
  ].join('\n');
}
