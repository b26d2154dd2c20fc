import { describe, expect, it } from 'vitest';
import {
  agentFinding,
  buildxFinding,
  dockerFinding,
  gitFinding,
  versionIn,
} from '../../src/doctor/tool-versions.ts';
import type { Finished } from '../../src/platform/process.ts';

const said = (stdout: string): Finished => ({ exitCode: 0, stdout, stderr: '' });
const absent: Finished = { stdout: '', stderr: '', failure: 'not-found' };

it.each<[string, readonly [number, number, number] | undefined]>([
  ['git version 2.39.5', [2, 39, 5]],
  ['git version 2.39.5 (Apple Git-154)', [2, 39, 5]],
  ['github.com/docker/buildx v0.29.1 abcdef', [0, 29, 1]],
  ['github.com/docker/buildx 0.13.1+ds1 0.13.1+ds1-1', [0, 13, 1]],
  ['Docker version 28.5.2, build ecc6942', [28, 5, 2]],
  ['git version 2.51', [2, 51, 0]],
  ['nothing of the kind', undefined],
])('the version in %j is %j', (text, version) => {
  expect(versionIn(text)).toEqual(version);
});

describe('git', () => {
  it.each<[string, Finished, string, RegExp]>([
    ['is new enough', said('git version 2.38.0'), 'ok', /^2\.38\.0$/],
    [
      'is old: what a pull request brings could pass for a repository',
      said('git version 2.37.9'),
      'warning',
      /safe\.bareRepository/,
    ],
    [
      'is too old for history without files',
      said('git version 2.19.9'),
      'failed',
      /^2\.19\.9 cannot fetch history/,
    ],
    ['is absent', absent, 'failed', /^git does not run \(not-found\)/],
    ['says nothing', said(''), 'warning', /does not say which version/],
  ])('%s', (_, finished, state, text) => {
    expect(gitFinding(finished)).toMatchObject({ state, text: expect.stringMatching(text) });
  });
});

describe('buildx', () => {
  const direct = { program: '/plugins/docker-buildx', throughDocker: false };
  const through = { program: 'docker buildx', throughDocker: true };
  it.each<[string, Finished, typeof direct, string, RegExp]>([
    ['is supported', said('github.com/docker/buildx v0.13.0 x'), direct, 'ok', /^0\.13\.0 \(\/plugins/],
    ['is too old', said('github.com/docker/buildx v0.12.9 x'), direct, 'failed', /too old: 0\.13/],
    ['is none of docker', absent, through, 'failed', /^the docker command has no buildx/],
    [
      'does not run',
      { ...absent, failure: 'not-started' },
      direct,
      'failed',
      /^\/plugins\/docker-buildx does not run/,
    ],
  ])('%s', (_, finished, how, state, text) => {
    expect(buildxFinding(finished, how)).toMatchObject({ state, text: expect.stringMatching(text) });
  });
});

describe('the docker command', () => {
  it.each<[string, Finished, string | undefined, string]>([
    ['is there', said('Docker version 28.5.2, build x'), 'buildx is called through it', 'ok'],
    ['is absent and not needed', absent, undefined, 'ok'],
    ['is absent and needed', absent, 'buildx is called through it', 'failed'],
  ])('%s', (_, finished, needed, state) => {
    expect(dockerFinding(finished, { needed }).state).toBe(state);
  });
});

describe("Buildkite's agent", () => {
  it.each([
    ['is there', said('buildkite-agent version 3.98.2+10120.abc'), 'ok'],
    ['is absent: builds go on, and say less', absent, 'warning'],
  ] as const)('%s', (_, finished, state) => {
    expect(agentFinding(finished).state).toBe(state);
  });
});
