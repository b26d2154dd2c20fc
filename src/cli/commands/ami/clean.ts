import { cleanJob } from '../../../ami/jobs/clean.ts';
import type { CleanReport } from '../../../ami/retention/clean.ts';
import type { CleanLine } from '../../../ami/retention/clean-line.ts';
import { stateOf } from '../../../ami/model/machine-image.ts';
import type { PagePart } from '../../../platform/events.ts';
import type { Host } from '../../../platform/host.ts';
import { type CommandSpec, type Input, type CommandOutcome, flag, unlessDryRun } from '../../command.ts';
import { linePart, tablePart } from '../../parts.ts';
import { ageText } from './age.ts';
import { DRY_RUN_OPTION, FAMILY_OPTIONS, openFamily } from './family.ts';
import type { CleanedDocument } from '../../../ami/retention/clean-schema.ts';

/** `warmbake ami clean`: delete what the family does not need any more. */
export const amiCleanCommand: CommandSpec = {
  description:
    'Delete images of the family and their snapshots, but keep young ones, the newest published ones, and all that is in use anywhere in account and region. Where use cannot be read in full, nothing is deleted.',
  options: [...FAMILY_OPTIONS, DRY_RUN_OPTION],
  examples: ['warmbake ami clean --dry-run', 'warmbake ami clean'],
  changesShared: unlessDryRun,
  run: amiClean,
};

async function amiClean(host: Host, input: Input): Promise<CommandOutcome> {
  const open = await openFamily(host, input);
  const dryRun = flag(input, 'dryRun');
  const { report, error } = await cleanJob(host, open, { dryRun });
  return {
    json: { family: open.family.key, dryRun, ...cleanDocument(report) },
    page: [cleanPart(report, host.clock.now())],
    ...(error === undefined ? {} : { error }),
  };
}

/** A cleanup in the JSON document. */
export function cleanDocument({ lines, missing }: CleanReport): CleanedDocument {
  const images = lines.flatMap(({ image, outcome, because }) =>
    image === undefined
      ? []
      : [
          {
            id: image.id,
            name: image.name,
            created: image.createdAt.toISOString(),
            state: stateOf(image),
            keep: outcome === 'kept',
            outcome,
            because,
          },
        ],
  );
  const snapshots = lines.flatMap(({ id, image, outcome, because }) =>
    image === undefined ? [{ id, outcome, because }] : [],
  );
  return { images, snapshots, missing };
}

/** A cleanup as a table, one line for each image and leftover snapshot. */
export function cleanPart({ lines }: CleanReport, now: Date): PagePart {
  if (lines.length === 0) return linePart('there are no images');
  const rows = lines.map(({ id, image, outcome, because }) => [
    id,
    image === undefined ? 'snapshot' : stateOf(image),
    image === undefined ? '' : ageText(now.getTime() - image.createdAt.getTime()),
    WORDS[outcome],
    someOf(because),
  ]);
  return tablePart(['IMAGE', 'STATE', 'AGE', 'RESULT', 'BECAUSE'], rows);
}

/** Reasons for a table: an image that a hundred groups use has a hundred reasons; all of them are in the JSON document. */
export function someOf(because: readonly string[]): string {
  const more = because.length - 2;
  return more > 0 ? `${because.slice(0, 2).join('; ')}; and ${more} more` : because.join('; ');
}

const WORDS = {
  kept: 'kept',
  deleted: 'deleted',
  planned: 'would go',
  failed: 'FAILED',
} as const satisfies Record<CleanLine['outcome'], string>;
