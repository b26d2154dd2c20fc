import { Command as Commander, CommanderError } from 'commander';
import { addOption } from './add-option.ts';
import { VERSION } from '../platform/version.ts';
import type { CommandSpec, Input, Listed } from './command.ts';
import { textPage } from './door.ts';
import { withoutHelpCommand } from './help-command.ts';
import { looksOf } from './renderer.ts';
import { runCommand, type Surroundings } from './run-command.ts';

/** Every command, in the order of `--help`. */
export const COMMANDS: readonly Listed[] = [
  {
    name: 'init',
    summary: 'write the first warmbake.yaml and the CI step, from what the checkout says',
    load: async () => (await import('./commands/init.ts')).initCommand,
  },
  {
    name: 'build',
    summary: 'build targets from the best caches there are',
    load: async () => (await import('./commands/build.ts')).buildCommand,
  },
  {
    name: 'plan',
    summary: 'show what a build would import, export, push and skip',
    load: async () => (await import('./commands/plan.ts')).planCommand,
  },
  {
    name: 'doctor',
    summary: 'check whether this machine can do what the configuration wants, and say what to do',
    load: async () => (await import('./commands/doctor.ts')).doctorCommand,
  },
  {
    name: 'hcl',
    summary: 'write the overlay ci.hcl, or check the written one',
    load: async () => (await import('./commands/hcl.ts')).hclCommand,
  },
  {
    name: 'promote',
    summary: 'give an image or cache manifest a further name, forward only',
    load: async () => (await import('./commands/promote.ts')).promoteCommand,
  },
  {
    name: 'iam',
    summary: 'print the IAM policy of a role: of builds, of the daily job, of people',
    load: async () => (await import('./commands/iam.ts')).iamCommand,
  },
  {
    name: 'schema',
    summary: 'print the JSON Schema of a document that warmbake writes or reads',
    load: async () => (await import('./commands/schema.ts')).schemaCommand,
  },
  {
    name: 'completion',
    summary: 'print a completion script for bash, zsh or fish',
    load: async () =>
      (await import('./commands/completion.ts')).completionCommand(() => ({
        commands: COMMANDS,
        groups: GROUPS,
      })),
  },
  {
    name: 'sccache env',
    summary: 'print the variables that sccache reads',
    load: async () => (await import('./commands/sccache/env.ts')).sccacheEnvCommand,
  },
  {
    name: 'sccache setup',
    summary: 'create the bucket, or put right what is missing of it',
    load: async () => (await import('./commands/sccache/setup.ts')).sccacheSetupCommand,
  },
  {
    name: 'sccache doctor',
    summary: 'say whether sccache would start in a build, and if not why',
    load: async () => (await import('./commands/sccache/doctor.ts')).sccacheDoctorCommand,
  },
  {
    name: 'sccache stats',
    summary: 'count objects, bytes and ages in the store',
    load: async () => (await import('./commands/sccache/stats.ts')).sccacheStatsCommand,
  },
  {
    name: 'ami rebuild',
    summary: 'build an image, prove it, and make every stack launch it',
    load: async () => (await import('./commands/ami/rebuild.ts')).amiRebuildCommand,
  },
  {
    name: 'ami base',
    summary: 'show the image that the next one is built on',
    load: async () => (await import('./commands/ami/base.ts')).amiBaseCommand,
  },
  {
    name: 'ami build',
    summary: 'build a machine image with a warm store, and prove it',
    load: async () => (await import('./commands/ami/build.ts')).amiBuildCommand,
  },
  {
    name: 'ami canary',
    summary: 'try an image on the canary stack',
    load: async () => (await import('./commands/ami/canary.ts')).amiCanaryCommand,
  },
  {
    name: 'ami publish',
    summary: 'make an image the desired one',
    load: async () => (await import('./commands/ami/publish.ts')).amiPublishCommand,
  },
  {
    name: 'ami roll',
    summary: 'make the stacks launch the desired image',
    load: async () => (await import('./commands/ami/roll.ts')).amiRollCommand,
  },
  {
    name: 'ami clean',
    summary: 'delete images that are not needed any more',
    load: async () => (await import('./commands/ami/clean.ts')).amiCleanCommand,
  },
  {
    name: 'ami probe',
    summary: 'on an instance of an image: is its store warm?',
    load: async () => (await import('./commands/ami/probe.ts')).amiProbeCommand,
  },
  {
    name: 'ami status',
    summary: 'show what the stacks launch, what they should, and what does not fit',
    load: async () => (await import('./commands/ami/status.ts')).amiStatusCommand,
  },
  {
    name: 'ami list',
    summary: 'show every image: state, warmth, size, use, and what a cleanup would do',
    load: async () => (await import('./commands/ami/list.ts')).amiListCommand,
  },
  {
    name: 'ami rollback',
    summary: 'bring the fleet back to the last good image, and keep it there',
    load: async () => (await import('./commands/ami/rollback.ts')).amiRollbackCommand,
  },
  {
    name: 'ami watch',
    summary: 'follow a rollout until the old image is gone',
    load: async () => (await import('./commands/ami/watch.ts')).amiWatchCommand,
  },
  {
    name: 'ami hold',
    summary: 'keep the fleet on the desired image until it is released',
    load: async () => (await import('./commands/ami/hold.ts')).amiHoldCommand,
  },
  {
    name: 'ami release',
    summary: 'end a hold',
    load: async () => (await import('./commands/ami/release.ts')).amiReleaseCommand,
  },
  {
    name: 'ami revoke',
    summary: 'mark an image so that it is never published or rolled back to',
    load: async () => (await import('./commands/ami/revoke.ts')).amiRevokeCommand,
  },
  {
    name: 'ami unrevoke',
    summary: 'take a revocation back',
    load: async () => (await import('./commands/ami/unrevoke.ts')).amiUnrevokeCommand,
  },
  {
    name: 'ami history',
    summary: 'show who published, went back, held and revoked, when and why',
    load: async () => (await import('./commands/ami/history.ts')).amiHistoryCommand,
  },
  {
    name: 'pipeline rollback-ami',
    summary: 'write the Buildkite pipeline that goes back to a good image, or check it',
    load: async () => (await import('./commands/pipeline/rollback-ami.ts')).pipelineRollbackAmiCommand,
  },
  {
    name: 'pipeline image-build',
    summary: 'write the Buildkite pipeline that builds images, or check it',
    load: async () => (await import('./commands/pipeline/image-build.ts')).pipelineImageBuildCommand,
  },
  {
    name: 'pipeline rebuild-ami',
    summary: 'write the Buildkite pipelines that rebuild an image and watch it, or check them',
    load: async () => (await import('./commands/pipeline/rebuild-ami.ts')).pipelineRebuildAmiCommand,
  },
];

