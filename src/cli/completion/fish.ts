import { firstWords, type Grammar, type GrammarCommand, secondWords, type Slot } from './grammar.ts';

/** Completions for fish 3 and later, a line for each word. */
export function fishCompletion(grammar: Grammar): string {
  const groups = Object.keys(grammar.groups);
  return [
    `# fish completion of warmbake ${grammar.version}: written by \`warmbake completion fish\`.`,
    PLACE,
    'complete -c warmbake -f',
    ...firstWords(grammar).map(([word, about]) => line([], `-a ${word}`, about)),
    ...['help', 'version'].map((option) => line([], `-l ${option}`, '')),
    ...groups.flatMap((group) =>
      secondWords(grammar, group).map(([word, about]) => line([group], `-a ${word}`, about)),
    ),
    ...grammar.commands.flatMap(commandLines),
    '',
  ].join('\n');
}

/** True where the words before the one that is typed begin with those that are asked for; alone, where there is none of them. */
const PLACE = `function __warmbake_at
    set -l words (commandline -opc)
    set -e words[1]
    if test (count $argv) -eq 0
        test (count $words) -eq 0
        return
    end
    if test "$argv[-1]" = ...
        test (count $words) -ge (math (count $argv) - 1); and test "$words[1..(math (count $argv) - 1)]" = "$argv[1..-2]"
        return
    end
    test "$words" = "$argv"
end`;

function commandLines({ name, options, argument }: GrammarCommand): readonly string[] {
  const at = [...name.split(' '), '...'];
  const own = argument === undefined || argument.kind === 'text' ? [] : [line(at, wanted(argument), '')];
  return [
    ...own,
    ...options.map(({ name: option, help, value }) =>
      line(at, `-l ${option.slice(2)}${value === undefined ? '' : ` -r ${wanted(value)}`}`.trimEnd(), help),
    ),
  ];
}

function wanted(slot: Slot): string {
  if (slot.kind === 'words') return `-a ${quoted(slot.words.join(' '))}`;
  if (slot.kind === 'file') return '-F';
  return slot.kind === 'directory' ? "-a '(__fish_complete_directories)'" : '';
}

function line(at: readonly string[], what: string, about: string): string {
  const condition = quoted(['__warmbake_at', ...at].join(' '));
  return `complete -c warmbake -n ${condition} ${what}${about === '' ? '' : ` -d ${quoted(about)}`}`;
}

function quoted(text: string): string {
  return `'${text.replaceAll(/['\\]/g, String.raw`\$&`)}'`;
}
