import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { parseConfiguration } from '../../src/config/parse.ts';
import { problemLine } from '../../src/config/problem.ts';

const FILE = new URL('../../bake/vllm.warmbake.yaml', import.meta.url);

test('the worked example is a valid configuration', async () => {
  const parsed = parseConfiguration(await readFile(FILE, 'utf8'), {
    file: 'vllm.warmbake.yaml',
    root: '/repo',
  });
  expect(parsed.ok ? [] : parsed.problems.map(problemLine)).toEqual([]);
  expect(parsed).toMatchObject({
    settings: {
      repository: 'github.com/vllm-project/vllm',
      images: { trusted: { host: 'public.ecr.aws', path: 'q9t5s3a7/vllm-ci-postmerge-repo' } },
      bake: { files: ['docker/docker-bake.hcl'], variables: { COMMIT: '${commit}' } },
      targets: [{ name: 'test-ci', inherits: ['_common', '_ci', '_labels'], stage: 'test', lane: '' }],
      compat: { oldNames: true },
      marker: '/etc/vllm-ami-info',
    },
  });
});

test.each([
  ['minimumBytes: 20GB', 'minimumBytes: lots', "'lots' is not a valid size; write it like 20GB"],
  ['watch: 10m', 'watch: ten', "'ten' is not a valid duration; write it like 120s, 10m, 48h or 3d"],
  ['newest: 3', 'newest: -1', 'write 0 or more'],
  ['baseStack: 6.21.0', 'baseStak: 6.21.0', "unknown key; did you mean 'baseStack'?"],
  [
    's3://vllm-warmbake-state/ci',
    'http://state',
    "'http://state' is not a valid state store; write s3://bucket[/prefix] or a directory",
  ],
])('the build checks sections of other commands too: %j as %j', async (was, now, message) => {
  const text = await readFile(FILE, 'utf8');
  expect(text).toContain(was);
  const parsed = parseConfiguration(text.replace(was, now), { file: 'vllm.warmbake.yaml', root: '/repo' });
  expect(parsed.ok ? [] : parsed.problems.map((problem) => problem.message)).toContain(message);
});
