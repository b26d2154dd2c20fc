import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { expect, test } from 'vitest';
import { downloadBakeConfig } from '../../../src/ami/warm/bake-config.ts';
import { openHost, type FixtureHost } from '../../registry/fixture-host.ts';

const BUILD = { buildNumber: '812', buildId: '0199f2c5-4a3b-4c21-9f00-0123456789ab' };

/** A host whose buildkite-agent is this shell script. */
async function hostWithAgent(script: string): Promise<FixtureHost> {
  const host = await openHost();
  await mkdir(host.scratch);
  const agent = path.join(host.home, 'buildkite-agent');
  await writeFile(agent, `#!/bin/sh\necho "$*" >>'${host.home}/calls'\n${script}\n`);
  await chmod(agent, 0o755);
  Object.assign(host.env, { PATH: `${host.home}:${process.env['PATH']}` });
  return host;
}

test('the artifact of exactly that build and step is downloaded', async () => {
  await using host = await hostWithAgent('echo "{}" >"$4/$3"');
  expect(await downloadBakeConfig(host, BUILD, { step: 'image-build', lane: 'cpu' })).toBe('{}\n');
  expect(await readFile(path.join(host.home, 'calls'), 'utf8')).toBe(
    `artifact download bake-config-build-812-cpu.json ${host.scratch} --build ${BUILD.buildId} --step image-build\n`,
  );
});

test.each([
  [
    'the agent finds several (incident 955f1c6: three steps, one file name)',
    'echo "fatal: Multiple artifacts were found" >&2; exit 1',
    'fatal: Multiple artifacts were found',
  ],
  ['the agent ends well without a file', 'exit 0', 'the agent wrote no such file'],
])('%s: the error names build and step', async (_, script, because) => {
  await using host = await hostWithAgent(script);
  await expect(downloadBakeConfig(host, BUILD, { step: 'image-build', lane: '' })).rejects.toMatchObject({
    kind: 'outside',
    message: `cannot download bake-config-build-812.json of build ${BUILD.buildId}, step 'image-build': ${because}`,
  });
});

test('without an agent the hint names --bake-config', async () => {
  await using host = await openHost({ env: { PATH: '/nowhere' } });
  await expect(downloadBakeConfig(host, BUILD, { step: 's', lane: '' })).rejects.toMatchObject({
    hint: expect.stringContaining('--bake-config'),
  });
});
