import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { imagePipeline } from '../../src/buildkite/image-pipeline.ts';
import { warmbake } from '../../parts/moto/run.ts';
import { FAMILY } from '../ami/family.ts';
import { settingsOf } from '../bake/small-settings.ts';
import { PROJECT } from '../../parts/project.ts';

const { targets } = settingsOf();
const OPTIONS = {
  families: [],
  config: 'ci/warmbake.yaml',
  trustedBranch: 'main',
  program: 'sh ci/warmbake.sh',
  timeoutMinutes: 90,
};

describe('the image-build pipeline', () => {
  it('has one step a target, with one line of shell and the key that its lane gives it', () => {
    const { steps } = imagePipeline(targets, OPTIONS);
    expect(steps.map(({ key, command }) => [key, command])).toEqual([
      ['image-build', 'sh ci/warmbake.sh build app'],
      ['image-build-arm64', 'sh ci/warmbake.sh build app-arm'],
    ]);
  });

  it('gives a step the key under which the machine image looks for its artifact (B-15)', () => {
    const family = { ...FAMILY, warm: { ...FAMILY.warm, target: 'app-arm', step: 'arm-image' } };
    const { steps } = imagePipeline(targets, { ...OPTIONS, families: [family] });
    expect(steps.map((step) => step.key)).toEqual(['image-build', 'arm-image']);
  });

  it('tries again where an agent or an outside service was lost, three times at most', () => {
    for (const { retry, timeout_in_minutes: timeout } of imagePipeline(targets, OPTIONS).steps) {
      expect(timeout).toBe(90);
      expect(retry.automatic).toEqual([
        { exit_status: -1, limit: 1 },
        { signal_reason: 'agent_stop', limit: 1 },
        { exit_status: 5, limit: 1 },
      ]);
      expect(retry.automatic.reduce((sum, rule) => sum + rule.limit, 0)).toBeLessThanOrEqual(3);
    }
  });

  const COMMAND = ['pipeline', 'image-build', '--config', 'bake/vllm.warmbake.yaml'];
  const EXAMPLE = [...COMMAND, '--queue', '$IMAGE_BUILD_QUEUE', '--program', 'sh ci/warmbake.sh'];

  it('that is committed is what the configuration gives', async () => {
    const ran = await warmbake([...EXAMPLE, '--check'], { cwd: PROJECT });
    expect(ran).toMatchObject({ exitCode: 0, out: 'bake/image-build.yaml is up to date\n' });
    const text = await readFile(path.join(PROJECT, 'bake/image-build.yaml'), 'utf8');
    expect(parse(text)).toMatchObject({
      env: { WARMBAKE_CONFIG: 'bake/vllm.warmbake.yaml', WARMBAKE_CONFIG_FROM: 'merge-base:main' },
      steps: [{ key: 'image-build', agents: { queue: '$IMAGE_BUILD_QUEUE' } }],
    });
  });

  it('is found to differ when it was changed', async () => {
    const ran = await warmbake([...EXAMPLE, '--timeout', '30', '--check'], { cwd: PROJECT });
    expect([ran.exitCode, ran.out]).toEqual([
      1,
      'bake/image-build.yaml differs from the configuration: run `warmbake pipeline image-build`\n',
    ]);
  });

  it.each(['0', '1h', '-5', ''])('refuses %j as its timeout', async (timeout) => {
    const ran = await warmbake([...EXAMPLE, '--timeout', timeout], { cwd: PROJECT });
    expect([ran.exitCode, ran.err]).toEqual([2, `error: --timeout is '${timeout}'; it must be minutes\n`]);
  });
});
