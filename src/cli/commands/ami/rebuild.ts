import { releaseImage, type ReleaseReport } from '../../../ami/release.ts';
import { requireImage } from '../../../ami/model/unpublishable.ts';
import { planLines } from '../../../ami/build/image-plan.ts';
import { imageKey } from '../../../ami/buildkite/pipelines.ts';
import { setMetaData } from '../../../buildkite/meta-data.ts';
import type { WarmbakeError } from '../../../platform/errors.ts';
import type { Host } from '../../../platform/host.ts';
import { type CommandSpec, type Input, type CommandOutcome, flag, textOption } from '../../command.ts';
import { BUILD_OPTIONS, builtDocument, builtText, makeImage } from './build.ts';
import { CANARY_OPTIONS, canaryDocument, canaryText, chooseCanary, probeOptions } from './canary.ts';
import { cleanDocument, cleanError, cleanText } from './clean.ts';
import { worstOf } from './failures.ts';
import { DRY_RUN_OPTION, FAMILY_OPTIONS, openFamily } from './family.ts';
import { lockedUnless } from './locked.ts';
import { rollText, stackDocument } from './roll.ts';

/** `warmbake ami rebuild`: from nothing, or from a finished image, to a fleet that runs it. */
export const amiRebuildCommand: CommandSpec = {
  description:
    'Build, verify, try on the canary, publish, roll, clean: each step is a gate, and the first one that fails leaves the fleet on the old image. While an operator holds the parameter, an image is built and verified only.',
  options: [
    ...FAMILY_OPTIONS,
    { flags: '--image <ami>', help: 'release this image instead of building one' },
    ...BUILD_OPTIONS,
    ...CANARY_OPTIONS,
    DRY_RUN_OPTION,
  ],
  examples: ['warmbake ami rebuild', 'warmbake ami rebuild --image ami-0123456789abcdef0 --canary-watch 0s'],
  run: amiRebuild,
};

async function amiRebuild(host: Host, input: Input): Promise<CommandOutcome> {
  const open = await openFamily(host, input);
  const { family, account } = open;
  const written = textOption(input, 'image');
  const made = written === undefined ? await makeImage(host, input, open) : undefined;
  if (made !== undefined && 'plan' in made) {
    const rest = 'then: canary, publish, roll, clean';
    return {
      json: { family: family.key, plan: made.plan },
      text: `${planLines(made.plan).join('\n')}\n${rest}\n`,
    };
  }
  if (made !== undefined) await setMetaData(host, imageKey(family), made.built.image.id);
  const image = await requireImage(account, family, { written: written ?? made?.built.image.id ?? '' });
  const canary = chooseCanary(family, input);
  const dryRun = flag(input, 'dryRun');
  const job = { command: 'rebuild', finish: `rebuild --image ${image.id}`, image: image.id };
  return await lockedUnless(dryRun, host, { open, job }, async (services) => {
    const report = await releaseImage(services.account, host, {
      family,
      image,
      dryRun,
      ...(canary === undefined
        ? {}
        : { canary, ...probeOptions(account, host, { input, family, canary, image: image.id }) }),
    });
    const error = rebuildError(report);
    return {
      json: {
        family: family.key,
        image: image.id,
        ...(made === undefined ? {} : builtDocument(made.built)),
        ...documentOf(report),
      },
      text: `${made === undefined ? '' : builtText(made.built)}${textOf(report, host.clock.now())}`,
      ...(error === undefined ? {} : { error }),
    };
  });
}

/** Whatever went wrong in the end; a gate that failed has thrown before. */
function rebuildError(report: ReleaseReport): WarmbakeError | undefined {
  if (report.outcome === 'held') return undefined;
  const stacks = report.stacks.flatMap((result) => (result.outcome === 'failed' ? [result.error] : []));
  return worstOf('parts', [
    ...stacks,
    ...[cleanError(report.cleaned)].filter((error) => error !== undefined),
  ]);
}

function documentOf(report: ReleaseReport): Readonly<Record<string, unknown>> {
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

function textOf(report: ReleaseReport, now: Date): string {
  if (report.outcome === 'held') return `${report.because}\nnothing was rolled\n`;
  const { canary, published, stacks, cleaned } = report;
  return [
    canary === undefined ? '' : `canary: ${canaryText(canary)}\n`,
    `parameter: ${published.outcome}\n`,
    rollText(stacks),
    cleanText(cleaned, now),
  ].join('\n');
}
