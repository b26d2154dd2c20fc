import { mkdir, readdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { deliveryFiles } from '../../package/deliveries.ts';
import { type Ran, makeDirectory, run } from './packed.ts';
import { HOSTILE, RECORDER, isThere, recordedStart } from './recorded-start.ts';

const PLUGIN = 'warmbake-buildkite-plugin';

let directory: Awaited<ReturnType<typeof makeDirectory>>;
const at = (name: string): string => path.join(directory.path, name);
beforeEach(async () => {
  directory = await makeDirectory();
  for (const name of ['record', 'checkout']) await mkdir(at(name));
  for (const { name, text, mode } of await deliveryFiles(RECORDER)) {
    await mkdir(path.dirname(at(name)), { recursive: true });
    await writeFile(at(name), text, { mode });
  }
});
afterEach(async () => await directory.remove());

type Parameters = Readonly<Record<string, string | number | readonly string[]>>;

/** As the agent names parameters (`ConfigurationToEnvironment` in its `agent/plugin/plugin.go`). */
function pluginEnvironment(parameters: Parameters, name = 'WARMBAKE'): Record<string, string> {
  const pairs = Object.entries(parameters).flatMap(([parameter, value]) => {
    const key = `BUILDKITE_PLUGIN_${name}_${parameter.toUpperCase().replaceAll(/[-\s]/g, '_')}`;
    return typeof value === 'object'
      ? value.map((item, index) => [`${key}_${index}`, item] as const)
      : [[key, String(value)] as const];
  });
  return { BUILDKITE_PLUGIN_NAME: name, ...Object.fromEntries(pairs) };
}

/** The agent reads a hook into a wrapper of its own, which notes the environment afterwards. */
const WRAPPER =
  '. "$1"; export BUILDKITE_HOOK_EXIT_STATUS=$?; echo went on; exit $BUILDKITE_HOOK_EXIT_STATUS';

async function hook(parameters: Parameters, env: Readonly<Record<string, string>> = {}): Promise<Ran> {
  return await run(
    ['bash', '--norc', '-c', WRAPPER, 'wrapper', at(`${PLUGIN}/hooks/command`)],
    {
      PATH: process.env['PATH'],
      OWNED: at('owned'),
      RECORD: at('record'),
      ...pluginEnvironment(parameters),
      ...env,
    },
    { cwd: at('checkout') },
  );
}

async function started() {
  const start = await recordedStart(at('record'));
  if (start === undefined) throw new Error('the launcher was not started');
  return start;
}

const CONFIG = { config: 'ci/warmbake.yaml' };

describe('the Buildkite plugin', () => {
  it('builds what the configuration says, in the place of a command', async () => {
    expect(await hook(CONFIG)).toEqual({ exitCode: 0, out: 'went on', err: '' });
    const { args, env } = await started();
    expect(args).toEqual(['build']);
    expect(env['WARMBAKE_CONFIG']).toBe('ci/warmbake.yaml');
    expect(await readdir(at('checkout'))).toEqual([]);
  });

  it.each([
    ['a list', ['test-ci', 'app'], ['test-ci', 'app']],
    ['one name', 'test-ci', ['test-ci']],
    [
      'ten and more',
      Array.from({ length: 12 }, (_, i) => `t${i}`),
      Array.from({ length: 12 }, (_, i) => `t${i}`),
    ],
  ])('takes targets as %s', async (_, targets, expected) => {
    await hook({ ...CONFIG, targets });
    expect((await started()).args).toEqual(['build', '--', ...expected]);
  });

  it('takes another command with its arguments; a target is never an option', async () => {
    await hook({ ...CONFIG, command: 'ami status', args: ['--family', 'cpu x'], targets: ['--force'] });
    expect((await started()).args).toEqual(['ami', 'status', '--family', 'cpu x', '--', '--force']);
  });

  it('reads its parameters under the name that its repository has', async () => {
    const renamed = pluginEnvironment({ config: 'other.yaml' }, 'OUR_WARMBAKE');
    await hook(CONFIG, renamed);
    expect((await started()).env['WARMBAKE_CONFIG']).toBe('other.yaml');
  });

  it('pins another version, its checksum and its place; without them those of the job are left alone', async () => {
    await hook({ ...CONFIG, version: '1.3.0', sha256: 'ab', location: 's3://bucket/t' });
    expect((await started()).env).toMatchObject({
      WARMBAKE_VERSION: '1.3.0',
      WARMBAKE_SHA256: 'ab',
      WARMBAKE_LOCATION: 's3://bucket/t',
    });
    await hook(CONFIG, { WARMBAKE_LOCATION: 's3://job/t' });
    expect((await started()).env['WARMBAKE_LOCATION']).toBe('s3://job/t');
  });

  it.each([0, 3, 6, 143])('ends as the program ends: %i', async (exitCode) => {
    expect((await hook(CONFIG, { FAKE_EXIT: String(exitCode) })).exitCode).toBe(exitCode);
  });

  it.each([
    ['no configuration', {}, {}, "the parameter 'config' is missing"],
    ['a name that is none', CONFIG, { BUILDKITE_PLUGIN_NAME: 'a[$(touch "$OWNED")]' }, 'no name of a plugin'],
  ])('starts nothing for %s', async (_, parameters, env, problem) => {
    const { exitCode, err } = await hook(parameters, env);
    expect([exitCode, err]).toEqual([2, expect.stringContaining(problem)]);
    expect(await recordedStart(at('record'))).toBeUndefined();
    expect(await isThere(at('owned'))).toBe(false);
  });

  it.each([...HOSTILE, '--version', 'build\nplan'])('takes no command but words: %j', async (command) => {
    const { exitCode, err } = await hook({ ...CONFIG, command });
    expect([exitCode, err]).toEqual([2, expect.stringContaining("the parameter 'command' is no command")]);
    expect(await recordedStart(at('record'))).toBeUndefined();
    expect(await isThere(at('owned'))).toBe(false);
  });

  it.each(HOSTILE)('%j starts nothing in any parameter, and arrives as it is', async (text) => {
    const single = { config: text, version: text, sha256: text, location: text };
    expect(await hook({ ...single, args: [text, 'x'], targets: [text, text] })).toMatchObject({
      exitCode: 0,
    });
    expect(await isThere(at('owned'))).toBe(false);
    expect(await readdir(at('checkout'))).toEqual([]);
    const { args, env } = await started();
    expect(args).toEqual(['build', text, 'x', '--', text, text]);
    expect(env).toMatchObject({
      WARMBAKE_CONFIG: text,
      WARMBAKE_VERSION: text,
      WARMBAKE_SHA256: text,
      WARMBAKE_LOCATION: text,
    });
  });
});
