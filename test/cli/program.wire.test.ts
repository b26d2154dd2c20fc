import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Agent, makeAgent } from '../../parts/ci-job/agent.ts';
import { MAIN, type Variables } from '../../parts/ci-job/variables.ts';
import type { Ended } from '../../parts/ci-job/warmbake.ts';
import { clock } from '../../parts/ci-job/clock.ts';
import { type FixtureRegistry, startFixtureRegistry } from '../registry/fixture-registry.ts';
import { PROJECT } from '../../parts/project.ts';

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

/** Runs the program in this process. */
async function warmbake(args: readonly string[], variables: Variables = MAIN): Promise<Ended> {
  return await agent.run(args, variables, { clock });
}

/** The commands that the help of a group lists. */
async function commandsOf(...group: readonly string[]): Promise<readonly string[][]> {
  const { stdout } = await warmbake([...group, '--help']);
  const listed = /^Commands:\n((?: .*\n)+)/m.exec(stdout)?.[1] ?? '';
  const names = [...listed.matchAll(/^ {2}([a-z-]+)/gm)]
    .map(([, name]) => name!)
    .filter((name) => name !== 'help');
  const below = await Promise.all(names.map(async (name) => await commandsOf(...group, name)));
  return names.flatMap((name, i) => (below[i]!.length > 0 ? below[i]! : [[...group, name]]));
}

describe('help', () => {
  it('of every command has examples that name it', async () => {
    const commands = await commandsOf();
    expect(commands.map((words) => words.join(' '))).toEqual(
      expect.arrayContaining(['build', 'plan', 'hcl', 'promote']),
    );
    const lacking: string[] = [];
    for (const words of commands) {
      const { stdout, exitCode } = await warmbake([...words, '--help']);
      const examples = stdout.split('\nExamples:\n')[1]?.trim().split('\n') ?? [];
      const named = examples.filter((example) => example.includes(`warmbake ${words.join(' ')}`));
      if (exitCode !== 0 || named.length === 0 || named.length < examples.length)
        lacking.push(words.join(' '));
    }
    expect(lacking).toEqual([]);
  });

  it('says the exit codes and the version of the package', async () => {
    const { stdout } = await warmbake(['--help']);
    for (const code of [
      '0 done',
      '1 a check',
      '2 usage',
      '3 invalid',
      '4 refused',
      '5 an outside',
      '6 the build',
      '70 a defect',
    ])
      expect(stdout).toContain(code);
    const { version } = JSON.parse(await readFile(path.join(PROJECT, 'package.json'), 'utf8')) as {
      version: string;
    };
    expect((await warmbake(['--version'])).stdout).toBe(`${version}\n`);
  });
});

describe('a command line that is wrong ends with 2 and says what is meant', () => {
  it.each<[string, readonly string[], RegExp]>([
    ['an unknown option', ['build', '--forse'], /unknown option '--forse'\n\(Did you mean --force\?\)/],
    ['an unknown command', ['biuld'], /unknown command 'biuld'\n\(Did you mean build\?\)/],
    ['a missing argument', ['promote', 'r.io/app:1'], /missing required argument 'tag'/],
    [
      'a reference that is none',
      ['promote', 'app', 'latest'],
      /'app' is not a reference of the form host\/repository:tag/,
    ],
    ['a tag that is none', ['promote', 'r.io/app:1', '-x'], /unknown option '-x'/],
    [
      'a target that is not configured',
      ['plan', 'test-cpu'],
      /'test-cpu' is not a configured target; there are test-ci/,
    ],
  ])('%s', async (_, args, said) => {
    const { exitCode, stderr } = await warmbake(args);
    expect(stderr).toMatch(said);
    expect(exitCode).toBe(2);
  });
});

