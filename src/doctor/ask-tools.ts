import { realpath } from 'node:fs/promises';
import type { DockerEnvironment } from '../bake/builder-facts.ts';
import { THROUGH_DOCKER } from '../bake/buildx-program.ts';
import { dockerContext } from '../bake/docker-context.ts';
import { surroundings } from '../ci/system.ts';
import { git } from '../context/git.ts';
import type { Host } from '../platform/host.ts';
import type { Finished } from '../platform/process.ts';
import type { DoctorFinding } from './finding.ts';
import { agentFinding, buildxFinding, dockerFinding, gitFinding } from './tool-versions.ts';

/** A program says its version at once, also on a busy machine. */
const VERSION_MS = 8_000;

/** Git's version. */
export async function askGitVersion(host: Host): Promise<readonly DoctorFinding[]> {
  return [gitFinding(await git(host, ['--version']))];
}

/** Buildx's version. */
export async function askBuildxVersion(
  host: Host,
  { env, buildx }: DockerEnvironment,
): Promise<readonly DoctorFinding[]> {
  const [program] = buildx;
  const [finished, real] = await Promise.all([
    run(host, [...buildx, 'version'], env),
    // A run sees the user's plugins by links of its own.
    realpath(program).catch(() => program),
  ]);
  const throughDocker = buildx === THROUGH_DOCKER;
  return [buildxFinding(finished, { program: throughDocker ? buildx.join(' ') : real, throughDocker })];
}

/** The version of the docker command, and whether this run needs it. */
export async function askDockerVersion(
  host: Host,
  { env, buildx }: DockerEnvironment,
): Promise<readonly DoctorFinding[]> {
  const [finished, { endpoint = '' }] = await Promise.all([
    run(host, ['docker', '--version'], env),
    dockerContext(env),
  ]);
  return [dockerFinding(finished, { needed: dockerNeed(buildx === THROUGH_DOCKER, endpoint) })];
}

function dockerNeed(throughDocker: boolean, endpoint: string): string | undefined {
  if (throughDocker) return 'buildx is called through it';
  const isNear = endpoint === '' || endpoint.startsWith('unix://');
  return isNear ? undefined : `it is what reaches the engine at ${endpoint}`;
}

/** The version of Buildkite's agent, in its jobs. */
export async function askAgentVersion(host: Host): Promise<readonly DoctorFinding[]> {
  const around = surroundings(host.env);
  if (around.in !== 'ci' || around.system !== 'buildkite') return [];
  const env = { PATH: host.env['PATH'] ?? '' };
  return [agentFinding(await run(host, ['buildkite-agent', '--version'], env))];
}

async function run(
  { processes, signal }: Host,
  argv: readonly [string, ...string[]],
  env: Readonly<Record<string, string>>,
): Promise<Finished> {
  const finished = await processes.run({ argv, env, timeoutMs: VERSION_MS }, { signal });
  signal.throwIfAborted();
  return finished;
}
