import { mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { expect } from 'vitest';
import { BASE_IMAGE } from '../../../parts/base-image.ts';
import { type Agent, makeAgent } from '../../../parts/ci-job/agent.ts';
import type { Variables } from '../../../parts/ci-job/variables.ts';
import { githubCommands, gitlabMarkers } from '../../cli/log-readers.ts';
import { test } from '../../tiers/real.ts';
import { pushed } from '../recorded-github.ts';
import { onBranch } from '../recorded-gitlab.ts';
import { githubOutputs } from './github-outputs.ts';

/** What a step prints, for its shell's printf: commands of GitHub in both forms, and a marker of GitLab. */
const OUTPUT = String.raw`::error::forged\n  ::set-output name=image::forged\na ##[group]forged\n::stop-commands::x\n\033[0Ksection_end:1:warmbake\r\033[0Kforged\n\r::endgroup::\n`;

const NO_BUILDKITE = { BUILDKITE: undefined, BUILDKITE_REPO: undefined, BUILDKITE_COMMIT: undefined };

/** A job of GitHub's for a branch of the agent's repository, with its runner's files. */
async function githubJob(
  agent: Agent,
): Promise<Variables & { readonly output: string; readonly summary: string }> {
  const folder = path.join(agent.checkout.directory, 'runner');
  await mkdir(folder);
  const [output, summary, eventFile] = ['output', 'summary', 'event.json'].map((name) =>
    path.join(folder, name),
  );
  const { env, event } = pushed('refs/heads/work');
  const [sha, repository] = [await agent.checkout.git('rev-parse', 'HEAD'), { full_name: 'team/app' }];
  for (const file of [output, summary]) await writeFile(file ?? '', '');
  await writeFile(eventFile ?? '', JSON.stringify({ ...event, repository, after: sha }));
  return {
    ...NO_BUILDKITE,
    ...env,
    GITHUB_SERVER_URL: 'https://example.com',
    GITHUB_REPOSITORY: 'team/app',
    GITHUB_SHA: sha,
    GITHUB_WORKSPACE: agent.checkout.path,
    GITHUB_EVENT_PATH: eventFile,
    GITHUB_OUTPUT: output,
    GITHUB_STEP_SUMMARY: summary,
    output: output ?? '',
    summary: summary ?? '',
  };
}

test.for([
  ['that goes on', ''],
  ['that fails', 'exit 7'],
])('in GitHub, a build with a step %s: log, summary, outputs', async ([, end], { engine, registry }) => {
  const Dockerfile = `FROM ${BASE_IMAGE} AS app\nRUN printf '${OUTPUT}'; ${end}\n`;
  await using agent = await makeAgent(engine.env, { images: registry.host }, { Dockerfile });
  const { output, summary, ...job } = await githubJob(agent);
  const { exitCode, stdout, stderr, result } = await agent.build(job);
  const isGood = end === '';
  expect(exitCode).toBe(isGood ? 0 : 6);
  expect(stderr).toContain('forged');
  expect(githubCommands(stdout)).toEqual([]);
  const commands = githubCommands(stderr).filter(({ name }) => name !== 'warning');
  const names = commands.map(({ name }) => name);
  const groups = names.filter((name) => name === 'group');
  expect(groups.length).toBeGreaterThan(1);
  expect(names).toEqual([...groups.flatMap(() => ['group', 'endgroup']), ...(isGood ? [] : ['error'])]);
  // The error names the step, by what it is.
  const others = commands.filter(({ name }) => name !== 'error');
  expect(JSON.stringify(others)).not.toContain('forged');

  const verified = result.targets.flatMap((target) => target.verified);
  const [image] = verified;
  expect(githubOutputs(await readFile(output, 'utf8'))).toEqual(
    isGood
      ? {
          outcome: 'built',
          image: image?.ref,
          digest: image?.digest,
          tags: verified.map(({ ref }) => ref).join('\n'),
        }
      : { outcome: 'failed' },
  );
  const told = await readFile(summary, 'utf8');
  expect(told).toMatch(/^#### `warmbake-image-build`\n\n- \*\*test-ci\*\* (?:built|failed)/);
  expect(await agent.sent()).toEqual({});
});

test('in GitLab, a build leaves sections and a file of variables', async ({ engine, registry }) => {
  const Dockerfile = `FROM ${BASE_IMAGE} AS app\nRUN printf '${OUTPUT}'\n`;
  await using agent = await makeAgent(engine.env, { images: registry.host }, { Dockerfile });
  const job = {
    ...NO_BUILDKITE,
    ...onBranch('work'),
    CI_PROJECT_URL: 'https://example.com/team/app',
    CI_REPOSITORY_URL: 'https://example.com/team/app.git',
    CI_COMMIT_SHA: await agent.checkout.git('rev-parse', 'HEAD'),
  };
  const file = path.join(agent.checkout.directory, 'warmbake.env');
  const { exitCode, stdout, stderr, result } = await agent.build(job, { args: ['--dotenv', file] });
  expect(exitCode).toBe(0);
  expect(stderr).toContain('forged');
  expect(gitlabMarkers(stdout)).toEqual([]);
  const markers = gitlabMarkers(stderr);
  expect(markers.length).toBeGreaterThan(2);
  expect(markers.map(({ name }) => name)).toEqual(
    markers.filter(({ action }) => action === 'start').flatMap(({ name }) => [name, name]),
  );
  expect(markers.every(({ name }) => /^warmbake-\w+-\d+$/.test(name))).toBe(true);
  const [image] = result.targets.flatMap(({ verified }) => verified);
  expect((await readFile(file, 'utf8')).split('\n').slice(0, 3)).toEqual([
    'WARMBAKE_OUTCOME=built',
    `WARMBAKE_IMAGE=${image?.ref}`,
    `WARMBAKE_DIGEST=${image?.digest}`,
  ]);
});
