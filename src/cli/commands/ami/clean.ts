import { cleanJob } from '../../../ami/jobs/clean.ts';
import type { CleanReport } from '../../../ami/retention/clean.ts';
import type { CleanLine } from '../../../ami/retention/clean-line.ts';
import { stateOf } from '../../../ami/model/machine-image.ts';
import type { PagePart } from '../../../platform/events.ts';
import type { Host } from '../../../platform/host.ts';
import { type CommandSpec, type Input, type CommandOutcome, flag, unlessDryRun } from '../../command.ts';
import { exactPart, linePart, tablePart } from '../../parts.ts';
import type { FamilySettings } from '../../../config/families.ts';
import { ageText, utcText } from './age.ts';
import { withProgress } from '../../progress.ts';
import { DRY_RUN_OPTION, FAMILY_OPTIONS, openFamily } from './family.ts';
import type { CleanedDocument } from '../../../ami/retention/clean-schema.ts';

/** `warmbake ami clean`: condemn what the family does not need any more, and delete it another time. */
export const amiCleanCommand: CommandSpec = {
  description:
    'Condemn images of the family that nobody needs, and delete those with their snapshots that an earlier run, an hour ago or more, has condemned and nobody needs still. Young ones stay, the newest published ones, and all that is in use anywhere in account and region. Where use cannot be read in full, nothing is deleted.',
  options: [...FAMILY_OPTIONS, DRY_RUN_OPTION],
  examples: ['warmbake ami clean --dry-run', 'warmbake ami clean'],
  changesShared: unlessDryRun,
  run: amiClean,
};

async function amiClean(host: Host, input: Input): Promise<CommandOutcome> {
  const open = await openFamily(host, input);
  const dryRun = flag(input, 'dryRun');
  const { report, error } = await withProgress(
    host,
    'reading images and who uses them',
    async () => await cleanJob(host, open, { dryRun }),
  );
  return {
    json: { family: open.family.key, dryRun, ...cleanDocument(report) },
    page: [cleanPart(report, host.clock.now()), ...condemnedParts(report, open.family)],
    ...(error === undefined ? {} : { error }),
  };
}

/** A cleanup in the JSON document. */
export function cleanDocument({ lines, missing }: CleanReport): CleanedDocument {
  const images = lines.flatMap(({ image, outcome, because, plan, deletableFrom }) =>
    image === undefined
      ? []
      : [
          {
            id: image.id,
            name: image.name,
            created: image.createdAt.toISOString(),
            state: stateOf(image),
            keep: outcome === 'kept' && deletableFrom === undefined,
            outcome,
            ...(plan === undefined ? {} : { plan }),
            ...(deletableFrom === undefined ? {} : { deletableFrom: deletableFrom.toISOString() }),
            because,
          },
        ],
  );
  const snapshots = lines.flatMap(({ id, image, outcome, because }) =>
    image === undefined && outcome !== 'condemned' ? [{ id, outcome, because }] : [],
  );
  return { images, snapshots, missing };
}

/** A cleanup as a table, one line for each image and leftover snapshot. */
export function cleanPart({ lines }: CleanReport, now: Date): PagePart {
  if (lines.length === 0) return linePart('there are no images');
  const rows = lines.map(({ id, image, outcome, plan, because }) => [
    id,
    image === undefined ? 'snapshot' : stateOf(image),
    image === undefined ? '' : ageText(now.getTime() - image.createdAt.getTime()),
    plan === 'condemn' ? 'would be condemned' : WORDS[outcome],
    someOf(because),
  ]);
  return tablePart(['IMAGE', 'STATE', 'AGE', 'RESULT', 'BECAUSE'], rows);
}

/** What is marked, and when to run this again; empty where nothing is. */
export function condemnedParts(
  { lines }: CleanReport,
  { key }: Pick<FamilySettings, 'key'>,
): readonly PagePart[] {
  const times = lines.flatMap(({ deletableFrom }) => (deletableFrom === undefined ? [] : [deletableFrom]));
  const [first] = times.toSorted((a, b) => a.getTime() - b.getTime());
  if (first === undefined) return [];
  const what = times.length === 1 ? '1 image is' : `${times.length} images are`;
  return [
    linePart(
      `\n${what} condemned, and not deleted yet: a cleanup from ${utcText(first)} on deletes what nobody needs by then`,
    ),
    exactPart(`  warmbake ami clean --family ${key}`),
  ];
}

/** Reasons for a table: an image that a hundred groups use has a hundred reasons; all of them are in the JSON document. */
export function someOf(because: readonly string[]): string {
  const more = because.length - 2;
  return more > 0 ? `${because.slice(0, 2).join('; ')}; and ${more} more` : because.join('; ');
}

const WORDS = {
  kept: 'kept',
  condemned: 'condemned',
  deleted: 'deleted',
  planned: 'would go',
  failed: 'FAILED',
} as const satisfies Record<CleanLine['outcome'], string>;
