import { mkdir, readFile, readdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { deliveryFiles } from '../../package/deliveries.ts';
import { filledIn, readAction } from './github-action.ts';
import { type Ran, makeDirectory, run } from './packed.ts';
import { HOSTILE, RECORDER, isThere, recordedStart } from './recorded-start.ts';

const action = await readAction();
const [step] = action.runs.steps;

let directory: Awaited<ReturnType<typeof makeDirectory>>;
const at = (name: string): string => path.join(directory.path, name);
beforeEach(async () => {
  directory = await makeDirectory();
  for (const name of ['record', 'runner', 'checkout']) await mkdir(at(name));
  for (const { name, text, mode } of await deliveryFiles(RECORDER)) {
    await mkdir(path.dirname(at(name)), { recursive: true });
    await writeFile(at(name), text, { mode });
  }
  await writeFile(at('outputs'), '');
});
afterEach(async () => await directory.remove());

/** Runs the action as a Linux runner does: its inputs with their defaults, its `env` evaluated, its script by the bash of `shell: bash`. */
async function use(
  inputs: Readonly<Record<string, string>>,
  env: Readonly<Record<string, string>> = {},
): Promise<Ran> {
  const github = { token: 'ghs_token' };
  const given = Object.fromEntries(
    Object.entries(action.inputs).map(([name, input]) => [
      name,
      inputs[name] ?? filledIn(input.default ?? '', { github }),
    ]),
  );
  const mapped = Object.entries(step.env).map(([name, text]) => [name, filledIn(text, { inputs: given })]);
  await writeFile(at('script.sh'), filledIn(step.run, { inputs: given }));
  return await run(
    ['bash', '--noprofile', '--norc', '-eo', 'pipefail', at('script.sh')],
    {
      PATH: process.env['PATH'],
      OWNED: at('owned'),
      RECORD: at('record'),
      RUNNER_TEMP: at('runner'),
      GITHUB_OUTPUT: at('outputs'),
      GITHUB_ACTION_PATH: at('github'),
      ...env,
      ...Object.fromEntries(mapped),
    },
    { cwd: at('checkout') },
  );
}

/** Of a step that came so far. */
async function started() {
  const start = await recordedStart(at('record'));
  if (start === undefined) throw new Error('the launcher was not started');
  return start;
}

const CONFIG = { config: 'ci/warmbake.yaml' };

describe('the GitHub action', () => {
  it('builds what the configuration says, and leaves the result beside the checkout', async () => {
    expect(await use(CONFIG)).toMatchObject({ exitCode: 0, err: '' });
    const { args, env } = await started();
    const [, , result = ''] = args;
    expect(args).toEqual(['build', '--result', expect.any(String)]);
    expect(path.dirname(path.dirname(result))).toBe(at('runner'));
    expect(env['WARMBAKE_CONFIG']).toBe('ci/warmbake.yaml');
    expect(await readFile(at('outputs'), 'utf8')).toBe(`result=${result}\n`);
    expect(await readdir(at('checkout'))).toEqual([]);
  });

  it('takes targets by blanks and lines, arguments by lines, and a target is never an option', async () => {
    await use({
      ...CONFIG,
      targets: 'test-ci  app\n--force\n',
      args: '--force\n--set\na.args.B=two words\n',
    });
    const { args } = await started();
    const ours = ['--result', expect.any(String), '--', 'test-ci', 'app', '--force'];
    expect(args).toEqual(['build', '--force', '--set', 'a.args.B=two words', ...ours]);
  });

  it('runs another command as it is, without a result', async () => {
    await use({ ...CONFIG, command: 'ami status', args: '--json' });
    expect((await started()).args).toEqual(['ami', 'status', '--json']);
    expect(await readFile(at('outputs'), 'utf8')).toBe('');
  });

  it.each([0, 3, 6, 143])('ends as the program ends: %i', async (exitCode) => {
    expect((await use(CONFIG, { FAKE_EXIT: String(exitCode) })).exitCode).toBe(exitCode);
  });

  it('gives what the program writes as its outputs', async () => {
    await use(CONFIG, {
      FAKE_OUTPUTS: 'outcome=built\nimage=r.example/a:1\ndigest=sha256:0\ntags=r.example/a:1',
    });
    const lines = (await readFile(at('outputs'), 'utf8')).trimEnd().split('\n');
    const outputs = Object.fromEntries(lines.map((line) => line.split('=')));
    const steps = { [step.id]: { outputs } };
    expect(
      Object.fromEntries(
        Object.entries(action.outputs).map(([name, { value }]) => [name, filledIn(value, { steps })]),
      ),
    ).toEqual({
      outcome: 'built',
      image: 'r.example/a:1',
      digest: 'sha256:0',
      tags: 'r.example/a:1',
      'image-id': '',
      result: outputs['result'],
    });
  });

  it('pins another version, its checksum and its place; without them those of the job are left alone', async () => {
    await use({ ...CONFIG, version: '1.3.0', sha256: 'ab', location: 'https://r.example/t' });
    expect((await started()).env).toMatchObject({
      WARMBAKE_VERSION: '1.3.0',
      WARMBAKE_SHA256: 'ab',
      WARMBAKE_LOCATION: 'https://r.example/t',
    });
    await use(CONFIG, { WARMBAKE_LOCATION: 'https://job.example/t' });
    const { env } = await started();
    expect(env['WARMBAKE_LOCATION']).toBe('https://job.example/t');
    expect(Object.keys(env)).not.toContain('WARMBAKE_VERSION');
  });

  it('gives the token of the job to the program, where it is not told to give none', async () => {
    await use(CONFIG);
    expect((await started()).env['GITHUB_TOKEN']).toBe('ghs_token');
    await use({ ...CONFIG, token: '' });
    expect(Object.keys((await started()).env).filter((name) => /TOKEN|^INPUT_/.test(name))).toEqual([]);
  });

  it('starts nothing without a configuration', async () => {
    expect(await use({})).toMatchObject({
      exitCode: 2,
      err: expect.stringContaining("the input 'config' is missing"),
    });
    expect(await recordedStart(at('record'))).toBeUndefined();
  });

  it.each([...HOSTILE, '--version', 'build\nplan'])('takes no command but words: %j', async (command) => {
    const { exitCode, err } = await use({ ...CONFIG, command });
    expect([exitCode, err]).toEqual([2, expect.stringContaining("the input 'command' is no command")]);
    expect(await recordedStart(at('record'))).toBeUndefined();
    expect(await isThere(at('owned'))).toBe(false);
  });

  it.each(HOSTILE)('%j starts nothing in any input, and arrives as it is', async (text) => {
    const names = Object.keys(action.inputs).filter((name) => name !== 'command');
    expect(await use(Object.fromEntries(names.map((name) => [name, text])))).toMatchObject({ exitCode: 0 });
    expect(await isThere(at('owned'))).toBe(false);
    expect(await readdir(at('checkout'))).toEqual([]);
    expect((await readFile(at('outputs'), 'utf8')).split('\n')).toHaveLength(2);
    const { args, env } = await started();
    const targets = args.lastIndexOf('--');
    expect(args.slice(1, targets - 2)).toEqual(text.split('\n').filter((line) => line !== ''));
    expect(args.slice(targets + 1)).toEqual(text.split(/\s+/).filter((word) => word !== ''));
    expect(env).toMatchObject({
      WARMBAKE_CONFIG: text,
      WARMBAKE_VERSION: text,
      WARMBAKE_SHA256: text,
      WARMBAKE_LOCATION: text,
      GITHUB_TOKEN: text,
    });
  });
});
