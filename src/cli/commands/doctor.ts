import { surroundings } from '../../ci/system.ts';
import { doctorDocument, doctorPage } from '../../doctor/doctor-page.ts';
import { examine } from '../../doctor/examine.ts';
import { ciText } from '../../doctor/run-findings.ts';
import type { Host } from '../../platform/host.ts';
import {
  CONFIG_OPTIONS,
  type CommandOutcome,
  type CommandSpec,
  type Input,
  flag,
  never,
} from '../command.ts';
import { openConfiguration } from '../open-configuration.ts';

/** `warmbake doctor`: would a build work here, and why not? */
export const doctorCommand: CommandSpec = {
  args: '[target...]',
  description:
    'Check whether this machine, in this job, can do what the configuration wants: tools, engine and builder, disk, clock, logins, what would be read and written, git, the store of sccache, machine images. Tries each harmlessly and changes nothing; each line that is not fine says what to do. Exit code 1 where something that is planned will fail.',
  options: [
    ...CONFIG_OPTIONS,
    { flags: '--offline', help: 'ask nobody elsewhere: no registry, no remote, no AWS' },
    { flags: '--push', help: 'check for a local build that pushes' },
    { flags: '--no-sccache', help: 'check for a build without sccache' },
    {
      flags: '--ami',
      help: 'this job makes machine images: what it lacks for that is a failure, not a warning',
    },
  ],
  examples: [
    'warmbake doctor',
    'warmbake doctor --offline',
    'warmbake doctor test-ci --json',
    'warmbake doctor --ami',
  ],
  changesShared: never,
  run,
};

async function run(outer: Host, input: Input): Promise<CommandOutcome> {
  const host = flag(input, 'sccache') || input.options['sccache'] === undefined ? outer : sccacheOff(outer);
  const examination = await examine(host, async (bound) => await openConfiguration(bound, input), {
    targets: input.args,
    push: flag(input, 'push'),
    offline: flag(input, 'offline'),
    daily: flag(input, 'ami'),
    ci: ciText(surroundings(host.env)),
  });
  const json = doctorDocument(examination.findings);
  return { json, page: doctorPage(examination), exitCode: json.outcome === 'failed' ? 1 : 0 };
}

/** The option is another spelling of the switch. */
function sccacheOff(host: Host): Host {
  return { ...host, env: { ...host.env, WARMBAKE_SCCACHE: 'off' } };
}
