import { chmod, mkdir, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { Clock } from '../../src/platform/clock.ts';
import { clock as realTime } from './clock.ts';
import { type Checkout, type Files, makeCheckout } from './checkout.ts';
import { type Configuration, configurationOf, newRepositories, type Repositories } from './configuration.ts';
import type { PlanDocument } from '../../src/image-step/plan-schema.ts';
import type { FinishedDocument } from '../../src/image-step/result-schema.ts';
import { conforming } from './conforming.ts';
import type { PrintedDefinition } from './printed-definition.ts';
import type { Variables } from './variables.ts';
import { type Call, type Ended, requireSuccess, runWarmbakeHere, startWarmbake } from './warmbake.ts';

/** What `warmbake plan --json` prints. */
export type PrintedPlan = PlanDocument & {
  readonly schemaVersion: 1;
  readonly definition: PrintedDefinition;
};

/** How `warmbake build` ended, and the record that it left. */
export interface Built extends Ended {
  readonly result: FinishedDocument;
}

/** How a job is run. */
export interface How {
  /** Runs the program in this process, by this clock: waits of minutes can be made short. Default: as a process. */
  readonly clock?: Clock;
}

/** A machine of a CI with one checkout. Everything that its jobs see or leave lies in the checkout's directory. */
export interface Agent extends AsyncDisposable {
  readonly checkout: Checkout;
  /** The repositories that its configuration names. */
  readonly repositories: Repositories;
  /** The user's docker folder. */
  readonly dockerConfig: string;
  /** What jobs take for the system's temp folder. */
  readonly temp: string;
  /** Complete environment of a job at the checkout's HEAD. */
  environment(variables: Variables): Promise<Readonly<Record<string, string>>>;
  /** Writes another configuration file. */
  configure(change: (configuration: Configuration) => Configuration): Promise<void>;
  /** Puts a program on the jobs' PATH: a shell script whose calls are recorded. */
  program(name: string, script: string): Promise<void>;
  /** Where {@link calls} are recorded. */
  readonly callsFile: string;
  /** Calls of `docker`, its plugin `docker-buildx`, `buildkite-agent` and programs of the test since this was asked last, a line each. */
  calls(): Promise<readonly string[]>;
  /** Those calls among {@link calls} that start a build. */
  bakes(): Promise<readonly string[]>;
  /** Artifacts by their name and annotations by their context, as `buildkite-agent` would send them. */
  sent(): Promise<Readonly<Record<string, string>>>;
  /** What a job calls, for those who start it themselves. */
  job(args: readonly string[], variables: Variables): Promise<Call>;
  run(args: readonly string[], variables: Variables, how?: How): Promise<Ended>;
  /** `warmbake build`. */
  build(variables: Variables, how?: How & { readonly args?: readonly string[] }): Promise<Built>;
  /** `warmbake plan --json`, in this process. Throws where it does not end well. */
  plan(variables: Variables, ...args: readonly string[]): Promise<PrintedPlan>;
}

/** Makes a machine. `env` leads to a docker (an engine's or a buildx's); images and caches go to registries at `places`. */
export async function makeAgent(
  env: Readonly<Record<string, string>>,
  places: { readonly images: string; readonly cache?: string },
  files?: Files,
): Promise<Agent> {
  const checkout = await makeCheckout(files);
  const inside = (name: string): string => path.join(checkout.directory, name);
  const [home, temp, bin, sent] = [inside('home'), inside('temp'), inside('bin'), inside('sent')];
  const [callsFile, configFile, resultFile] = [
    inside('calls'),
    inside('warmbake.yaml'),
    inside('result.json'),
  ];
  const dockerConfig = path.join(home, '.docker');
  for (const folder of [dockerConfig, temp, bin, sent]) await mkdir(folder, { recursive: true });
  const repositories = newRepositories();
  const configuration = configurationOf({ cache: places.images, ...places }, repositories);

  const program = async (folder: string, name: string, script: string): Promise<void> => {
    const file = path.join(folder, name);
    await writeFile(file, `#!/bin/sh\necho "${name} $*" >> '${callsFile}'\n${script}\n`);
    await chmod(file, 0o755);
  };

  const agent: Agent = {
    checkout,
    repositories,
    dockerConfig,
    temp,
    callsFile,
    environment: async (variables) =>
      defined({
        ...env,
        PATH: `${bin}:${env['PATH']}`,
        HOME: home,
        DOCKER_CONFIG: undefined,
        TMPDIR: temp,
        NO_COLOR: '1',
        WARMBAKE_CONFIG: configFile,
        AWS_EC2_METADATA_DISABLED: 'true',
        BUILDKITE: 'true',
        BUILDKITE_REPO: 'https://example.com/team/app.git',
        BUILDKITE_COMMIT: await checkout.git('rev-parse', 'HEAD'),
        BUILDKITE_BUILD_NUMBER: '1',
        BUILDKITE_BUILD_ID: '00000000-0000-4000-8000-000000000001',
        ...variables,
      }),
    configure: async (change) => await writeFile(configFile, JSON.stringify(change(configuration))),
    program: async (name, script) => await program(bin, name, script),
    calls: async () => {
      const text = await readFile(callsFile, 'utf8').catch(() => '');
      await rm(callsFile, { force: true });
      return text.split('\n').filter((line) => line !== '');
    },
    bakes: async () => (await agent.calls()).filter((call) => call.includes('--progress=rawjson')),
    sent: async () => {
      const names = await readdir(sent);
      const read = names.map(async (name) => [name, await readFile(path.join(sent, name), 'utf8')] as const);
      return Object.fromEntries(await Promise.all(read));
    },
    job: async (args, variables) => ({
      args,
      cwd: checkout.path,
      env: await agent.environment(variables),
    }),
    run: async (args, variables, { clock } = {}) => {
      const job = await agent.job(args, variables);
      if (clock !== undefined) return await runWarmbakeHere(job, clock);
      const { exitCode = -1, stdout, stderr } = await startWarmbake(job);
      return { exitCode, stdout, stderr };
    },
    build: async (variables, { args = [], ...how } = {}) => {
      await rm(resultFile, { force: true });
      const ended = await agent.run(['build', '--result', resultFile, ...args], variables, how);
      return {
        ...ended,
        result: (await conforming('result', await readFile(resultFile, 'utf8'))) as FinishedDocument,
      };
    },
    plan: async (variables, ...args) => {
      const planned = await agent.run(['plan', '--json', ...args], variables, { clock: realTime });
      return (await conforming('plan', requireSuccess(planned).stdout)) as PrintedPlan;
    },
    [Symbol.asyncDispose]: async () => await checkout[Symbol.asyncDispose](),
  };
  const plugins = path.join(dockerConfig, 'cli-plugins');
  const buildx = path.join(env['DOCKER_CONFIG'] ?? '', 'cli-plugins/docker-buildx');
  await mkdir(plugins);
  await program(plugins, 'docker-buildx', `exec '${buildx}' "$@"`);
  await agent.program('docker', `PATH='${env['PATH']}' exec docker "$@"`);
  await agent.program('buildkite-agent', sendScript(sent));
  await agent.configure((same) => same);
  return agent;
}

function defined(variables: Variables): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(variables).filter((entry): entry is [string, string] => entry[1] !== undefined),
  );
}

/** Keeps what an agent would send. */
function sendScript(folder: string): string {
  return `case "$1 $2" in
  "artifact upload") cp "$3" '${folder}/' ;;
  "annotate --context") cat > '${folder}'/"$3" ;;
esac`;
}
