import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { execa } from 'execa';
import { expect } from 'vitest';
import { foundNames, findTargetCaches } from '../../../src/ami/warm/donor.ts';
import { prepareWarmPlans } from '../../../src/ami/warm/prepare.ts';
import { loadSettings } from '../../../src/config/load.ts';
import type { CommitSha } from '../../../src/ci/commit-sha.ts';
import { createRegistry } from '../../../src/registry/registry.ts';
import { makeAgent } from '../../../parts/ci-job/agent.ts';
import { clock } from '../../../parts/ci-job/clock.ts';
import type { PrintedDefinition } from '../../../parts/ci-job/printed-definition.ts';
import { MAIN } from '../../../parts/ci-job/variables.ts';
import { requireSuccess } from '../../../parts/ci-job/warmbake.ts';
import { credentialsOf, openHost } from '../../registry/fixture-host.ts';
import { test } from '../../tiers/real.ts';
import { FAMILY } from '../family.ts';

/** A target, a group with a check in it, and a matrix. */
const MEMBERS = `
target "web" { inherits = ["app"] }
target "lint" {
  inherits = ["app"]
  call     = "check"
}
group "all" { targets = ["web", "tools", "lint"] }
target "tools" {
  inherits = ["app"]
  name     = "tools-\${kind}"
  matrix   = { kind = ["one", "two"] }
  args     = { KIND = kind }
}
`;

test('a machine image is warmed from the caches of all targets that main built by the name of their group', async ({
  engine,
  oldBuildx,
  registry,
}) => {
  await using agent = await makeAgent(engine.env, { images: registry.host });
  const file = path.join(agent.checkout.path, 'docker-bake.hcl');
  await agent.checkout.commit({ 'docker-bake.hcl': `${await readFile(file, 'utf8')}${MEMBERS}` });
  await agent.checkout.git('push', '--quiet', 'origin', 'main');
  await agent.configure((same) => ({ ...same, targets: { web: { lane: 'web' }, all: {} } }));
  const commit = (await agent.checkout.git('rev-parse', 'HEAD')) as CommitSha;
  requireSuccess(await agent.build(MAIN, { clock }));
  const text = (await agent.sent())['bake-config-build-1-web.json'] ?? '';
  const bakeConfig = path.join(agent.checkout.directory, 'bake-config.json');
  await writeFile(bakeConfig, text);

  // It is a bake file as before, for every buildx.
  const members = ['tools-one', 'tools-two', 'web'];
  for (const { env } of [engine, oldBuildx]) {
    const argv = ['buildx', 'bake', '--print', '-f', bakeConfig];
    const { stdout } = await execa('docker', argv, { env, extendEnv: false, cwd: agent.checkout.path });
    expect(Object.keys((JSON.parse(stdout) as PrintedDefinition).target).toSorted()).toEqual(members);
  }

  await using host = await openHost({ env: engine.env });
  const config = path.join(agent.checkout.directory, 'warmbake.yaml');
  const { settings } = await loadSettings(host, { config });
  const client = createRegistry(host, credentialsOf({ kind: 'anonymous' }));
  const { cache, targets } = settings;
  const plans = await prepareWarmPlans(host, {
    services: { settings, registry: client },
    family: { ...FAMILY, warm: { ...FAMILY.warm, target: 'web' } },
    subject: { commit, buildNumber: '1', buildId: '', image: undefined as never },
    target: targets[0]!,
    caches: await findTargetCaches(host, client, { cache, commit, targets }),
    bakeConfig,
    source: path.join(agent.checkout.directory, 'remote.git'),
  });
  expect(plans.further.map(({ target }) => target)).toEqual(['tools-one', 'tools-two']);
  const found = Object.fromEntries(plans.caches.map((each) => [each.target, foundNames(each)]));
  const of = (lane: string) => [`${registry.host}/${agent.repositories.cache.main}:${commit}-${lane}`];
  expect(found).toMatchObject({
    web: of('web'),
    'tools-one': of('tools-one'),
    'tools-two': of('tools-two'),
  });
  expect(host.warnings).toEqual([]);
});
