import type { FamilySettings } from '../../config/families.ts';
import type { RunRecord } from '../../state/journal.ts';
import { parseImageId } from '../model/ids.ts';

/**
 * The command that finishes a run where it was interrupted. It is made of this tool's own words, the id of an image and stacks of the
 * configuration: no text of the journal is in it, whoever wrote that. `undefined` where the journal does not say enough.
 */
export function finishCommand(
  family: Pick<FamilySettings, 'key' | 'stacks'>,
  { job, image: written = '', stacks = [] }: Pick<RunRecord, 'job' | 'image' | 'stacks'>,
): string | undefined {
  const of = `--family ${family.key}`;
  if (job === 'clean') return `warmbake ami clean ${of}`;
  const image = parseImageId(written);
  if (image === undefined || !stacks.every((stack) => family.stacks.includes(stack))) return undefined;
  switch (job) {
    case 'publish':
    case 'canary':
      return `warmbake ami ${job} ${image} ${of}`;
    case 'rebuild':
      return `warmbake ami rebuild --image ${image} ${of}`;
    case 'roll':
      return `warmbake ami roll --image ${image}${stacks.length === 0 ? '' : ` --stack ${stacks.join(' ')}`} ${of}`;
    case 'undo':
      return `warmbake ami rollback --undo ${of}`;
    case 'rollback':
      return `warmbake ami rollback --to ${image} --reason … ${of}`;
  }
}
