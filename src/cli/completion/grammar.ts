import type { CommandSpec, Listed, Option } from '../command.ts';

/** What can stand somewhere on a command line: words of ours, a path, or a text that nobody can guess. */
export type Slot =
  | { readonly kind: 'words'; readonly words: readonly string[] }
  | { readonly kind: 'file' }
  | { readonly kind: 'directory' }
  | { readonly kind: 'text' };

/** An option as a shell completes it. */
export interface GrammarOption {
  /** `--config`. */
  readonly name: string;
  readonly help: string;
  /** What comes behind it; absent for a switch. */
  readonly value?: Slot;
}

/** A command as a shell completes it. */
export interface GrammarCommand {
  /** `ami roll`. */
  readonly name: string;
  readonly summary: string;
  readonly options: readonly GrammarOption[];
  /** What its arguments are; absent where it has none. */
  readonly argument?: Slot;
}

/** Everything that the shells complete. */
export interface Grammar {
  readonly version: string;
  readonly commands: readonly GrammarCommand[];
  /** What first words that are no command by themselves stand for. */
  readonly groups: Readonly<Record<string, string>>;
}

/** What commander and `program.ts` give to every command. */
const COMMON: readonly Option[] = [
  { flags: '--json', help: 'one JSON document on standard output' },
  { flags: '--wide', help: 'nothing shortened, no line broken' },
  { flags: '--help', help: 'show what there is' },
];

/** A command of the table with what its own file says of it. */
export function grammarCommand({ name, summary }: Omit<Listed, 'load'>, spec: CommandSpec): GrammarCommand {
  const argument = argumentSlot(spec);
  return {
    name,
    summary,
    options: [...spec.options, ...COMMON].map(grammarOption),
    ...(argument === undefined ? {} : { argument }),
  };
}

/** Names on the first place of a command line, with what they are for. */
export function firstWords({ commands, groups }: Grammar): readonly (readonly [string, string])[] {
  const all = commands.map(({ name, summary }) => {
    const [first = '', second] = name.split(' ');
    return [first, second === undefined ? summary : (groups[first] ?? '')] as const;
  });
  return [...new Map(all)];
}

/** Second words of a group, with what they are for. */
export function secondWords({ commands }: Grammar, group: string): readonly (readonly [string, string])[] {
  return commands
    .filter(({ name }) => name.startsWith(`${group} `))
    .map(({ name, summary }) => [name.slice(group.length + 1), summary]);
}

function grammarOption({ flags, help, choices }: Option): GrammarOption {
  const [name = '', value] = flags.split(' ');
  return { name, help, ...(value === undefined ? {} : { value: slotOf(value, choices) }) };
}

function argumentSlot({ args, choices }: CommandSpec): Slot | undefined {
  return args === undefined ? undefined : slotOf(args.split(' ')[0] ?? '', choices);
}

/** `<file>`, `[target...]`: the word between the brackets says what is meant. */
function slotOf(written: string, choices: readonly string[] | undefined): Slot {
  if (choices !== undefined) return { kind: 'words', words: choices };
  const word = /\w+/.exec(written)?.[0];
  return word === 'file' || word === 'directory' ? { kind: word } : { kind: 'text' };
}
