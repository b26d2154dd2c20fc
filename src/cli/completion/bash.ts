import { firstWords, type Grammar, type GrammarCommand, secondWords, type Slot } from './grammar.ts';

/**
 * A completion script for bash 3.2 (the one of macOS) and later: plain words, no arrays by name, nothing of `bash-completion`. Everything
 * is in it; it starts no program.
 */
export function bashCompletion(grammar: Grammar): string {
  const groups = Object.keys(grammar.groups);
  return `# bash completion of warmbake ${grammar.version}: written by \`warmbake completion bash\`.
_warmbake() {
  local current="\${COMP_WORDS[COMP_CWORD]}" before="\${COMP_WORDS[COMP_CWORD-1]}" place=$COMP_CWORD
  local command="\${COMP_WORDS[1]}" first=2 words='' value='' line
  # Readline makes words of \`--option=value\`, too.
  if [ "$current" = '=' ]; then current=''; elif [ "$before" = '=' ]; then before="\${COMP_WORDS[COMP_CWORD-2]}"; fi
  COMPREPLY=()
  case "$command" in
    ${groups.join('|')})
      command="$command \${COMP_WORDS[2]}" first=3 ;;
  esac
  if [ "$place" -eq 1 ]; then
    words=${quoted([...firstWords(grammar).map(([word]) => word), '--help', '--version'])}
  elif [ "$place" -lt "$first" ]; then
    case "\${COMP_WORDS[1]}" in
${groups.map((group) => `      ${group}) words=${quoted([...secondWords(grammar, group).map(([word]) => word), '--help'])} ;;`).join('\n')}
    esac
  else
    case "$command" in
${grammar.commands.map(commandCase).join('\n')}
    esac
  fi
  case "$value" in
    file) compopt -o filenames 2>/dev/null
      while IFS= read -r line; do COMPREPLY+=("$line"); done < <(compgen -f -- "$current") ;;
    directory) compopt -o filenames 2>/dev/null
      while IFS= read -r line; do COMPREPLY+=("$line"); done < <(compgen -d -- "$current") ;;
    text) ;;
    *) while IFS= read -r line; do COMPREPLY+=("$line"); done < <(compgen -W "$words" -- "$current") ;;
  esac
}
complete -F _warmbake warmbake
`;
}

/** The options of a command, and its argument's words where no option is begun; what an option wants goes before. */
function commandCase({ name, options, argument }: GrammarCommand): string {
  const own = argument?.kind === 'words' ? argument.words : [];
  const lines = [`words=${quoted([...own, ...options.map((option) => option.name)])}`];
  const cases = options.flatMap((option) =>
    option.value === undefined ? [] : [`        ${option.name}) ${taken(option.value)} ;;`],
  );
  if (cases.length > 0) lines.push('case "$before" in', ...cases, '      esac');
  const [head, ...rest] = lines;
  return [
    `    '${name}') ${head}`,
    ...rest.map((line) => (line.startsWith(' ') ? line : `      ${line}`)),
    '      ;;',
  ].join('\n');
}

function taken(slot: Slot): string {
  return slot.kind === 'words' ? `words=${quoted(slot.words)}` : `value=${slot.kind}`;
}

/** Words of ours hold no white space and no quote. */
function quoted(words: readonly string[]): string {
  return `'${words.join(' ')}'`;
}
