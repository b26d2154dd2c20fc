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
import { linePart, tablePart } from '../../parts.ts';
import { withProgress } from '../../progress.ts';
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
  const named = listOption(input, 'stack');
  const count = named.length === 0 ? open.family.stacks.length : named.length;
  const { image, stacks, error } = await withProgress(
    host,
    `${dryRun ? 'reading' : 'rolling'} ${count === 1 ? '1 stack' : `${count} stacks`}`,
    async () =>
      await rollJob(host, open, {
        stacks: named,
        dryRun,
        ...(written === undefined ? {} : { written }),
      }),
  );
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

/** As many stacks as a screen has room for beside the rest. */
const FEW = 8;

/** The stacks as a table; on a screen, where they are many, in numbers, with those that failed. */
export function rollPart(results: readonly StackResult[]): PagePart {
  const whole = tablePart(HEAD, results.map(rowOf));
  if (results.length <= FEW) return whole;
  const counts = (['updated', 'planned', 'unchanged', 'failed'] as const).flatMap((outcome) => {
    const { length } = results.filter((result) => result.outcome === outcome);
    return length === 0 ? [] : [`${length} ${outcome === 'failed' ? 'FAILED' : WORDS[outcome]}`];
  });
  const failed = results.filter(({ outcome }) => outcome === 'failed');
  const told = failed.slice(0, FEW / 2);
  const more = failed.length - told.length;
  const short = [
    linePart(`${results.length} stacks: ${counts.join(', ')}; --wide shows each`),
    ...(failed.length === 0 ? [] : [tablePart(['STACK', 'RESULT', 'BECAUSE'], told.map(rowOf))]),
    ...(more > 0 ? [linePart(`and ${more} more that failed`)] : []),
  ];
  return { type: 'two-ways', whole: [whole], short };
}

const HEAD = ['STACK', 'RESULT', 'FROM', 'TO'];

function rowOf(result: StackResult): readonly string[] {
  if (result.outcome === 'failed') return [result.stack, 'failed', result.error.code, ''];
  const to = result.outcome === 'unchanged' ? '' : used(result.to);
  return [result.stack, WORDS[result.outcome], used(result.from), to];
}

const WORDS = { unchanged: 'in sync', updated: 'updated', planned: 'would change' } as const;

function used({ version, image = '' }: { readonly version?: number; readonly image?: string }): string {
  return version === undefined ? `${image} (new version)` : `${image} (version ${version})`;
}
