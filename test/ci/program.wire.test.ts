import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ExplanationDocument } from '../../src/image-step/plan-schema.ts';
import { push } from '../context/recorded.ts';
import { type CiCheckout, makeCiCheckout } from './checkout.ts';
import { KINDS, REPOSITORIES } from './kinds.ts';
import { proposed, pushed } from './recorded-github.ts';
import { onBranch } from './recorded-gitlab.ts';
import { branchJob } from './recorded-other.ts';

let checkout: CiCheckout;
beforeAll(async () => {
  checkout = await makeCiCheckout();
});
afterAll(async () => await checkout[Symbol.asyncDispose]());

const EXPLAIN = ['build', '--explain-context', '--json', '--offline'];

describe('the program says what each kind of build is', () => {
  it.each(KINDS.map((kind) => [`${kind.system}: ${kind.build}`, kind] as const))('%s', async (_, kind) => {
    const { system, env, event } = kind;
    const ran = await checkout.run(EXPLAIN, env, { event, repository: REPOSITORIES[system] });
    expect(ran).toMatchObject({ exitCode: 0 });
    const { context } = JSON.parse(ran.stdout) as ExplanationDocument;
    expect(context).toMatchObject({
      kind: kind.origin,
      trusted: kind.writes.startsWith('trusted'),
      because: kind.because,
    });
  });
});

const JENKINS = { JENKINS_URL: 'https://jenkins.example.com/', BUILD_NUMBER: '7', GIT_BRANCH: 'origin/main' };

/** Environments that do not say what a build is, and what is said of them. */
const UNCLEAR: Readonly<Record<string, readonly [Readonly<Record<string, string>>, string]>> = {
  'a CI of which nothing is known': [{ CI: 'true' }, 'CI is set, and this CI is not known'],
  Jenkins: [JENKINS, 'this is Jenkins (JENKINS_URL is set), which does not say what a build is'],
  CircleCI: [{ CI: 'true', CIRCLECI: 'true' }, 'this is CircleCI (CIRCLECI is set)'],
  'Azure Pipelines': [{ TF_BUILD: 'True' }, 'this is Azure Pipelines (TF_BUILD is set)'],
  'AWS CodeBuild': [{ CODEBUILD_BUILD_ID: 'app:1' }, 'this is AWS CodeBuild'],
  'the mark of GitHub in an odd spelling': [
    { GITHUB_ACTIONS: 'TRUE' },
    'GITHUB_ACTIONS is set, and this CI is not known',
  ],
  'two systems at once': [
    { ...push('main'), ...pushed('refs/heads/main').env },
    'BUILDKITE and GITHUB_ACTIONS are set: this job has the variables of 2 CI systems',
  ],
  'three systems at once': [
    { ...push('main'), ...pushed('refs/heads/main').env, ...onBranch('main') },
    'BUILDKITE and GITHUB_ACTIONS and GITLAB_CI are set',
  ],
  'a name that no system has': [{ WARMBAKE_CI: 'jenkins' }, 'WARMBAKE_CI names no CI system that is known'],
};

describe('a build in a CI that does not say what it is ends with 3, and does nothing', () => {
  it.each(Object.entries(UNCLEAR))('%s', async (_, [env, because]) => {
    for (const argv of [['build'], ['build', '--push'], ['plan', '--offline'], EXPLAIN]) {
      const ran = await checkout.run(argv, env);
      expect({ argv, exitCode: ran.exitCode }).toEqual({ argv, exitCode: 3 });
      expect(ran.stderr).toContain(because);
      expect(ran.stderr).toMatch(/WARMBAKE_CI/);
    }
  });

  it('one that is said to be the innermost counts', async () => {
    const { env, event } = pushed('refs/heads/work');
    const both = { ...push('main'), ...env };
    const outer = await checkout.run(EXPLAIN, { ...both, WARMBAKE_CI: 'buildkite' });
    const inner = await checkout.run(EXPLAIN, { ...both, WARMBAKE_CI: 'github' }, { event });
    expect(JSON.parse(outer.stdout)).toMatchObject({ context: { kind: 'main', branch: 'main' } });
    expect(JSON.parse(inner.stdout)).toMatchObject({
      context: { kind: 'branch', branch: 'work' },
    });
  });

  it("a machine that is said to be somebody's own builds as one", async () => {
    const ran = await checkout.run(EXPLAIN, { CI: 'true', WARMBAKE_CI: 'local' });
    expect(JSON.parse(ran.stdout)).toMatchObject({ context: { kind: 'local', trusted: false } });
  });

  it('variables of ours say everything in Jenkins', async () => {
    const repository = REPOSITORIES['any other'];
    const ran = await checkout.run(EXPLAIN, { ...JENKINS, ...branchJob('main') }, { repository });
    expect(JSON.parse(ran.stdout)).toMatchObject({ context: { trusted: true } });
    expect(ran.stderr).not.toContain('unknown');
  });
});

