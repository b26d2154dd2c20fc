import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { execa } from 'execa';
import { expect, it } from 'vitest';
import { PROJECT } from '../../parts/project.ts';
import { startFixtureRegistry } from '../registry/fixture-registry.ts';
import { makeDirectory } from './packed.ts';

const PROGRAM = path.join(PROJECT, 'dist/program/warmbake.cjs');

it('the program as it is installed speaks HTTPS with registries', async ({ onTestFinished }) => {
  await using registry = await startFixtureRegistry();
  const directory = await makeDirectory();
  onTestFinished(async () => await directory.remove());
  // Registries of this machine speak plain HTTP; this one sends elsewhere, where nobody listens.
  registry.interfere = (_, answer) => {
    answer.writeHead(307, { location: 'https://127.0.0.1:1/v2/' }).end();
    return 'answered';
  };
  const repositories = { registry: registry.host, trusted: 'main', untrusted: 'test' };
  const configuration = {
    repository: 'github.com/acme/app',
    images: repositories,
    cache: { ...repositories, trusted: 'main-cache', untrusted: 'test-cache' },
    bake: { files: ['docker-bake.hcl'] },
    targets: { app: {} },
  };
  await writeFile(path.join(directory.path, 'warmbake.yaml'), JSON.stringify(configuration));
  const { stderr, exitCode } = await execa(
    process.execPath,
    [PROGRAM, 'promote', `${registry.host}/main:${'0'.repeat(40)}`, 'latest', '--dry-run'],
    {
      cwd: directory.path,
      env: { PATH: process.env['PATH'] ?? '', HOME: directory.path },
      extendEnv: false,
      reject: false,
    },
  );
  expect(stderr).toContain('connect ECONNREFUSED 127.0.0.1:1');
  expect(exitCode).toBe(5);
});
