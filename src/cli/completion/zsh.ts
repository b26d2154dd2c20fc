import { firstWords, type Grammar, type GrammarCommand, secondWords, type Slot } from './grammar.ts';

/** A completion function for zsh (`_arguments` and `_describe` of its own library), as a file of `fpath` or to be sourced. */
export function zshCompletion(grammar: Grammar): string {
  const groups = Object.keys(grammar.groups);
  return `#compdef warmbake
# zsh completion of warmbake ${grammar.version}: written by \`warmbake completion zsh\`.
_warmbake() {
  local -a words_here
  local command="\${words[2]}" first=3
  case "$command" in
    ${groups.join('|')})
      command="$command \${words[3]}" first=4 ;;
  esac
  if (( CURRENT == 2 )); then
    if [[ "$PREFIX" == -* ]]; then compadd -- --help --version; return; fi
    words_here=(${described(firstWords(grammar))})
    _describe -t commands 'command' words_here
    return
  fi
  if (( CURRENT < first )); then
    case "\${words[2]}" in
${groups.map((group) => `      ${group}) words_here=(${described(secondWords(grammar, group))}) ;;`).join('\n')}
    esac
    _describe -t commands 'command' words_here
    return
  fi
  # \`_arguments\` counts from the command's own word.
  shift $(( first - 2 )) words
  (( CURRENT -= first - 2 ))
  case "$command" in
${grammar.commands.map(commandCase).join('\n')}
  esac
}
if [[ "\${funcstack[1]}" == _warmbake ]]; then _warmbake "$@"; else compdef _warmbake warmbake; fi
`;
}

function commandCase({ name, options, argument }: GrammarCommand): string {
  const specs = options.map(
    ({ name: option, help, value }) =>
      `'${value === undefined ? '' : '*'}${option}[${inBrackets(help)}]${value === undefined ? '' : `:${option.slice(2)}:${action(value)}`}'`,
  );
  const own = argument === undefined ? [] : [`'*:argument:${action(argument)}'`];
  return [
    `    ${quoted(name)}) _arguments \\`,
    [...specs, ...own].map((spec) => `      ${spec}`).join(' \\\n'),
    '      ;;',
  ].join('\n');
}

function action(slot: Slot): string {
  if (slot.kind === 'words')
    return `(${slot.words.map((word) => word.replaceAll(':', String.raw`\:`)).join(' ')})`;
  return slot.kind === 'file' ? '_files' : slot.kind === 'directory' ? '_files -/' : ' ';
}

function described(words: readonly (readonly [string, string])[]): string {
  return words.map(([word, about]) => quoted(`${word}:${about.replaceAll(':', String.raw`\:`)}`)).join(' ');
}

/** In a description of \`_arguments\`, within single quotes. */
function inBrackets(text: string): string {
  return text.replaceAll(/[[\]:\\]/g, String.raw`\$&`).replaceAll("'", String.raw`'\''`);
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", String.raw`'\''`)}'`;
}
