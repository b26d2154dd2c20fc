import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect } from 'vitest';
import { THROUGH_DOCKER } from '../../src/bake/buildx-program.ts';
import { surveyTargets } from '../../src/bake/survey.ts';
import { openHost } from '../registry/fixture-host.ts';
import { test } from '../tiers/real.ts';

const FILE = `
variable "COMMIT" {}
variable "JOBS" { default = 2 }
variable "PLATFORMS" { default = ["linux/amd64"] }
variable "ALL" { default = { a = true } }
# variable "COMMENTED" {}
target "app" { args = { COMMIT = COMMIT } }
group "default" { targets = ["app"] }
`;

describe.each(['engine', 'oldBuildx'] as const)('by the buildx of %s', (which) => {
  test.for<[string, readonly string[], boolean]>([
    [
      'files prove that they declare variables, of whatever type',
      ['COMMIT', 'JOBS', 'PLATFORMS', 'ALL'],
      true,
    ],
    ['a variable that is declared in a comment only is not proven', ['COMMIT', 'COMMENTED'], false],
    ['one that only the environment has is not either', ['OUTSIDE'], false],
    ['nothing need be proven where nothing is asked', [], true],
  ])('%s', async ([, variables, declares], { engine, oldBuildx }) => {
    await using host = await openHost();
    await mkdir(host.scratch);
    await writeFile(path.join(host.cwd, 'docker-bake.hcl'), FILE);
    const env = { ...{ engine, oldBuildx }[which].env, OUTSIDE: 'x', COMMENTED: 'x' };
    const call = { files: ['docker-bake.hcl'], env, buildx: THROUGH_DOCKER, cwd: host.cwd };
    const names = ['app', 'default', 'nothing'];
    const answer = await surveyTargets(host, call, { names, overlaid: {}, variables });
    expect(answer.declares).toBe(declares);
    // Whatever was asked of variables: nothing of the question is in the answer.
    expect([...answer.groups]).toEqual([['default', ['app']]]);
    expect([...answer.targets.keys()]).toEqual(['app']);
    expect([...answer.missing]).toEqual(['nothing']);
  });
});
