import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Agent, makeAgent } from '../../parts/ci-job/agent.ts';
import { clock } from '../../parts/ci-job/clock.ts';
import { MAIN, pullRequest, pushTo, type Variables } from '../../parts/ci-job/variables.ts';
import { COMMANDS } from '../../src/cli/program.ts';

/** Every command, with what a pull request's job may call of it and what it may not. */
const TABLE: Readonly<
  Record<string, { readonly runs?: readonly string[]; readonly refused?: readonly string[] }>
> = {
  init: { runs: ['--yes --dry-run'] },
  build: { runs: ['--explain-context', '--offline --force'] },
  plan: { runs: ['--offline'] },
  doctor: { runs: ['--offline'] },
  hcl: {
    runs: ['--check', '--out -', '--check --out x.hcl', '--resolved --offline'],
    refused: ['', '--out x.hcl'],
  },
  promote: {
    runs: ['r.example.com/app:1 latest --dry-run'],
    refused: ['r.example.com/app:1 latest', 'r.example.com/app:1 latest --force'],
  },
  iam: { runs: ['trusted-build', 'operator'] },
  schema: { runs: ['plan'] },
  completion: { runs: ['bash'] },
  'sccache env': { runs: [''] },
  'sccache setup': { runs: ['--dry-run', '--terraform'], refused: ['', '--adopt', '--iam'] },
  'sccache doctor': { runs: ['--read-only'] },
  'sccache stats': { runs: [''] },
  'ami rebuild': { runs: ['--dry-run'], refused: ['', '--image ami-0123456789abcdef0'] },
  'ami base': { runs: [''] },
  'ami build': { runs: ['--dry-run'], refused: [''] },
  'ami canary': { runs: ['ami-0123456789abcdef0 --dry-run'], refused: ['ami-0123456789abcdef0'] },
  'ami publish': { runs: ['ami-0123456789abcdef0 --dry-run'], refused: ['ami-0123456789abcdef0'] },
  'ami roll': { runs: ['--dry-run'], refused: [''] },
  'ami clean': { runs: ['--dry-run'], refused: [''] },
  'ami probe': { runs: ['ami-0123456789abcdef0'] },
  'ami status': { runs: [''] },
  'ami list': { runs: [''] },
  'ami rollback': {
    runs: ['--reason x --yes --dry-run'],
    refused: ['--reason x --yes', '--to ami-0123456789abcdef0'],
  },
  'ami watch': { runs: [''] },
  'ami hold': { refused: ['--reason x'] },
  'ami release': { refused: [''] },
  'ami revoke': { refused: ['ami-0123456789abcdef0 --reason x'] },
  'ami unrevoke': { refused: ['ami-0123456789abcdef0'] },
  'ami history': { runs: [''] },
  'pipeline rollback-ami': { runs: ['--check'], refused: ['', '--out x'] },
  'pipeline image-build': { runs: ['--check'], refused: ['', '--out x'] },
  'pipeline rebuild-ami': { runs: ['--check'], refused: ['', '--out x'] },
};

const lines = (which: 'runs' | 'refused'): readonly string[] =>
  Object.entries(TABLE).flatMap(([name, row]) => (row[which] ?? []).map((rest) => `${name} ${rest}`.trim()));

/** Jobs that are not of the trusted branch. */
const UNTRUSTED: Readonly<Record<string, readonly [Variables, string]>> = {
  'a pull request': [pullRequest(), 'pull request 7'],
  'a pull request whose branch is called main': [
    { ...pullRequest(), ...MAIN, BUILDKITE_PULL_REQUEST: '7' },
    'pull request 7',
  ],
  'a branch': [pushTo('feature'), 'branch feature is not main'],
  'a tag called main': [{ ...MAIN, BUILDKITE_TAG: 'main' }, 'tag main'],
  'a merge queue': [pushTo('gh-readonly-queue/main/pr-1-0123456789ab'), 'merge queue of main'],
  'another CI': [
    { BUILDKITE: undefined, CI: 'true' },
    'CI is set, and this CI is not known, so its pull requests cannot be told from its trusted builds',
  ],
};

let agent: Agent;
beforeAll(async () => {
  agent = await makeAgent({ PATH: process.env['PATH'] ?? '' }, { images: '127.0.0.1:9' });
  await agent.configure((same) => ({
    ...same,
    sccache: { enabled: true, bucket: 'b-c-d', region: 'us-east-1' },
  }));
});
afterAll(async () => await agent[Symbol.asyncDispose]());

async function called(
  line: string,
  variables: Variables,
): Promise<{ readonly exitCode: number; readonly stderr: string }> {
  return await agent.run(line.split(' '), variables, { clock });
}

it('the table knows every command', () => {
  expect(Object.keys(TABLE)).toEqual(COMMANDS.map(({ name }) => name));
});

describe("in a pull request's job", () => {
  it.each(lines('refused'))('is refused, before anything is asked or written: warmbake %s', async (line) => {
    const { exitCode, stderr } = await called(line, pullRequest());
    const name = COMMANDS.find((command) => `${line} `.startsWith(`${command.name} `))?.name;
    expect(stderr).toBe(
      `error: 'warmbake ${name}' changes what others rely on, and this CI job is untrusted: pull request 7\n  hint: call it in a build of the trusted branch, or by hand on a machine of yours\n`,
    );
    expect(exitCode).toBe(4);
  });

  it.each(lines('runs'))('goes on: warmbake %s', async (line) => {
    const { stderr } = await called(line, pullRequest());
    expect(stderr).not.toContain('untrusted:');
  });
});

describe('what changes something is refused', () => {
  it.each(Object.entries(UNTRUSTED))('of %s', async (_, [variables, because]) => {
    const { exitCode, stderr } = await called('promote 127.0.0.1:9/app:1 latest --force', variables);
    expect(stderr).toContain(`this CI job is untrusted: ${because}\n`);
    expect(exitCode).toBe(4);
  });

  it('of a pull request that says in its own configuration which branch is trusted', async () => {
    const configuration = {
      ...JSON.parse(await readFile(path.join(agent.checkout.directory, 'warmbake.yaml'), 'utf8')),
      trustedBranch: 'work',
    } as object;
    await agent.checkout.git('push', '--quiet', 'origin', 'main');
    await agent.checkout.commit({ 'ci/warmbake.yaml': JSON.stringify(configuration) });
    const variables = { ...pushTo('work'), WARMBAKE_CONFIG: 'ci/warmbake.yaml', BUILDKITE_REPO: remote() };
    const { exitCode, stderr } = await called('ami release', variables);
    expect(stderr).toContain("takes 'ci/warmbake.yaml' from main, and it is not there");
    expect(exitCode).toBe(3);
  });

  it('but not of the trusted branch, of a pipeline that builds another repository, or by hand', async () => {
    const other = { ...MAIN, BUILDKITE_REPO: 'https://example.com/team/machines.git' };
    for (const variables of [MAIN, other, { BUILDKITE: undefined }]) {
      const { exitCode, stderr } = await called('promote 127.0.0.1:9/app:1 latest', variables);
      expect([exitCode, stderr]).toEqual([5, expect.stringContaining('127.0.0.1:9/app:1 cannot be read')]);
    }
  });
});

const remote = (): string => `file://${path.join(agent.checkout.directory, 'remote.git')}`;
