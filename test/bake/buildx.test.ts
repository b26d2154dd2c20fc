import { mkdir } from 'node:fs/promises';
import { expect, it } from 'vitest';
import { declaredVariables, printDefinition } from '../../src/bake/buildx.ts';
import { THROUGH_DOCKER } from '../../src/bake/buildx-program.ts';
import type { Finished } from '../../src/platform/process.ts';
import { openHost } from '../registry/fixture-host.ts';

const CALL = { files: ['compose.yaml'], targets: ['web'], env: {}, buildx: THROUGH_DOCKER, cwd: '/' };

/** A host whose every process ends so. */
async function hostOf(finished: Finished) {
  const host = await openHost();
  await mkdir(host.scratch);
  return { ...host, processes: { run: async () => finished } };
}

it('files that declare no variables at all, as Compose files, are answered with null', async () => {
  await using host = await hostOf({ exitCode: 0, stdout: 'null\n', stderr: '' });
  expect(await declaredVariables(host, CALL)).toEqual(new Set());
});

it.each<[string, Omit<Finished, 'stdout'>, string]>([
  ['there is no docker', { failure: 'not-found', stderr: '' }, 'docker-missing'],
  [
    'a new docker has no buildx',
    { exitCode: 1, stderr: 'docker: unknown command: docker buildx\n' },
    'buildx-missing',
  ],
  [
    'an older docker has no buildx',
    { exitCode: 1, stderr: "docker: 'buildx' is not a docker command.\nSee 'docker --help'\n" },
    'buildx-missing',
  ],
])('what is to be installed is said where %s', async (_, finished, code) => {
  await using host = await hostOf({ stdout: '', ...finished });
  await expect(printDefinition(host, CALL)).rejects.toMatchObject({
    kind: 'outside',
    code,
    hint: expect.stringMatching(/^install /),
  });
});