/** What the groups are for. */
const GROUPS: Readonly<Record<string, string>> = {
  sccache: 'the store that compilations share',
  ami: 'the warm machine image of the build agents',
  pipeline: 'Buildkite pipelines, written from the configuration',
};

/** Parses `argv`, runs the command and answers with the exit code; never rejects. */
export async function runProgram(given: readonly string[], surroundings: Surroundings): Promise<number> {
  const argv = withoutHelpCommand(given, Object.keys(GROUPS));
  let exitCode = 0;
  const { out, err } = surroundings.streams;
  const looks = looksOf(surroundings.streams, surroundings.env);
  const program = new Commander('warmbake')
    .description('Warm caches for Docker bake builds: pull request → base branch → main.')
    .version(VERSION)
    .exitOverride()
    .showSuggestionAfterError()
    .showHelpAfterError('(--help shows what there is)')
    .configureOutput({
      writeOut: (text) => out(textPage(looks.out, text)),
      writeErr: (text) => err(textPage(looks.err, text)),
      getOutHelpWidth: () => looks.out.columns?.() ?? 80,
      getErrHelpWidth: () => looks.err.columns?.() ?? 80,
    })
    .addHelpText('after', EXIT_CODES);
  const called = COMMANDS.find(({ name }) => name.split(' ').every((word, i) => argv[i] === word));
  for (const listed of COMMANDS) {
    const command = groupOf(program, listed.name).command(listed.name.split(' ').at(-1) ?? '');
    command.summary(listed.summary);
    if (listed !== called) continue;
    define(command, await listed.load(), async (spec, input) => {
      exitCode = await runCommand({ ...spec, name: listed.name }, input, surroundings);
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

/** The command that holds the last word of `name`: the program, or the group that the first word names. */
function groupOf(program: Commander, name: string): Commander {
  const [first = '', second] = name.split(' ');
  if (second === undefined) return program;
  return (
    program.commands.find((c) => c.name() === first) ?? program.command(first).summary(GROUPS[first] ?? '')
  );
}

function define(
  command: Commander,
  spec: CommandSpec,
  run: (spec: CommandSpec, input: Input) => Promise<void>,
): void {
  const examples = spec.examples.map((example) => `  ${example}`).join('\n');
  command.description(spec.description).addHelpText('after', `\nExamples:\n${examples}`);
  for (const argument of spec.args?.split(' ') ?? []) command.argument(argument);
  for (const option of spec.options) addOption(command, option);
  command.option('--json', 'one JSON document on standard output; all other text on standard error');
  command.option('--wide', 'in a terminal: nothing shortened, no line broken (as in logs and pipes)');
  command.action(async () => {
    await run(spec, { args: command.args, options: command.opts() });
  });
}

const EXIT_CODES = `
Exit codes:
  0 done (also: skipped, unchanged)     4 refused
  1 a check failed                      5 an outside service failed
  2 usage                               6 the build failed
  3 invalid configuration or context    70 a defect of warmbake
  130, 143 interrupted by SIGINT, SIGTERM`;
