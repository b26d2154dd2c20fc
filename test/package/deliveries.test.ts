import { parse } from 'yaml';
import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { deliveryFiles } from '../../package/deliveries.ts';
import { buildCommand } from '../../src/cli/commands/build.ts';
import { launcherText } from '../../package/launcher.ts';
import { readAction } from './github-action.ts';
import { UNHEARD, githubParser } from './github-parser.ts';
import { readComponent } from './gitlab-component.ts';
import { pluginSchema, readPlugin } from './buildkite-plugin.ts';

const sha256 = { x64: 'a'.repeat(64), arm64: 'b'.repeat(64) };
const launcher = await launcherText({ version: '1.2.0', sha256, location: 's3://bucket/tools' });
const files = new Map((await deliveryFiles(launcher)).map((file) => [file.name, file]));
const textOf = (name: string): string => files.get(name)?.text ?? '';

const { parseAction } = await githubParser();

/** What GitHub's own parser, with GitHub's own schema of actions, has against a file. */
function actionErrors(content: string): readonly string[] {
  const { context } = parseAction({ name: 'action.yml', content }, UNHEARD);
  return context.errors.getErrors().map(({ message }) => message);
}

describe('the forms for CI systems', () => {
  it('are complete, each in a folder of its own that is put somewhere as it is', () => {
    const programs = [...files.values()].filter(({ mode }) => mode === 0o755).map(({ name }) => name);
    expect([...files.keys()].toSorted()).toEqual([
      'github/action.yml',
      'github/run.sh',
      'github/warmbake.sh',
      'gitlab/templates/warmbake.yml',
      'warmbake-buildkite-plugin/hooks/command',
      'warmbake-buildkite-plugin/plugin.yml',
      'warmbake-buildkite-plugin/warmbake.sh',
    ]);
    expect(programs).toEqual([
      'github/run.sh',
      'github/warmbake.sh',
      'warmbake-buildkite-plugin/hooks/command',
      'warmbake-buildkite-plugin/warmbake.sh',
    ]);
  });

  it('start the very launcher of the release', () => {
    expect(textOf('github/warmbake.sh')).toBe(launcher);
    expect(textOf('warmbake-buildkite-plugin/warmbake.sh')).toBe(launcher);
    const job = z.record(z.string(), z.object({ script: z.tuple([z.string()]) }));
    const component = readComponent(textOf('gitlab/templates/warmbake.yml'));
    const script = job.parse(parse(component.filledIn({ config: 'c' })))['warmbake']?.script[0] ?? '';
    const [, inside] = /<<'END_OF_LAUNCHER'\n([\s\S]*?)^END_OF_LAUNCHER$/m.exec(script) ?? [];
    expect(inside).toBe(launcher);
  });

  it('give `build` options that it has', () => {
    const flags = buildCommand.options.map((option) => option.flags.split(' ')[0]);
    const given = [...files.values()].flatMap(({ text }) => text.match(/--(?:result|dotenv)\b/g) ?? []);
    expect(given.toSorted()).toEqual(['--dotenv', '--result']);
    expect(flags).toEqual(expect.arrayContaining(['--dotenv', '--result']));
  });

  it.each(['echo "$[[ inputs.job ]]"', 'echo "${{ job.inputs.a }}"', 'cat <<X\nEND_OF_LAUNCHER\nX'])(
    'GitLab gets no launcher that would not arrive as it is: %j',
    async (line) => {
      await expect(deliveryFiles(`${launcher}${line}\n`)).rejects.toThrow('would not arrive as it is');
    },
  );
});

describe("the action, by GitHub's own parser", () => {
  it('is valid', () => {
    expect(actionErrors(textOf('github/action.yml'))).toEqual([]);
  });

  it.each([
    ['using: composite', 'using: composed'],
    ['shell: bash', 'shel: bash'],
    ['required: true', 'required: perhaps'],
    ['${{ inputs.config }}', '${{ inputs.config'],
  ])('would not be with %j as %j', (right, wrong) => {
    expect(actionErrors(textOf('github/action.yml').replace(right, wrong))).not.toEqual([]);
  });

  it('has each input in a variable of the one step, and none in its script', async () => {
    const { inputs, runs } = await readAction();
    const [{ env, run }] = runs.steps;
    expect(env).toEqual(
      Object.fromEntries(
        Object.keys(inputs).map((name) => [`INPUT_${name.toUpperCase()}`, `\${{ inputs.${name} }}`]),
      ),
    );
    expect(run).not.toContain('${{');
    expect(textOf('github/run.sh')).not.toContain('${{');
  });
});

describe('the plugin', () => {
  it('has the properties that Buildkite documents, and a schema for all its parameters', async () => {
    const { configuration } = await readPlugin();
    expect(Object.keys(configuration.properties)).toEqual([
      'config',
      'targets',
      'command',
      'args',
      'version',
      'sha256',
      'location',
    ]);
  });

  const config = 'ci/warmbake.yaml';
  it.each([
    [{ config }],
    [{ config, targets: 'test-ci' }],
    [{ config, targets: ['test-ci', 'app'], command: 'ami status', args: ['--json'] }],
    [{ config, version: '1.3.0', sha256: 'a'.repeat(64), location: 's3://bucket/tools' }],
  ])('takes %j', async (parameters) => {
    expect((await pluginSchema()).safeParse(parameters).success).toBe(true);
  });

  it.each([
    [{}],
    [{ config: '' }],
    [{ config, target: 'test-ci' }],
    [{ config, targets: [1] }],
    [{ config, command: 'build; true' }],
    [{ config, version: 'latest' }],
    [{ config, sha256: 'A'.repeat(64) }],
    [{ config, location: '/srv/tools' }],
  ])('does not take %j', async (parameters) => {
    expect((await pluginSchema()).safeParse(parameters).success).toBe(false);
  });
});
