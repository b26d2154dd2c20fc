import { firstWords, type Grammar, type GrammarCommand, secondWords, type Slot } from './grammar.ts';

/** Completions for fish 3 and later, a line for each word. */
export function fishCompletion(grammar: Grammar): string {
  const groups = Object.keys(grammar.groups);
  return [
    `# fish completion of warmbake ${grammar.version}: written by \`warmbake completion fish\`.`,
    PLACE,
    'complete -c warmbake -f',
    ...firstWords(grammar).map(([word, about]) => line('__warmbake_at', `-a ${word}`, about)),
    ...['help', 'version'].map((option) => line('__warmbake_at', `-l ${option}`, '')),
    ...groups.flatMap((group) =>
      secondWords(grammar, group).map(([word, about]) => line(`__warmbake_at ${group}`, `-a ${word}`, about)),
    ),
    ...grammar.commands.flatMap(commandLines),
    '',
  ].join('\n');
}

/** `_at`: the words before the one that is typed are those that are asked for. `_in`: they begin with them. */
const PLACE = `function __warmbake_at
    set -l words (commandline -opc)
    set -e words[1]
    test "$words" = "$argv"
end
function __warmbake_in
    set -l words (commandline -opc)
    set -e words[1]
    string match -q -- "$argv *" "$words "
end`;

function commandLines({ name, options, argument }: GrammarCommand): readonly string[] {
  const at = `__warmbake_in ${name}`;
  const own = argument === undefined || argument.kind === 'text' ? [] : [line(at, wanted(argument), '')];
  return [
    ...own,
    ...options.map(({ name: option, help, value }) =>
      line(at, `-l ${option.slice(2)}${value === undefined ? '' : ` ${wanted(value)}`}`.trimEnd(), help),
    ),
  ];
}

/** `-x` takes nothing but what is said here; `-r -F` takes files. */
function wanted(slot: Slot): string {
  if (slot.kind === 'words') return `-x -a ${quoted(slot.words.join(' '))}`;
  if (slot.kind === 'file') return '-r -F';
  return slot.kind === 'directory' ? "-x -a '(__fish_complete_directories (commandline -ct))'" : '-x';
}

function line(condition: string, what: string, about: string): string {
  return `complete -c warmbake -n ${quoted(condition)} ${what}${about === '' ? '' : ` -d ${quoted(about)}`}`;
}

function quoted(text: string): string {
  return `'${text.replaceAll(/['\\]/g, String.raw`\$&`)}'`;
}
