import { mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { rebuildPipeline, watchPipeline, type Pipeline } from '../../../src/ami/buildkite/pipelines.ts';
import { PROJECT } from '../../../parts/project.ts';
import { FAMILY } from '../family.ts';
import { warmbake } from '../../../parts/moto/run.ts';

const REBUILD = rebuildPipeline({
  family: FAMILY,
  queue: 'image-builders',
  config: 'ci/warmbake.yaml',
  trustedBranch: 'main',
});
const WATCH = watchPipeline({
  family: FAMILY,
  queue: 'image-builders',
  config: 'ci/warmbake.yaml',
  trustedBranch: 'main',
});

describe('the daily job', () => {
  test('runs alone: all its jobs are in one group of one', () => {
    expect(REBUILD.steps.map(({ concurrency, concurrency_group: group }) => [concurrency, group])).toEqual([
      [1, 'warmbake/ami/cpu'],
      [1, 'warmbake/ami/cpu'],
    ]);
  });

  test('releases the image of this build, whatever the parameter says meanwhile (B-28)', () => {
    const [build, rebuild] = REBUILD.steps;
    expect(rebuild?.depends_on).toBe(build?.key);
    expect(rebuild?.command).toBe(
      'warmbake ami rebuild --family cpu --image "$$(buildkite-agent meta-data get ami-us-east-1)"',
    );
  });

  test.each([REBUILD, WATCH])(
    'starts again only where the agent was lost, once (incident 2811b7e: retries multiplied the cost)',
    ({ steps }) => {
      expect(steps.map(({ retry }) => retry.automatic)).toEqual(
        steps.map(() => [{ exit_status: -1, limit: 1 }]),
      );
    },
  );

  test.each([REBUILD, WATCH])(
    'calls for help when it fails, and runs with its own configuration',
    ({ notify, env }) => {
      expect(notify).toEqual([{ slack: '#builds', if: 'build.state == "failed"' }]);
      expect(env).toEqual({
        WARMBAKE_CONFIG: 'ci/warmbake.yaml',
        WARMBAKE_CONFIG_FROM: 'merge-base:main',
      });
    },
  );

  test('leaves no dollar sign for Buildkite to fill in (incident a91aba5)', () => {
    expect(JSON.stringify([REBUILD, WATCH]).replaceAll('$$', '')).not.toContain('$');
  });
});

test('B-36: the watch fails when the image is older than two days, or not everywhere (incident 955f1c6: 35 failures unnoticed)', () => {
  expect(WATCH.steps[0]?.command).toBe('warmbake ami status --family cpu --max-age 48h --require-in-sync');
});

describe('the command', () => {
  let directory: string;
  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'warmbake-pipelines-'));
  });
  afterAll(async () => await rm(directory, { recursive: true, force: true }));

  const EXAMPLE = ['pipeline', 'rebuild-ami', '--config', 'bake/vllm.warmbake.yaml'];

  test('the committed files are what the configuration gives (incident 82ebfc8: the job vanished from the code)', async () => {
    const ran = await warmbake([...EXAMPLE, '--out', 'packer/cpu', '--check'], { cwd: PROJECT });
    expect(ran).toMatchObject({
      exitCode: 0,
      out: expect.stringContaining('rebuild-cpu-ami.yaml is up to date'),
    });
  });

  test('writes files that Buildkite reads, and finds those that were changed', async () => {
    const argv = [...EXAMPLE, '--out', directory];
    expect((await warmbake(argv, { cwd: PROJECT })).exitCode).toBe(0);
    expect(await readdir(directory)).toEqual(['rebuild-cpu-ami.yaml', 'watch-cpu-ami.yaml']);
    const file = join(directory, 'rebuild-cpu-ami.yaml');
    const text = await readFile(file, 'utf8');
    expect((parse(text) as Pipeline).steps).toHaveLength(2);
    expect(text).not.toMatch(/[&*]a\d/);
    await writeFile(file, text.replace('150', '15'));
    const checked = await warmbake([...argv, '--check'], { cwd: PROJECT });
    expect([checked.exitCode, checked.out]).toEqual([
      1,
      expect.stringContaining('rebuild-cpu-ami.yaml differs'),
    ]);
  });
});
