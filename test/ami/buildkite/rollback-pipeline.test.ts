import { execa } from 'execa';
import { existsSync } from 'node:fs';
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { PipelineStep } from '../../../src/ami/buildkite/pipelines.ts';
import { rollbackPipeline, type InputStep } from '../../../src/ami/buildkite/rollback-pipeline.ts';
import { PROJECT } from '../../../parts/project.ts';
import { FAMILY } from '../family.ts';
import { warmbake } from '../../../parts/moto/run.ts';

const PIPELINE = rollbackPipeline({
  family: FAMILY,
  queue: 'image-builders',
  config: 'ci/warmbake.yaml',
  trustedBranch: 'main',
});
const [ask, work] = PIPELINE.steps as readonly [InputStep, PipelineStep];

test('asks what to do, for a reason and, if wanted, an image, and then does it', () => {
  expect(
    ask.fields.map((field) => [field.key, 'required' in field ? field.required : field.default]),
  ).toEqual([
    ['rollback-what', 'back'],
    ['rollback-reason', true],
    ['rollback-image', false],
  ]);
  expect(work).toMatchObject({ depends_on: ask.key, agents: { queue: 'image-builders' } });
});

test('only the teams that the configuration names may answer, where it names some', () => {
  expect(ask).toMatchObject({ input: 'Roll back the cpu image' });
  expect(ask).not.toHaveProperty('allowed_teams');
  const settings = { queue: 'image-builders', config: 'ci/warmbake.yaml', trustedBranch: 'main' };
  const { steps } = rollbackPipeline({ ...settings, family: { ...FAMILY, rollbackTeams: ['sre', 'ci'] } });
  expect(steps[0]).toMatchObject({ block: 'Roll back the cpu image', allowed_teams: ['sre', 'ci'] });
});

test('waits for no rebuild that is under way', () => {
  expect(work.concurrency_group).toBeUndefined();
});

/** Runs the step's command as an agent does, on these answers; what `warmbake` was given, a word each. */
async function given(
  answers: Readonly<Record<string, string>>,
  directory: string,
): Promise<readonly string[]> {
  const program = async (name: string, text: string): Promise<void> => {
    await writeFile(join(directory, name), `#!/bin/sh\n${text}\n`);
    await chmod(join(directory, name), 0o755);
  };
  for (const [key, text] of Object.entries(answers)) await writeFile(join(directory, key), text);
  await program('buildkite-agent', `exec cat ${directory}/"$3"`);
  await program('warmbake', `printf '%s\\n' "$@"`);
  // What Buildkite makes of `$$` when it uploads a pipeline.
  const command = work.command.replaceAll('$$', '$');
  const env = { PATH: `${directory}:/usr/bin:/bin` };
  const { stdout, exitCode } = await execa('/bin/sh', ['-c', command], { env, reject: false });
  return exitCode === 0 ? stdout.split('\n') : [`exit ${exitCode}`, ...stdout.split('\n')];
}

const CALL = ['ami', 'rollback', '--family', 'cpu', '--yes'];

async function inFolder(use: (directory: string) => Promise<void>): Promise<void> {
  const directory = await mkdtemp(join(tmpdir(), 'warmbake-shell-'));
  try {
    await use(directory);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

test('whatever people write into the fields is text to the shell, and an empty image is none', async () => {
  await inFolder(async (directory) => {
    const reason = `it's "bad"; $(touch ${directory}/owned) \`touch ${directory}/owned\` --to ami-1 \\`;
    const answers = { 'rollback-what': 'back', 'rollback-reason': reason, 'rollback-image': '' };
    expect(await given(answers, directory)).toEqual([...CALL, `--reason=${reason}`, '--to=']);
    expect(existsSync(join(directory, 'owned'))).toBe(false);
  });
});

test('an undo is one of the choices, and nothing else that is answered is one', async () => {
  await inFolder(async (directory) => {
    const answers = { 'rollback-reason': 'it was the network', 'rollback-image': '' };
    const words = [...CALL, '--reason=it was the network', '--to='];
    expect(await given({ ...answers, 'rollback-what': 'undo' }, directory)).toEqual([...words, '--undo']);
    expect(await given({ ...answers, 'rollback-what': '' }, directory)).toEqual(words);
    expect(await given({ ...answers, 'rollback-what': '--undo; $(x)' }, directory)).toEqual(words);
  });
});

test('where the choice cannot be read nothing is done', async () => {
  await inFolder(async (directory) => {
    const answers = { 'rollback-reason': 'agents do not start', 'rollback-image': '' };
    expect(await given(answers, directory)).toEqual(['exit 1', '']);
  });
});

test('the committed file is what the configuration gives', async () => {
  const argv = [
    'pipeline',
    'rollback-ami',
    '--config',
    'bake/vllm.warmbake.yaml',
    '--out',
    'packer/cpu',
    '--check',
  ];
  expect(await warmbake(argv, { cwd: PROJECT })).toMatchObject({
    exitCode: 0,
    out: expect.stringContaining('rollback-cpu-ami.yaml is up to date'),
  });
});