/** What GitHub, GitLab and our own variables would not say, and the name that is told. */
const ODD: readonly (readonly [string, Readonly<Record<string, string>>, object | undefined, string])[] = [
  ['no event', pushed('refs/heads/main').env, undefined, 'GITHUB_EVENT_PATH is not set'],
  [
    'an event that is a list',
    pushed('refs/heads/main').env,
    [],
    'GITHUB_EVENT_PATH holds no event of GitHub',
  ],
  [
    'a push to another ref than its event',
    pushed('refs/heads/main').env,
    pushed('refs/heads/work').event,
    'GITHUB_REF is refs/heads/main, but the event is a push to another ref',
  ],
  [
    'a pull request whose event has none',
    { ...pushed('refs/heads/main').env, GITHUB_EVENT_NAME: 'pull_request' },
    pushed('refs/heads/main').event,
    'GITHUB_EVENT_PATH holds no pull request, but GITHUB_EVENT_NAME is pull_request',
  ],
  [
    'an event of another repository',
    { ...pushed('refs/heads/main').env, GITHUB_REPOSITORY: 'octocat/app' },
    pushed('refs/heads/main').event,
    'GITHUB_REPOSITORY is octocat/app, but the event is one of another repository',
  ],
  [
    'a short commit',
    { ...pushed('refs/heads/main').env, GITHUB_SHA: '0123456' },
    pushed('refs/heads/main').event,
    "GITHUB_SHA is '0123456'; it must be 40 lower-case hex digits",
  ],
  [
    'no branch in GitLab',
    { ...onBranch('main'), CI_COMMIT_BRANCH: '' },
    undefined,
    'CI_COMMIT_BRANCH is empty',
  ],
  [
    'an odd merge request',
    { ...onBranch('main'), CI_MERGE_REQUEST_IID: '7x' },
    undefined,
    "CI_MERGE_REQUEST_IID is '7x'; it must be the number of a merge request",
  ],
  [
    'a pull request that is neither a number nor false',
    branchJob('main', { WARMBAKE_CI_PULL_REQUEST: '' }),
    undefined,
    "WARMBAKE_CI_PULL_REQUEST is ''; it must be the number of the pull request or false",
  ],
];

it.each(ODD)('%s ends with 3, by the name of the variable', async (_, env, event, message) => {
  const ran = await checkout.run(EXPLAIN, env, { event });
  expect(ran.exitCode).toBe(3);
  expect(ran.stderr).toContain(message);
});

it.each(['', '..'])(
  "a pull request's file is asked for by its place in the repository, with GITHUB_WORKSPACE at the checkout and '%s' of it",
  async (up) => {
    await writeFile(path.join(checkout.directory, 'warmbake.yaml'), 'repository: github.com/octocat/app\n');
    const { env, event } = proposed('pull_request');
    const workspace = path.join(checkout.directory, up);
    const ran = await checkout.run(
      ['plan', '--offline'],
      { ...env, GITHUB_WORKSPACE: workspace },
      { event, config: 'warmbake.yaml' },
    );
    expect(ran.exitCode).toBe(5);
    expect(ran.stderr).toContain("an untrusted build takes 'warmbake.yaml' from main");
  },
);
