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

test('asks for a reason and, if wanted, an image, and then goes back', () => {
  expect(ask.fields.map(({ key, required }) => [key, required])).toEqual([
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

test('whatever people write into the fields is text to the shell, and an empty image is none', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'warmbake-shell-'));
  try {
    const reason = `it's "bad"; $(touch ${directory}/owned) \`touch ${directory}/owned\` --to ami-1 \\`;
    const program = async (name: string, text: string): Promise<void> => {
      await writeFile(join(directory, name), `#!/bin/sh\n${text}\n`);
      await chmod(join(directory, name), 0o755);
    };
    await writeFile(join(directory, 'rollback-reason'), reason);
    await writeFile(join(directory, 'rollback-image'), '');
    await program('buildkite-agent', `cat ${directory}/"$3"`);
    await program('warmbake', `printf '%s\\n' "$@"`);
    // What Buildkite makes of `$$` when it uploads a pipeline.
    const command = work.command.replaceAll('$$', '$');
    const { stdout } = await execa('/bin/sh', ['-c', command], {
      env: { PATH: `${directory}:/usr/bin:/bin` },
    });
    expect(stdout.split('\n')).toEqual([
      'ami',
      'rollback',
      '--family',
      'cpu',
      '--yes',
      `--reason=${reason}`,
      '--to=',
    ]);
    expect(existsSync(join(directory, 'owned'))).toBe(false);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
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
