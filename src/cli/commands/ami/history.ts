import type { Account } from '../../../ami/model/account.ts';
import { historyOf, type HistoryEntry } from '../../../ami/status/history.ts';
import { holdParameter } from '../../../ami/model/hold.ts';
import type { TemplateId } from '../../../ami/model/ids.ts';
import { revocationsParameter } from '../../../ami/model/revocations.ts';
import { belongsTo, imageNamePrefix } from '../../../ami/model/machine-image.ts';
import { LOGICAL_ID } from '../../../ami/rollout/stack-plan.ts';
import { JOURNAL_FOLDER } from '../../../ami/rollout/locked-account.ts';
import type { FamilySettings } from '../../../config/families.ts';
import { WarmbakeError, messageOf } from '../../../platform/errors.ts';
import { warn } from '../../../platform/events.ts';
import type { PagePart } from '../../../platform/events.ts';
import type { Host } from '../../../platform/host.ts';
import { inParallel } from '../../../platform/parallel.ts';
import { readRuns } from '../../../state/journal.ts';
import { type CommandSpec, type Input, type CommandOutcome, textOption, never } from '../../command.ts';
import { linePart, tablePart } from '../../parts.ts';
import { FAMILY_OPTIONS, openFamily } from './family.ts';
import type { HistoryDocument } from '../../../ami/status/history-schema.ts';

const LIMIT = 30;

/** `warmbake ami history`: who did what, when and why. */
export const amiHistoryCommand: CommandSpec = {
  description:
    'Show what was done to the family, newest first: from the histories of the parameter, its hold and the notes of revocations, tags of revoked images, template versions, and the journal where a state store is configured.',
  options: [
    ...FAMILY_OPTIONS,
    { flags: '--limit <n>', help: `how many entries (default: ${LIMIT}); --json has all of them` },
  ],
  examples: ['warmbake ami history', 'warmbake ami history --limit 100'],
  changesShared: never,
  run: amiHistory,
};

async function amiHistory(host: Host, input: Input): Promise<CommandOutcome> {
  const limit = textOption(input, 'limit') ?? String(LIMIT);
  if (!/^[1-9]\d*$/.test(limit)) {
    throw new WarmbakeError('usage', 'bad-limit', `'${limit}' is not a number of entries; write 1 or more`);
  }
  const { family, account, store } = await openFamily(host, input);
  const runs = async () => (store === undefined ? [] : await readRuns(store, JOURNAL_FOLDER, { limit: 100 }));
  const [desired, holds, revocations, named, versions, journal] = await Promise.all([
    account.parameters.history(family.parameter),
    account.parameters.history(holdParameter(family)),
    account.parameters.history(revocationsParameter(family)),
    account.images.list(imageNamePrefix(family)),
    versionsOf(account, family),
    runs().catch((error: unknown) => {
      warn(host.emit, 'state-unreachable', `the journal is not known: ${messageOf(error)}`);
      return [];
    }),
  ]);
  const images = named.filter((image) => belongsTo(image, family));
  const entries = historyOf({ desired, holds, revocations, images, versions, runs: journal });
  return {
    json: { family: family.key, entries } satisfies HistoryDocument,
    page: historyParts(entries.slice(0, Number(limit))),
  };
}

/** What was done as a screen. */
export function historyParts(entries: readonly HistoryEntry[]): readonly PagePart[] {
  const rows = entries.map(({ at, what, by, why }) => [
    `${at.toISOString().slice(0, 19)}Z`,
    by === '' ? '-' : by,
    why === undefined ? what : `${what}: ${why}`,
  ]);
  return [rows.length === 0 ? linePart('nothing was done yet') : tablePart(['WHEN', 'WHO', 'WHAT'], rows)];
}

async function versionsOf(account: Account, { stacks }: FamilySettings) {
  return await inParallel(
    stacks,
    async (stack) => {
      const template = (await account.stacks.resource(stack, LOGICAL_ID.template)) as TemplateId | undefined;
      return { stack, versions: template === undefined ? [] : await account.templates.all(template) };
    },
    { limit: 8 },
  );
}
