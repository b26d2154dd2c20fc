import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { findBuildx } from '../../bake/buildx-program.ts';
import { closedEnvironment } from '../../bake/environment.ts';
import { overlayText } from '../../bake/overlay.ts';
import type { Settings } from '../../config/settings.ts';
import { openBuildServices } from '../../image-step/build-services.ts';
import { makePlan } from '../../image-step/plan.ts';
import { requireInsideCheckout } from '../../image-step/preflight.ts';
import { chooseTargets } from '../../image-step/choose-targets.ts';
import { type ExpandedTargets, asConfigured } from '../../image-step/expand-targets.ts';
import { resolveTargets } from '../../image-step/resolve-targets.ts';
import { buildValues } from '../../image-step/target-plan.ts';
import { WarmbakeError, messageOf } from '../../platform/errors.ts';
import { warn } from '../../platform/events.ts';
import type { Host } from '../../platform/host.ts';
import { writeOwnFile } from '../../platform/own-file.ts';
import {
  CONFIG_OPTIONS,
  type CommandSpec,
  type Input,
  type CommandOutcome,
  flag,
  textOption,
} from '../command.ts';
import { type Loaded, loadCheckout, loadConfiguration } from '../loaded.ts';

/** `warmbake hcl`: the overlay as a file, for reading and for plain `docker buildx bake`. */
export const hclCommand: CommandSpec = {
  args: '[target...]',
  description:
    'Write the generated overlay next to the configuration file. It holds no value of any build, so that it can be committed; `build` does not read it.',
  options: [
    ...CONFIG_OPTIONS,
    {
      flags: '--out <file>',
      help: 'where to (default: ci.hcl beside the configuration; - is standard output)',
    },
    { flags: '--check', help: 'write nothing; exit 1 where the file differs' },
    {
      flags: '--resolved',
      help: "print the overlay with this build's values as defaults (asks the registry)",
    },
    { flags: '--offline', help: 'with --resolved: ask no registry' },
  ],
  examples: ['warmbake hcl', 'warmbake hcl --check', 'warmbake hcl --resolved test-ci > /tmp/ci.hcl'],
  changesShared: (input) =>
    !['check', 'resolved'].some((option) => flag(input, option)) && textOption(input, 'out') !== '-',
  run: hcl,
};

async function hcl(host: Host, input: Input): Promise<CommandOutcome> {
  if (flag(input, 'resolved')) return await printResolved(await loadConfiguration(host, input), input);
  // What is written for the checkout, and compared with it, is the checkout's own: nothing else is done with it.
  const loaded = await loadCheckout(host, input);
  const expanded = await membersIn(host, loaded.settings);
  // The file holds all targets; a name that is none is a mistake all the same.
  chooseTargets(expanded, input.args);
  const text = overlayText(expanded.settings);
  const out = textOption(input, 'out') ?? path.join(path.dirname(loaded.file), 'ci.hcl');
  if (out === '-') return { json: { overlay: text }, text };
  const file = path.resolve(host.cwd, out);
  const same = (await readFile(file, 'utf8').catch(() => undefined)) === text;
  const check = flag(input, 'check');
  const where = { root: loaded.settings.root, option: '--out' };
  if (!same && !check) await writeOwnFile(file, text, where);
  const state = same
    ? 'is up to date'
    : check
      ? 'differs from the configuration: run `warmbake hcl`'
      : 'written';
  return {
    json: { file, state: same ? 'unchanged' : check ? 'differs' : 'written' },
    text: `${path.relative(host.cwd, file)} ${state}\n`,
    exitCode: check && !same ? 1 : 0,
  };
}

/** With members in the place of groups and matrices; as configured, with a warning, where bake cannot be asked. */
async function membersIn(host: Host, settings: Settings): Promise<ExpandedTargets> {
  const env = closedEnvironment(host.env, settings.bake.passthrough);
  const docker = { env, buildx: await findBuildx(env), buildxConfig: '' };
  const values = { commit: '', buildNumber: '', buildId: '', branch: '', targets: [] };
  try {
    requireInsideCheckout(settings);
    const resolved = await resolveTargets({ host, settings, docker }, { values, named: [] });
    for (const warning of resolved.warnings) host.emit({ type: 'warning', warning });
    return resolved;
  } catch (error) {
    host.signal.throwIfAborted();
    if (error instanceof WarmbakeError && error.code === 'target-not-defined') throw error;
    const because = messageOf(error);
    warn(host.emit, 'targets-not-resolved', `bake was not asked what groups and matrices hold: ${because}`);
    return asConfigured(settings);
  }
}

async function printResolved({ host, settings }: Loaded, input: Input): Promise<CommandOutcome> {
  const services = await openBuildServices(host, settings, { offline: flag(input, 'offline') });
  try {
    const plan = await makePlan(services, {
      targets: input.args.length === 0 ? settings.targets.map((t) => t.name) : input.args,
      push: false,
      offline: flag(input, 'offline'),
      force: true,
      lookOnly: true,
    });
    const text = overlayText(plan.settings, buildValues(plan.context, plan.targets));
    return { json: { overlay: text }, text };
  } finally {
    await services.login.remove();
  }
}
