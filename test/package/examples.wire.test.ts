import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { parse } from 'yaml';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { deliveryFiles } from '../../package/deliveries.ts';
import { readCi } from '../../src/ci/read-ci.ts';
import { documentedFile } from './documented-file.ts';
import { gitlabPreview } from './gitlab-preview.ts';
import { makeDirectory, run } from './packed.ts';
import { RECORDER, recordedStart } from './recorded-start.ts';

let directory: Awaited<ReturnType<typeof makeDirectory>>;
const at = (name: string): string => path.join(directory.path, name);
beforeEach(async () => {
  directory = await makeDirectory();
});
afterEach(async () => await directory.remove());

describe('the .gitlab-ci.yml of docs/ci.md', () => {
  it("with the component is a pipeline by GitLab's schema: roles and runner join the component's job", async () => {
    const files = new Map((await deliveryFiles(RECORDER)).map(({ name, text }) => [name, text]));
    const example = await documentedFile('.gitlab-ci.yml');
    // Another project's file is the same file of this one: there is no other project here.
    const here = example.replace(/project: \S+\n\s+ref: \S+\n\s+file: /, 'local: gitlab/');
    expect(here).not.toBe(example);
    const { yaml, problem } = await gitlabPreview(at('project'), {
      'gitlab/templates/warmbake.yml': files.get('gitlab/templates/warmbake.yml'),
      '.gitlab-ci.yml': here,
    });
    expect(problem).toBe('');
    expect(parse(yaml)).toMatchObject({
      warmbake: {
        stage: 'build',
        tags: ['docker-shell'],
        id_tokens: { AWS_TOKEN: { aud: 'https://gitlab.com' } },
        artifacts: { reports: { dotenv: 'warmbake.env' } },
        rules: [
          { variables: { AWS_ROLE_ARN: expect.stringMatching(/untrusted$/) } },
          { variables: { AWS_ROLE_ARN: expect.stringMatching(/\/image-trusted$/) } },
        ],
      },
      test: { stage: 'test' },
    });
  });
});

describe('the script for Jenkins of docs/ci.md', () => {
  beforeEach(async () => {
    for (const name of ['ci', 'record']) await mkdir(at(name));
    await writeFile(at('ci/image.sh'), await documentedFile('ci/image.sh'));
    await writeFile(at('ci/warmbake.sh'), RECORDER);
  });

  // The variables of "Pipeline: Multibranch" (jenkins.io/doc/book/pipeline/multibranch) and of every build.
  const build = {
    BUILD_NUMBER: '41',
    BUILD_URL: 'https://ci.example.com/job/app/41/',
    JENKINS_URL: 'https://ci.example.com/',
  };
  it.each([
    ['main', { BRANCH_NAME: 'main' }, { branch: 'main' }],
    ['a tag', { BRANCH_NAME: 'v1.0', TAG_NAME: 'v1.0' }, { branch: 'v1.0', tag: 'v1.0' }],
    [
      'a pull request',
      { BRANCH_NAME: 'PR-7', CHANGE_ID: '7', CHANGE_TARGET: 'main', CHANGE_BRANCH: 'feature' },
      { branch: 'feature', pullRequest: { number: 7, base: 'main' } },
    ],
  ])('says of %s what it is', async (_, variables, facts) => {
    const ran = await run(
      ['sh', 'ci/image.sh'],
      { PATH: process.env['PATH'], RECORD: at('record'), ...build, ...variables },
      { cwd: directory.path },
    );
    expect(ran).toEqual({ exitCode: 0, out: '', err: '' });
    const start = await recordedStart(at('record'));
    expect(start?.args).toEqual(['build', 'test-ci', '--config', 'ci/warmbake.yaml']);
    const { names, ...said } = readCi(start?.env ?? {}) ?? { names: undefined };
    expect(names).toBeDefined();
    expect(said).toEqual({
      system: 'other',
      repository: 'github.com/acme/app',
      remote: { url: 'https://github.com/acme/app' },
      commit: 'HEAD',
      defaultBranch: 'main',
      build: { number: '41', id: 'jenkins-41', url: build.BUILD_URL, stepKey: 'image-build' },
      ...facts,
    });
  });
});
