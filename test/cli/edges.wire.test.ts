import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Agent, makeAgent } from '../../parts/ci-job/agent.ts';
import { conforming } from '../../parts/ci-job/conforming.ts';
import { clock } from '../../parts/ci-job/clock.ts';
import { MAIN } from '../../parts/ci-job/variables.ts';
import { PROJECT } from '../../parts/project.ts';
import { type FixtureRegistry, startFixtureRegistry } from '../registry/fixture-registry.ts';

let registry: FixtureRegistry;
let agent: Agent;

beforeAll(async () => {
  registry = await startFixtureRegistry();
  agent = await makeAgent({ PATH: process.env['PATH'] ?? '' }, { images: registry.host });
});
afterAll(async () => {
  await agent[Symbol.asyncDispose]();
  await registry[Symbol.asyncDispose]();
});

const PATH = process.env['PATH'] ?? '';
const PROGRAM = path.join(PROJECT, 'dist/program/warmbake.cjs');

/** The program on a machine with these variables and few others. */
const started = async (
  argv: readonly string[],
  { env }: { readonly env: Readonly<Record<string, string>> },
) =>
  await execa(process.execPath, [PROGRAM, ...argv], {
    env: { PATH, ...env },
    extendEnv: false,
    reject: false,
  });

const warmbake = async (...args: readonly string[]) => await agent.run(args, MAIN, { clock });

it.each([
  ['help', ''],
  ['help plan', 'plan'],
  ['help ami roll', 'ami roll'],
  ['ami help', 'ami'],
  ['ami help roll', 'ami roll'],
])('`%s` prints the same as `%s --help`', async (asked, command) => {
  const plain = await warmbake(...command.split(' ').filter((word) => word !== ''), '--help');
  expect(plain).toMatchObject({ exitCode: 0, stdout: expect.stringContaining('Usage: warmbake') });
  expect(await warmbake(...asked.split(' '))).toEqual(plain);
});

it('a target that is none is an error of hcl too', async () => {
  const asked = await warmbake('hcl', 'test-cii', '--out', '-');
  expect(asked).toMatchObject({
    exitCode: 2,
    stdout: '',
    stderr: expect.stringContaining("'test-cii' is not"),
  });
  expect(await warmbake('hcl', 'test-ci', '--out', '-')).toMatchObject({ exitCode: 0 });
});

it('of a build that could not begin, --json is the document that --result is', async () => {
  const asked = await warmbake('build', 'test-cii', '--json');
  expect(asked.exitCode).toBe(2);
  expect(await conforming('result', asked.stdout)).toMatchObject({
    outcome: 'failed',
    error: { code: 'unknown-target', exitCode: 2 },
  });
  // What was asked for is a plan.
  const planned = await warmbake('build', 'test-cii', '--dry-run', '--json');
  expect(JSON.parse(planned.stdout)).not.toHaveProperty('outcome');
});

it.each([
  ['build --result', ['build', '--result', 'no/such/result.json']],
  ['hcl --out', ['hcl', '--out', 'no/such/ci.hcl']],
])('a folder that is not there is found before anything is done: %s', async (_, args) => {
  const before = registry.seen.length;
  const { exitCode, stderr } = await warmbake(...args);
  expect(stderr).toMatch(
    /error: --(?:result|out): the folder of '.*' is not there\n {2}hint: make it first\n/,
  );
  expect(exitCode).toBe(2);
  expect(registry.seen).toHaveLength(before);
});

it.each([
  ['its results', 'schema config', '', 0],
  ['what it says beside', 'schema nothing', '2>&1', 2],
])('who stops reading %s is no defect', async (_, command, redirect, exitCode) => {
  const main = path.join(PROJECT, 'dist/src/main.js');
  const script = `{ "$0" "${main}" ${command} ${redirect}; echo "ended with $?" >&3; } | true`;
  const ended = await execa('sh', ['-c', `exec 3>&1; ${script}`, process.execPath], {
    env: { PATH: process.env['PATH'] ?? '' },
    extendEnv: false,
  });
  expect(ended).toMatchObject({ stdout: `ended with ${exitCode}`, stderr: '' });
});

it.each([
  ['--load', ['--load']],
  ['--set', ['--set', 'test-ci.args.X=1']],
])(
  'what only a build outside of CI may do is refused where it is only explained, too: %s',
  async (wish, options) => {
    const { exitCode, stderr } = await warmbake('build', 'test-ci', '--explain-context', ...options);
    expect(stderr).toContain(`${wish} is for builds outside of CI`);
    expect(exitCode).toBe(4);
  },
);

it.each([
  [
    'a folder for temporary files that is not there',
    { TMPDIR: '/nowhere/at-all' },
    'temporary-folder-unusable',
  ],
  ['a proxy that is none', { HTTPS_PROXY: 'http://user:secret@a b/' }, 'proxy-unusable'],
])('%s is an error like any other, and tells no password', async (_, env, code) => {
  const told = await started(['plan', '--json'], { env });
  expect(told).toMatchObject({ exitCode: 3, stderr: expect.stringMatching(/^error: /) });
  expect(JSON.parse(told.stdout)).toMatchObject({ error: { code, exitCode: 3 } });
  expect(told.stdout + told.stderr).not.toContain('secret');
  expect(await started(['--help'], { env })).toMatchObject({ exitCode: 0 });
});

it('a working directory that has been removed is an error like any other', async () => {
  const cwd = await mkdtemp(path.join(tmpdir(), 'warmbake-gone-'));
  const argv = ['-c', 'rmdir "$PWD" && exec "$@"', 'sh', process.execPath, PROGRAM, 'plan'];
  const told = await execa('sh', argv, { cwd, env: { PATH }, extendEnv: false, reject: false });
  expect(told).toMatchObject({
    exitCode: 3,
    stderr: expect.stringContaining('error: the working directory'),
  });
});
