import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { loadSettings } from '../../src/config/load.ts';
import { EXIT_CODE, WarmbakeError } from '../../src/platform/errors.ts';

const TEXT = `{ repository: github.com/acme/app, images: { registry: r.example, trusted: a, untrusted: b },
  cache: { registry: r.example, trusted: c, untrusted: d }, bake: { files: [x.hcl] }, targets: { app: {} } }`;

let root: string;
let cwd: string;

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'warmbake-config-'));
  cwd = join(root, 'a', 'b');
  await mkdir(cwd, { recursive: true });
});

afterEach(async () => {
  await rm(root, { recursive: true });
});

async function refusal(loading: Promise<unknown>): Promise<WarmbakeError> {
  const error: unknown = await loading.catch((caught: unknown) => caught);
  expect(error).toBeInstanceOf(WarmbakeError);
  expect(error).toMatchObject({ kind: 'config' });
  expect(EXIT_CODE.config).toBe(3);
  return error as WarmbakeError;
}

describe('on a developer machine', () => {
  test('the nearest warmbake.yaml above the working directory is used', async () => {
    await writeFile(join(root, 'warmbake.yaml'), 'broken: true');
    await writeFile(join(root, 'a', 'warmbake.yaml'), TEXT);
    const loaded = await loadSettings({ env: {}, cwd });
    expect(loaded.file).toBe(join(root, 'a', 'warmbake.yaml'));
    expect(loaded.settings.root).toBe(cwd);
  });

  test('paths are relative to the top level of the repository, wherever the file lies', async () => {
    await writeFile(join(cwd, 'warmbake.yaml'), TEXT);
    const { settings } = await loadSettings({ env: {}, cwd }, { topLevel: root });
    expect(settings.root).toBe(root);
  });

  test('without any file the message says how to name one', async () => {
    const error = await refusal(loadSettings({ env: {}, cwd }));
    expect(error.message).toBe(`no warmbake.yaml in '${cwd}' or above it`);
    expect(error.hint).toBe(
      '`warmbake init` writes the first one; or name it with --config or WARMBAKE_CONFIG',
    );
  });
});

describe('in CI', () => {
  test.each([{ BUILDKITE: 'true' }, { CI: 'true' }, { CI: '1' }])(
    'a warmbake.yaml that the pull request may have brought is not even looked at: %j',
    async (env) => {
      await writeFile(join(cwd, 'warmbake.yaml'), TEXT);
      const error = await refusal(loadSettings({ env, cwd }));
      expect(error.code).toBe('configuration-not-named');
      expect(error.hint).toBe('name the file with --config or WARMBAKE_CONFIG');
    },
  );

  test('the file named by WARMBAKE_CONFIG is used, and --config wins over it', async () => {
    await writeFile(join(cwd, 'one.yaml'), TEXT);
    await writeFile(join(cwd, 'two.yaml'), TEXT);
    const host = { env: { BUILDKITE: 'true', WARMBAKE_CONFIG: 'one.yaml' }, cwd };
    expect((await loadSettings(host)).file).toBe(join(cwd, 'one.yaml'));
    expect((await loadSettings(host, { config: 'two.yaml' })).file).toBe(join(cwd, 'two.yaml'));
  });

  test('a named file that is not there is an error that says who named it', async () => {
    const error = await refusal(loadSettings({ env: { CI: 'true', WARMBAKE_CONFIG: 'no.yaml' }, cwd }));
    expect(error.message).toBe(`cannot read '${join(cwd, 'no.yaml')}' (named by WARMBAKE_CONFIG)`);
  });
});

test('all problems of the file are in the message, one a line', async () => {
  await writeFile(join(cwd, 'warmbake.yaml'), `${TEXT.slice(0, -1)},\n  marker: x,\n  stat: y }`);
  const error = await refusal(loadSettings({ env: {}, cwd }));
  expect(error.message.split('\n')).toEqual([
    'the configuration has 2 problems:',
    `${join(cwd, 'warmbake.yaml')}:3:11 marker: 'x' is not a valid absolute path`,
    `${join(cwd, 'warmbake.yaml')}:4:3 stat: unknown key; did you mean 'state'?`,
  ]);
});
