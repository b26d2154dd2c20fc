import { mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { githubOutputs } from '../ci/report/github-outputs.ts';
import { type CiCheckout, makeCiCheckout } from '../ci/checkout.ts';
import { pushed } from '../ci/recorded-github.ts';
import { onBranch } from '../ci/recorded-gitlab.ts';
import { githubCommands, gitlabMarkers } from './log-readers.ts';

let checkout: CiCheckout;
let outside: string;
beforeAll(async () => {
  checkout = await makeCiCheckout();
  outside = path.join(checkout.directory, '..', 'runner');
  await mkdir(outside);
});
afterAll(async () => await checkout[Symbol.asyncDispose]());

it('in GitHub what is wrong in a configuration is told at its line, as whole as elsewhere', async () => {
  const config = path.join(outside, 'a,b.yaml');
  await writeFile(config, 'repository: github.com/acme/app\nimages: 7\n"##[group]x": 1\n');
  const { env, event } = pushed('refs/heads/main');
  const ran = await checkout.run(['plan'], env, { event, config });
  expect(ran.exitCode).toBe(3);
  const errors = githubCommands(ran.stderr).filter(({ name }) => name === 'error');
  expect(errors.length).toBeGreaterThan(1);
  expect(errors).toContainEqual({
    name: 'error',
    properties: { title: 'warmbake: invalid-configuration', file: config, line: '2', col: '9' },
    data: expect.stringContaining('images: '),
  });
  expect(ran.stderr).toMatch(/error:\S* the configuration has \d+ problems:$/m);
  expect(githubCommands(ran.stderr).length).toBe(errors.length);
});

it('in GitHub an error is an annotation, its groups have ended, and a document is a document', async () => {
  const { env, event } = pushed('refs/heads/##[error]x]::group::y');
  const files = { GITHUB_OUTPUT: path.join(outside, 'output') };
  await writeFile(files.GITHUB_OUTPUT, '');
  const without = { ...env, ...files, DOCKER_HOST: 'unix:///nowhere' };
  const dotenv = path.join(outside, 'warmbake.env');
  const ran = await checkout.run(['build', '--json', '--dotenv', dotenv], without, { event });
  expect(ran.exitCode).toBeGreaterThan(2);
  expect(JSON.parse(ran.stdout)).toMatchObject({ outcome: 'failed' });
  expect(githubCommands(ran.stdout)).toEqual([]);
  const commands = githubCommands(ran.stderr).filter(({ name }) => name !== 'warning');
  expect(commands.map(({ name }) => name)).toEqual(['group', 'endgroup', 'error']);
  expect(githubOutputs(await readFile(files.GITHUB_OUTPUT, 'utf8'))).toEqual({ outcome: 'failed' });
  expect(await readFile(dotenv, 'utf8')).toBe('WARMBAKE_OUTCOME=failed\n');

  const told = await checkout.run(['build', '--explain-context'], env, { event });
  expect(told).toMatchObject({ exitCode: 0, stdout: expect.stringContaining('## [error]x]::group::y') });
  expect(githubCommands(told.stdout + told.stderr).map(({ name }) => name)).toEqual(['warning']);
  const document = await checkout.run(['build', '--explain-context', '--json'], env, { event });
  expect(githubCommands(document.stdout)).toEqual([]);
  expect(JSON.parse(document.stdout)).toMatchObject({ context: { branch: '##[error]x]::group::y' } });
});

it.each([{ WARMBAKE_CI: 'local' }, { WARMBAKE_CI: 'other' }, { BUILDKITE: 'true' }])(
  'GitHub reads the log of its step, whatever the step says that it is: %j',
  async (said) => {
    const { env, event } = pushed('refs/heads/main');
    const config = path.join(outside, '##[group]x.yaml');
    const { exitCode, stderr } = await checkout.run(['plan'], { ...env, ...said }, { event, config });
    expect(exitCode).toBe(3);
    expect(stderr).toContain('## [group]x.yaml');
    expect(githubCommands(stderr).filter(({ name }) => name !== 'error')).toEqual([]);
  },
);

it('in GitLab the sections of a build that fails have ended, each by its name', async () => {
  const ran = await checkout.run(['build'], { ...onBranch('work'), DOCKER_HOST: 'unix:///nowhere' });
  expect(ran.exitCode).toBeGreaterThan(2);
  const markers = gitlabMarkers(ran.stderr);
  expect(markers.map(({ action }) => action)).toEqual(['start', 'end']);
  expect(new Set(markers.map(({ name }) => name)).size).toBe(1);
  expect(ran.stderr).toMatch(/error:\S* /);
});

it('a file of variables that a checkout has made a link of is refused before anything is done', async () => {
  const ran = await checkout.run(['build', '--dotenv', '.git/x'], onBranch('work'));
  expect(ran).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('--dotenv: ') });
});
