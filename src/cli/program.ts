import { Command as Commander, CommanderError } from 'commander';
import { EXIT_CODE, WarmbakeError, errorDocument, exitCodeOf, messageOf } from '../platform/errors.ts';
import type { Host } from '../platform/host.ts';
import type { CommandSpec, Input } from './command.ts';
import { buildCommand } from './commands/build.ts';
import { hclCommand } from './commands/hcl.ts';
import { planCommand } from './commands/plan.ts';
import { promoteCommand } from './commands/promote.ts';
import { type Streams, eventRenderer } from './renderer.ts';

/** The host but for the receiver of events, which is made here, and the two streams. */
export type Surroundings = Omit<Host, 'emit'> & { readonly streams: Streams };

/** Kept equal to package.json by a test. */
const VERSION = '0.1.0';

const COMMANDS: readonly CommandSpec[] = [buildCommand, planCommand, hclCommand, promoteCommand];

/** Parses `argv`, runs the command and answers with the exit code; never rejects. */
export async function runProgram(argv: readonly string[], surroundings: Surroundings): Promise<number> {
  let exitCode = 0;
  const program = new Commander('warmbake')
    .description('Warm caches for Docker bake builds: pull request → base branch → main.')
    .version(VERSION)
    .exitOverride()
    .showSuggestionAfterError()
    .showHelpAfterError('(--help shows what there is)')
    .configureOutput({ writeOut: surroundings.streams.out, writeErr: surroundings.streams.err })
    .addHelpText('after', EXIT_CODES);
  for (const spec of COMMANDS) {
    addCommand(program, spec, async (input) => {
      exitCode = await runCommand(spec, input, surroundings);
    });
  }
  try {
    await program.parseAsync([...argv], { from: 'user' });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    return error.exitCode === 0 ? 0 : 2;
  }
  return exitCode;
}

function addCommand(program: Commander, spec: CommandSpec, run: (input: Input) => Promise<void>): void {
  const command = program
    .command(`${spec.name}${spec.args === undefined ? '' : ` ${spec.args}`}`)
    .summary(spec.summary)
    .description(spec.description)
    .addHelpText('after', `\nExamples:\n${spec.examples.map((e) => `  ${e}`).join('\n')}`);
  for (const option of spec.options) command.option(option.flags, option.help);
  command.option('--json', 'one JSON document on standard output; all other text on standard error');
  command.action(async () => {
    await run({ args: command.args, options: command.opts() });
  });
}

async function runCommand(spec: CommandSpec, input: Input, surroundings: Surroundings): Promise<number> {
  const { streams, ...rest } = surroundings;
  const renderer = eventRenderer(streams, surroundings);
  const host: Host = { ...rest, emit: renderer.emit };
  const print = (document: object): void => streams.out(`${JSON.stringify(document, undefined, 2)}\n`);
  const json = input.options['json'] === true;
  try {
    const outcome = await spec.run(host, input);
    renderer.close();
    if (json) print({ schemaVersion: 1, ...outcome.json });
    else if (outcome.text !== undefined) streams.out(outcome.text);
    return outcome.error === undefined ? (outcome.exitCode ?? 0) : tellError(outcome.error, streams);
  } catch (thrown) {
    renderer.close();
    const error: unknown = host.signal.aborted ? host.signal.reason : thrown;
    if (json) print({ schemaVersion: 1, error: errorDocument(error) });
    return tellError(error, streams);
  }
}

/** Says what went wrong and answers with its exit code. Anything that is not ours is a defect and shows its stack. */
function tellError(error: unknown, { err }: Streams): number {
  const exitCode = exitCodeOf(error);
  err(`error: ${messageOf(error)}\n`);
  if (error instanceof WarmbakeError && error.hint !== undefined) err(`  hint: ${error.hint}\n`);
  if (exitCode === EXIT_CODE.defect && error instanceof Error) {
    err(`${error.stack ?? ''}\nthis is a defect of warmbake\n`);
  }
  return exitCode;
}

const EXIT_CODES = `
Exit codes:
  0 done (also: skipped, unchanged)     4 refused
  1 a check failed                      5 an outside service failed
  2 usage                               6 the build failed
  3 invalid configuration or context    70 a defect of warmbake
  130, 143 interrupted by SIGINT, SIGTERM`;
