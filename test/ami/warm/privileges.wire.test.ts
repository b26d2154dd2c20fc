import { mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { expect, test } from 'vitest';
import { bakeStages } from '../../../src/ami/warm/bake.ts';
import { type WarmPlan, writeWarmPlan } from '../../../src/ami/warm/plan.ts';
import { type FixtureHost, openHost } from '../../registry/fixture-host.ts';

/** A plan for a target of the trusted build that asks for `attributes`. */
async function planOf(host: FixtureHost, attributes: object, permit: readonly string[]): Promise<WarmPlan> {
  const source = path.join(host.home, 'source');
  await mkdir(source);
  await writeFile(path.join(source, 'Dockerfile'), 'FROM scratch\n');
  const config = { targets: { app: { ...attributes } } };
  const directory = path.join(host.home, 'warm');
  return await writeWarmPlan({ config, target: 'app', source, directory, mark: '1', permit });
}

test.for<[string, object, readonly string[]]>([
  ['nothing', {}, []],
  ["the host's network", { network: 'host' }, ['network.host']],
  [
    'what buildx since 0.17 prints for it',
    { network: 'host', entitlements: ['network.host'] },
    ['network.host'],
  ],
  ['privileged steps', { entitlements: ['security.insecure'] }, ['security.insecure']],
])('the warm build is told on its command line that it may have %s', async ([, attributes, permit]) => {
  await using host = await openHost();
  const { filling, source, allow } = await planOf(host, attributes, permit);
  const asked = path.join(host.home, 'asked');
  const program = path.join(host.home, 'buildx');
  await writeFile(program, `#!/bin/sh\necho "$@" >> '${asked}'\n`, { mode: 0o755 });
  const call = { file: filling, builder: 'b', buildx: [program] as const, env: {}, cwd: source, allow };
  await bakeStages(host, call, { longestStepMs: 10_000 });
  const given = permit.map((name) => `--allow=${name} `).join('');
  expect(await readFile(asked, 'utf8')).toBe(
    `bake --builder b --progress=rawjson ${given}-f ${filling} warmbake-warm\n`,
  );
});

test('a warm build that asks for a privilege which is not permitted is refused', async () => {
  await using host = await openHost();
  await expect(planOf(host, { network: 'host' }, [])).rejects.toThrow(/'network.host' is not permitted/);
});
