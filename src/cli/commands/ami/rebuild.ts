import { planLines } from '../../../ami/build/image-plan.ts';
import { reportCost } from '../../../ami/jobs/report-cost.ts';
import { rebuildJob } from '../../../ami/jobs/rebuild.ts';
import type { ReleaseReport } from '../../../ami/release.ts';
import type { PagePart } from '../../../platform/events.ts';
import type { Host } from '../../../platform/host.ts';
import {
  type CommandSpec,
  type Input,
  type CommandOutcome,
  flag,
  textOption,
  unlessDryRun,
} from '../../command.ts';
import { BUILD_OPTIONS, buildRequest, builtDocument, builtText } from './build.ts';
import { CANARY_OPTIONS, canaryChoice, canaryDocument, canaryText } from './canary.ts';
import { cleanDocument, cleanPart, condemnedParts } from './clean.ts';
import { DRY_RUN_OPTION, FAMILY_OPTIONS, openFamily } from './family.ts';
import { linePart } from '../../parts.ts';
import { rollPart, stackDocument } from './roll.ts';
import type { ReleaseDocument } from '../../../ami/status/operation-schema.ts';

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
  changesShared: unlessDryRun,
  run: amiRebuild,
};

async function amiRebuild(host: Host, input: Input): Promise<CommandOutcome> {
  const open = await openFamily(host, input);
  const { family } = open;
  const written = textOption(input, 'image');
  const rebuilt = await rebuildJob(host, open, {
    image: written === undefined ? { build: buildRequest(host, input) } : { written },
    canary: canaryChoice(input),
    dryRun: flag(input, 'dryRun'),
  });
  if ('planned' in rebuilt) {
    const lines = [...planLines(rebuilt.planned), 'then: canary, publish, roll, clean'];
    return { json: { family: family.key, plan: rebuilt.planned }, page: lines.map(linePart) };
  }
  const { image, built, report, error } = rebuilt;
  if (!flag(input, 'dryRun')) await reportCost(host, open);
  return {
    json: {
      family: family.key,
      image: image.id,
      ...(built === undefined ? {} : builtDocument(built)),
      ...documentOf(report),
    },
    page: [
      ...(built === undefined ? [] : [linePart(builtText(built))]),
      ...partsOf(report, host.clock.now()),
      ...(report.outcome === 'held' ? [] : condemnedParts(report.cleaned, family)),
    ],
    ...(error === undefined ? {} : { error }),
  };
}

function documentOf(report: ReleaseReport): ReleaseDocument {
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

function partsOf(report: ReleaseReport, now: Date): readonly PagePart[] {
  if (report.outcome === 'held') return [linePart(`${report.because}\nnothing was rolled`)];
  const { canary, published, stacks, stopped, cleaned } = report;
  const isWhole = stopped === undefined && stacks.every(({ outcome }) => outcome !== 'failed');
  return [
    linePart(canary === undefined ? '' : `canary: ${canaryText(canary)}\n`),
    linePart(`parameter: ${published.outcome}\n`),
    rollPart(stacks),
    linePart(''),
    isWhole ? cleanPart(cleaned, now) : linePart('nothing was cleaned, as not all stacks run the image'),
  ];
}
