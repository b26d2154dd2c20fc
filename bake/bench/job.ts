import { rm, symlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { makeAgent } from '../../parts/ci-job/agent.ts';
import { MAIN, pullRequest } from '../../parts/ci-job/variables.ts';
import { requireSuccess } from '../../parts/ci-job/warmbake.ts';
import type { Engine } from '../../parts/engine.ts';
import type { Registry } from '../../parts/registry.ts';
import { PROJECT } from '../../parts/project.ts';
import type { Subject } from './measure.ts';

/** The ways of doing one CI job when everything is warm, and parts of it. */
export interface Job extends AsyncDisposable {
  /** `warmbake build` of an image that exists, told to build; and where it may skip. */
  readonly build: Subject;
  readonly skip: Subject;
  readonly plan: Subject;
  readonly version: Subject;
  /** One call of bake with the definition that `plan` prints. */
  readonly bareBake: Subject;
  /** What a script of the usual kind calls for the same job, one after the other. */
  readonly script: Subject;
  readonly emptyProgram: Subject;
}

const TARGET = 'test-ci';

/** The program as an installed package has it. */
const WARMBAKE = path.join(PROJECT, 'dist/program/warmbake.cjs');

/**
 * Is the image there? Which builder? Which commit before? What does bake resolve? Bake. Without the questions to the EC2
 * metadata service, which has no time limit there, and without fetching the overlay.
 */
const SCRIPT = `set -e
docker manifest inspect --insecure "$1:absent" > /dev/null 2>&1 || true
docker buildx inspect "$2" > /dev/null
docker buildx use "$2"
docker buildx inspect --bootstrap > /dev/null
git rev-parse HEAD~1 > /dev/null 2>&1 || true
docker buildx bake -f "$3" --print "$4" > "$5/bake-config.json"
docker buildx bake -f "$3" --progress plain "$4"
`;

/** Makes the job of a pull request on top of a main that was built, with its image and its caches in `registry`. */
export async function makeJob(engine: Engine, registry: Registry): Promise<Job> {
  const agent = await makeAgent(engine.env, { images: registry.host });
  const { checkout } = agent;
  const inside = (name: string): string => path.join(checkout.directory, name);
  requireSuccess(await agent.build(MAIN));
  await checkout.git('push', '--quiet', 'origin', 'main');
  await checkout.commit({ 'source.txt': 'two\n' });
  await checkout.git('push', '--quiet', 'origin', 'HEAD:work');
  requireSuccess(await agent.build(pullRequest()));
  const definition = inside('definition.json');
  const plan = await agent.plan(pullRequest());
  await writeFile(definition, JSON.stringify(plan.definition));
  await writeFile(inside('empty.cjs'), '');
  // Without the stand-ins that record calls: they would be measured too, on one side more often than on the other.
  await rm(inside('bin/docker'));
  const plugin = path.join(agent.dockerConfig, 'cli-plugins/docker-buildx');
  await rm(plugin);
  await symlink(engine.buildx[0].plugin, plugin);

  const env = await agent.environment(pullRequest());
  const subject = (...argv: Subject['argv']): Subject => ({ argv, cwd: checkout.path, env });
  const warmbake = (...args: readonly string[]): Subject => subject(process.execPath, WARMBAKE, ...args);
  const image = `${registry.host}/${agent.repositories.images.test}`;
  return {
    build: warmbake('build', '--force', TARGET),
    skip: warmbake('build', TARGET),
    plan: warmbake('plan', TARGET),
    version: warmbake('--version'),
    bareBake: subject('docker', 'buildx', 'bake', `--builder=${plan.builder.name}`, '-f', definition, TARGET),
    script: subject('bash', '-c', SCRIPT, 'bash', image, plan.builder.name, definition, TARGET, agent.temp),
    emptyProgram: subject(process.execPath, inside('empty.cjs')),
    [Symbol.asyncDispose]: async () => await agent[Symbol.asyncDispose](),
  };
}
