import type { PagePart } from '../platform/events.ts';
import type { Draft } from './draft.ts';
import type { FileState, PutFile } from './new-file.ts';
import type { CiStep } from './step.ts';

const STATES: Readonly<Record<FileState, string>> = {
  planned: 'would be written',
  written: 'written',
  unchanged: 'is there already, word for word',
  exists: 'is there and stays as it is',
};

/** What was found, and where. */
export function foundParts({
  draft,
  bakeBecause,
  systemBecause,
}: {
  readonly draft: Draft;
  readonly bakeBecause: string;
  readonly systemBecause: string;
}): readonly PagePart[] {
  const { repository, trustedBranch, registry, bakeFiles, targets, targetsBecause, system } = draft;
  const names = targets.map(({ name }) => name);
  return [
    {
      type: 'table',
      head: [],
      rows: [
        ['repository', repository.value, repository.because],
        ['trusted branch', trustedBranch.value, trustedBranch.because],
        ['bake files', bakeFiles.join(', '), bakeBecause],
        ['targets', shortened(names), targetsBecause],
        ['registry', registry.value, registry.because],
        ['CI', system, systemBecause],
      ],
    },
    { type: 'line', text: '' },
  ];
}

/** A line of a screen holds no more; the file has all. */
const NAMED = 8;

function shortened(names: readonly string[]): string {
  const more = names.length - NAMED;
  return more > 1 ? `${names.slice(0, NAMED).join(', ')} and ${more} more` : names.join(', ');
}

/** What became of each file. */
export function fileParts(files: readonly PutFile[]): readonly PagePart[] {
  return [{ type: 'table', head: [], rows: files.map(({ file, state }) => [file, STATES[state]]) }];
}

/** What a person does next. */
export function nextParts(
  { file, trustedBranch }: Draft,
  { step, isDry }: { readonly step: CiStep; readonly isDry: boolean },
): readonly PagePart[] {
  const option = file === 'warmbake.yaml' ? '' : ` --config ${file}`;
  const lines = [
    ...step.beside,
    `the pull request that brings ${file}: ${trustedBranch.value} has none yet, so its own builds name it by WARMBAKE_CONFIG_FROM=checkout, or wait until it is merged`,
  ];
  return [
    ...(step.file === undefined
      ? [
          { type: 'line', text: '' } as const,
          ...step.text.split('\n').map((text) => ({ type: 'line', text, exact: true }) as const),
        ]
      : []),
    { type: 'line', text: '' },
    ...(isDry
      ? []
      : [{ type: 'line', text: `look at it:  warmbake plan --offline${option}`, exact: 'command' } as const]),
    ...lines.map((text) => ({ type: 'line', text: `- ${text}` }) as const),
  ];
}
