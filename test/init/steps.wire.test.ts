import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { requireSuccess } from '../../parts/ci-job/warmbake.ts';
import { makeProject, type Project } from './project.ts';

const BAKE = { 'docker-bake.hcl': 'group "default" {\n  targets = ["app"]\n}\ntarget "app" {}\n' };
const COMMIT = 'HEAD is put here';

/** A push to main, as the documentation of each system shapes its variables, beside what the written step sets. */
const PUSHES: readonly (readonly [string, string, Readonly<Record<string, string>>])[] = [
  [
    'buildkite',
    'https://github.com/acme/app.git',
    {
      BUILDKITE: 'true',
      BUILDKITE_REPO: 'https://github.com/acme/app.git',
      BUILDKITE_BRANCH: 'main',
      BUILDKITE_PULL_REQUEST: 'false',
      BUILDKITE_COMMIT: COMMIT,
      BUILDKITE_BUILD_NUMBER: '7',
      BUILDKITE_BUILD_ID: '00000000-0000-4000-8000-000000000001',
    },
  ],
  [
    'github',
    'https://github.com/acme/app.git',
    {
      CI: 'true',
      GITHUB_ACTIONS: 'true',
      GITHUB_EVENT_NAME: 'push',
      GITHUB_REPOSITORY: 'acme/app',
      GITHUB_SERVER_URL: 'https://github.com',
      GITHUB_REF: 'refs/heads/main',
      GITHUB_SHA: COMMIT,
      GITHUB_RUN_ID: '7',
      GITHUB_RUN_ATTEMPT: '1',
    },
  ],
  [
    'gitlab',
    'https://gitlab.com/acme/app.git',
    {
      CI: 'true',
      GITLAB_CI: 'true',
      CI_PROJECT_URL: 'https://gitlab.com/acme/app',
      CI_PIPELINE_SOURCE: 'push',
      CI_COMMIT_SHA: COMMIT,
      CI_COMMIT_BRANCH: 'main',
      CI_COMMIT_REF_PROTECTED: 'true',
      CI_PIPELINE_IID: '7',
      CI_PIPELINE_ID: '70',
    },
  ],
];

/** The variables that a written file gives to its job. */
async function variablesIn(project: Project, system: string): Promise<Readonly<Record<string, string>>> {
  if (system === 'buildkite') return parse(await project.read('.buildkite/image-build.yaml')).env;
  if (system === 'github') return { ...(await workflowVariables(project)), WARMBAKE_CI: 'github' };
  return parse(await project.read('.gitlab/warmbake.gitlab-ci.yml'))['image-build'].variables;
}

/** What GitHub makes of the expression for anything but a pull request from a fork is put in by the caller. */
async function workflowVariables(project: Project): Promise<Readonly<Record<string, string>>> {
  return parse(await project.read('.github/workflows/warmbake.yml')).jobs['image-build'].env;
}

describe('with what init wrote for it, main is trusted, by', () => {
  it.each(PUSHES)('%s', async (system, origin, push) => {
    await using project = await makeProject({ files: BAKE, remotes: { origin } });
    requireSuccess(await project.run(['init', '--yes', '--ci', system]));
    const event = path.join(project.path, '../event.json');
    const repository = { full_name: 'acme/app', default_branch: 'main' };
    await writeFile(event, JSON.stringify({ ref: 'refs/heads/main', repository }));
    const head = await project.git('rev-parse', 'HEAD');
    const job = Object.fromEntries(
      Object.entries(push).map(([name, value]) => [name, value === COMMIT ? head : value]),
    );
    const env = { ...job, GITHUB_EVENT_PATH: event, ...(await variablesIn(project, system)) };
    const { stdout } = requireSuccess(await project.run(['build', '--explain-context', '--json'], { env }));
    expect(JSON.parse(stdout)).toMatchObject({ context: { kind: 'main', trusted: true } });
  });

  it('any other, with the variables that are printed for it', async () => {
    await using project = await makeProject({ files: { ...BAKE, Jenkinsfile: '' } });
    const { stdout } = requireSuccess(await project.run(['init', '--yes', '--json']));
    const { step } = JSON.parse(stdout) as { readonly step: string };
    const lines = step.split('\n');
    expect(lines.at(-1)).toBe('warmbake build');
    const printed = lines
      .slice(0, -1)
      .map((line): readonly [string, string] => [
        line.split('=')[0] ?? '',
        line.slice(line.indexOf('=') + 1),
      ]);
    const own = {
      WARMBAKE_CI_COMMIT: await project.git('rev-parse', 'HEAD'),
      WARMBAKE_CI_BRANCH: 'main',
      WARMBAKE_CI_PULL_REQUEST: 'false',
      WARMBAKE_CI_PULL_REQUEST_BASE: '',
      WARMBAKE_CI_TAG: '',
      WARMBAKE_CI_BUILD_NUMBER: '7',
      WARMBAKE_CI_BUILD_ID: 'seven',
    };
    const open = printed.filter(([, value]) => value.startsWith('<')).map(([name]) => name);
    expect(open.toSorted()).toEqual(Object.keys(own).toSorted());
    const env = { ...Object.fromEntries(printed), ...own };
    const explained = requireSuccess(await project.run(['build', '--explain-context', '--json'], { env }));
    expect(JSON.parse(explained.stdout)).toMatchObject({ context: { kind: 'main', trusted: true } });
  });
});

it("Buildkite's pipeline is what `pipeline image-build --check` finds up to date, with the launcher that is there", async () => {
  await using project = await makeProject({
    files: { ...BAKE, '.buildkite/pipeline.yml': 'steps: []\n', 'ci/warmbake.sh': '' },
  });
  requireSuccess(await project.run(['init', '--yes']));
  expect(await project.read('.buildkite/image-build.yaml')).toContain(
    'command: sh ci/warmbake.sh build default\n',
  );
  const check = ['pipeline', 'image-build', '--out', '.buildkite', '--check'];
  expect(await project.run([...check, '--program', 'sh ci/warmbake.sh'])).toMatchObject({ exitCode: 0 });
});
