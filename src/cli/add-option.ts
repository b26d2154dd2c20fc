import type { Command as Commander } from 'commander';
import type { Option } from './command.ts';

/** Makes the option known to commander. */
export function addOption(command: Commander, { flags, help, repeatable }: Option): void {
  if (repeatable === true) command.option(flags, help, collect, []);
  else command.option(flags, help);
}

/** The values so far, and one more. */
function collect(value: string, values: readonly string[]): readonly string[] {
  return [...values, value];
}
