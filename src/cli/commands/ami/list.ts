import { readFleet } from '../../../ami/status/fleet.ts';
import { costOf, costText, type CostOfDay } from '../../../ami/status/cost.ts';
import { statusOf, type ImageStatus } from '../../../ami/status/status.ts';
import { readWorkState } from '../../../ami/status/work-state.ts';
import { parseImageId } from '../../../ami/model/ids.ts';
import type { PagePart } from '../../../platform/events.ts';
import type { Host } from '../../../platform/host.ts';
import { type CommandSpec, type Input, type CommandOutcome, never } from '../../command.ts';
import { linePart, tablePart } from '../../parts.ts';
import { withProgress } from '../../progress.ts';
import { ageText, utcText } from './age.ts';
import { someOf } from './clean.ts';
import { FAMILY_OPTIONS, openFamily } from './family.ts';
import { shortCommit } from './status-text.ts';
import type { ListDocument } from '../../../ami/status/status-schema.ts';

/** `warmbake ami list`: every image of the family. */
export const amiListCommand: CommandSpec = {
  description:
    'Show every image of the family: its state, what it holds, what it costs, who uses it, and whether the next cleanup condemns it or, once it is condemned, deletes it, and why not.',
  options: FAMILY_OPTIONS,
  examples: ['warmbake ami list', 'warmbake ami list --json'],
  changesShared: never,
  run: amiList,
};

async function amiList(host: Host, input: Input): Promise<CommandOutcome> {
  const { family, account, store } = await openFamily(host, input);
  const { unfinished } = await readWorkState(store, host, family);
  const rollout = parseImageId(unfinished?.image ?? '');
  const rollouts = rollout === undefined ? [] : [rollout];
  const fleet = await withProgress(
    host,
    `reading images and who uses them`,
    async () => await readFleet(account, host, { family, rollouts }),
  );
  const { images, missing } = statusOf(fleet);
  const cost = costOf(fleet.images, { prices: family.prices, now: fleet.at });
  return {
    json: { family: family.key, images, missing, cost } satisfies ListDocument,
    page: listParts(images, cost[0]),
  };
}

/** Images as a screen, with what the newest day costs. */
export function listParts(images: readonly ImageStatus[], today: CostOfDay | undefined): readonly PagePart[] {
  if (images.length === 0) return [linePart('there are no images')];
  const total = images.reduce((sum, { gibibytes }) => sum + gibibytes, 0);
  return [
    tablePart(HEAD, images.map(rowOf)),
    linePart(`\n${images.length} images, ${total} GiB of volumes in their snapshots`),
    ...(today === undefined ? [] : [linePart(costText(today))]),
  ];
}

const HEAD = ['IMAGE', 'STATE', 'CLEANUP', 'AGE', 'COMMIT', 'WARMTH', 'SNAPSHOTS', 'CREATED', 'BECAUSE'];

function rowOf(image: ImageStatus): readonly string[] {
  const { id, state, availability, created, ageMs, commit, snapshots, gibibytes, warmth, disk, because } =
    image;
  const revoked =
    image.reason === undefined ? [] : [`revoked by ${image.revokedBy ?? 'somebody'}: ${image.reason}`];
  const failed = image.canary?.startsWith('failed') === true ? [`canary ${image.canary}`] : [];
  const marked =
    image.condemned === undefined ? [] : [`condemned: can go from ${utcText(image.condemned.deletableFrom)}`];
  return [
    id,
    availability === 'available' ? state : `${state}, ${availability}`,
    fateText(image),
    ageText(ageMs),
    shortCommit(commit),
    [warmth ?? '-', ...(disk === undefined ? [] : [`disk: ${disk}`])].join('; '),
    `${snapshots.length}, ${gibibytes} GiB`,
    `${created.toISOString().slice(0, 16)}Z`,
    someOf([...revoked, ...failed, ...because, ...marked]),
  ];
}

/** What a cleanup does with the image: one that is marked already is deleted once its time has come. */
function fateText({ keep, condemned }: ImageStatus): string {
  if (keep) return 'keep';
  return condemned === undefined ? 'condemn' : 'DELETE';
}
