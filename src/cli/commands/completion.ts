import { VERSION } from '../../platform/version.ts';
import { WarmbakeError } from '../../platform/errors.ts';
import type { Host } from '../../platform/host.ts';
import { type CommandOutcome, type CommandSpec, type Input, type Listed, never } from '../command.ts';
import { bashCompletion } from '../completion/bash.ts';
import { fishCompletion } from '../completion/fish.ts';
import { type Grammar, grammarCommand } from '../completion/grammar.ts';
import { zshCompletion } from '../completion/zsh.ts';

const SHELLS = {
  bash: bashCompletion,
  zsh: zshCompletion,
  fish: fishCompletion,
} as const satisfies Record<string, (grammar: Grammar) => string>;

const NAMES = Object.keys(SHELLS);

/** What the scripts are made from: the program's own tables. */
export interface Completed {
  readonly commands: readonly Listed[];
  readonly groups: Readonly<Record<string, string>>;
}

/** `warmbake completion`: a script made of what the commands themselves say; every command is loaded for it, once. */
export function completionCommand(completed: () => Completed): CommandSpec {
  return {
    args: '<shell>',
    choices: NAMES,
    description:
      'Print a completion script for bash, zsh or fish: commands, options, and the values that an option can have. It is made of this version, and starts no program when it completes.',
    options: [],
    examples: [
      'source <(warmbake completion bash)',
      'warmbake completion zsh > ~/.zfunc/_warmbake',
      'warmbake completion fish > ~/.config/fish/completions/warmbake.fish',
    ],
    changesShared: never,
    run: async (_: Host, { args: [shell = ''] }: Input): Promise<CommandOutcome> => {
      const print = printerFor(shell);
      const { commands, groups } = completed();
      const loaded = await Promise.all(commands.map(async (one) => grammarCommand(one, await one.load())));
      const script = print({ version: VERSION, commands: loaded, groups });
      return { json: { shell, script }, text: script };
    },
  };
}

function printerFor(shell: string): (grammar: Grammar) => string {
  if (shell === 'bash' || shell === 'zsh' || shell === 'fish') return SHELLS[shell];
  throw new WarmbakeError('usage', 'shell-unknown', `'${shell}' is not a shell that is completed here`, {
    hint: `write one of ${NAMES.join(', ')}`,
  });
}
