import { rollJob } from '../../../ami/jobs/roll.ts';
import type { StackResult } from '../../../ami/rollout/roll.ts';
import type { PagePart } from '../../../platform/events.ts';
import type { Host } from '../../../platform/host.ts';
import {
  type CommandSpec,
  type Input,
  type CommandOutcome,
  flag,
  listOption,
  textOption,
  unlessDryRun,
} from '../../command.ts';
import { tablePart } from '../../parts.ts';
import { DRY_RUN_OPTION, FAMILY_OPTIONS, openFamily } from './family.ts';
import type { StackDocument } from '../../../ami/rollout/stack-schema.ts';

/** `warmbake ami roll`: every stack launches the desired image. */
export const amiRollCommand: CommandSpec = {
  description:
    'Make the Auto Scaling groups of all stacks launch the desired image, or the given one. Stacks that do already are left alone, and so are running instances: they are replaced as their jobs end.',
  options: [
    ...FAMILY_OPTIONS,
    { flags: '--image <ami>', help: 'another image than the desired one' },
    { flags: '--stack <name...>', help: 'only these stacks' },
    DRY_RUN_OPTION,
  ],
  examples: [
    'warmbake ami roll --dry-run',
    'warmbake ami roll --image ami-0123456789abcdef0 --stack my-canary',
  ],
  changesShared: unlessDryRun,
  run: amiRoll,
};

async function amiRoll(host: Host, input: Input): Promise<CommandOutcome> {
  const open = await openFamily(host, input);
  const written = textOption(input, 'image');
  const dryRun = flag(input, 'dryRun');
  const { image, stacks, error } = await rollJob(host, open, {
    stacks: listOption(input, 'stack'),
    dryRun,
    ...(written === undefined ? {} : { written }),
  });
  return {
    json: { family: open.family.key, image: image.id, dryRun, stacks: stacks.map(stackDocument) },
    page: [rollPart(stacks)],
    ...(error === undefined ? {} : { error }),
  };
}

/** One stack in the JSON document. */
export function stackDocument(result: StackResult): StackDocument {
  const { stack: name, ...rest } = result;
  if (rest.outcome !== 'failed') return { name, ...rest };
  return { name, outcome: rest.outcome, error: { code: rest.error.code, message: rest.error.message } };
}

/** The stacks as a table. */
export function rollPart(results: readonly StackResult[]): PagePart {
  const rows = results.map((result) =>
    result.outcome === 'failed'
      ? [result.stack, 'failed', result.error.code, '']
      : [
          result.stack,
          WORDS[result.outcome],
          used(result.from),
          result.outcome === 'unchanged' ? '' : used(result.to),
        ],
  );
  return tablePart(['STACK', 'RESULT', 'FROM', 'TO'], rows);
}

const WORDS = { unchanged: 'in sync', updated: 'updated', planned: 'would change' } as const;

function used({ version, image = '' }: { readonly version?: number; readonly image?: string }): string {
  return version === undefined ? `${image} (new version)` : `${image} (version ${version})`;
}
