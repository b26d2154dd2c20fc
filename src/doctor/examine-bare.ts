import path from 'node:path';
import { findBuildx } from '../bake/buildx-program.ts';
import { engineFacts } from '../bake/engine-facts.ts';
import { closedEnvironment } from '../bake/environment.ts';
import type { Host } from '../platform/host.ts';
import { askDepth } from './ask-git-history.ts';
import { askBuildxVersion, askDockerVersion } from './ask-tools.ts';
import { boundedFindings } from './bounded-findings.ts';
import { engineFinding } from './builder-findings.ts';
import { type DoctorFinding, skipped } from './finding.ts';

/** What can be looked at where there is no configuration. */
export async function examineBare(host: Host): Promise<readonly DoctorFinding[]> {
  const env = closedEnvironment(host.env);
  const home = env['HOME'] ?? host.scratch;
  const docker = { env, buildx: await findBuildx(env), buildxConfig: path.join(home, '.docker', 'buildx') };
  const findings = await Promise.all([
    boundedFindings(host, { check: 'buildx' }, async (bound) => await askBuildxVersion(bound, docker)),
    boundedFindings(host, { check: 'docker' }, async (bound) => await askDockerVersion(bound, docker)),
    boundedFindings(host, { check: 'engine' }, async (bound) => [
      engineFinding({ engine: await engineFacts(bound, env) }, { needed: true }),
    ]),
    boundedFindings(host, { check: 'git-depth' }, askDepth),
  ]);
  const without = 'what a build would do is not known without a configuration';
  return [...findings.flat(), skipped('definition', without)];
}