describe('what is wrong around it ends with 3 and names the place', () => {
  it('a configuration that only the checkout brings, in CI (B-04)', async () => {
    await writeFile(
      path.join(agent.checkout.path, 'warmbake.yaml'),
      'repository: evil.example.com/evil/app\n',
    );
    const { exitCode, stderr } = await warmbake(['plan'], { ...MAIN, WARMBAKE_CONFIG: undefined });
    expect(stderr).toMatch(
      /in CI warmbake\.yaml is not searched for.*\n {2}hint: name the file with --config/,
    );
    expect(exitCode).toBe(3);
  });

  it('a configuration with several mistakes: all of them, with path and line', async () => {
    const file = path.join(agent.checkout.directory, 'broken.yaml');
    await writeFile(file, 'repository: example.com/team/app\ntrustedBrunch: main\nimages: { registry: 1 }\n');
    const { exitCode, stderr } = await warmbake(['plan', '--config', file]);
    expect(stderr).toMatch(/the configuration has \d+ problems:\n/);
    expect(stderr).toMatch(/broken\.yaml:2:.*trustedBrunch.*trustedBranch/);
    expect(stderr).toMatch(/broken\.yaml:3:.*images\.registry/);
    expect(exitCode).toBe(3);
  });

  it.each<[string, Variables, string]>([
    [
      'false in another spelling (B-24)',
      { BUILDKITE_PULL_REQUEST: 'False' },
      "BUILDKITE_PULL_REQUEST is 'False'",
    ],
    ['no answer at all (B-24)', { BUILDKITE_PULL_REQUEST: undefined }, 'BUILDKITE_PULL_REQUEST is not set'],
    ['a commit that is a branch', { BUILDKITE_COMMIT: 'main' }, "BUILDKITE_COMMIT is 'main'"],
    ['a build without number', { BUILDKITE_BUILD_NUMBER: '' }, "BUILDKITE_BUILD_NUMBER is ''"],
  ])('a job that Buildkite would not start: %s', async (_, variables, said) => {
    const { exitCode, stderr } = await warmbake(['build'], { ...MAIN, ...variables });
    expect(stderr).toContain(`error: ${said}`);
    expect(exitCode).toBe(3);
  });
});

it('a check that fails ends with 1, and a second look after the repair with 0', async () => {
  const out = path.join(agent.checkout.directory, 'ci.hcl');
  await writeFile(out, '# by hand\n');
  expect(await warmbake(['hcl', '--check', '--out', out])).toMatchObject({
    exitCode: 1,
    stdout: expect.stringContaining('differs from the configuration: run `warmbake hcl`'),
  });
  await warmbake(['hcl', '--out', out]);
  expect(await warmbake(['hcl', '--check', '--out', out])).toMatchObject({ exitCode: 0 });
});

it('what may not be done ends with 4: moving a name to something that does not say its commit', async () => {
  const { main } = agent.repositories.cache;
  registry.keepCache(main, 'unmarked');
  const ref = `${registry.host}/${main}:unmarked`;
  const { exitCode, stderr } = await warmbake(['promote', ref, 'latest']);
  expect(stderr).toMatch(/error: .*:unmarked does not say which commit it holds.*\n {2}hint: .*--force/);
  expect(exitCode).toBe(4);
  expect(await warmbake(['promote', ref, 'latest', '--force'])).toMatchObject({ exitCode: 0 });
});

it('an outside service that fails ends with 5', async () => {
  const { exitCode, stderr } = await warmbake(['promote', `${registry.host}/team/app:gone`, 'latest']);
  expect(stderr).toMatch(/error: .*team\/app:gone cannot be read: it does not exist/);
  expect(exitCode).toBe(5);
});

it('with --json an error is the one document on standard output', async () => {
  const { exitCode, stdout } = await warmbake(['plan', 'test-cpu', '--json']);
  expect(exitCode).toBe(2);
  expect(JSON.parse(stdout)).toEqual({
    schemaVersion: 1,
    error: {
      code: 'unknown-target',
      message: expect.stringContaining('test-cpu'),
      exitCode: 2,
      hint: "did you mean 'test-ci'?",
    },
  });
});

it('the built program answers as the library does', async () => {
  const started = await agent.run(['plan', 'test-cpu'], MAIN);
  expect(started).toEqual(await warmbake(['plan', 'test-cpu']));
});
