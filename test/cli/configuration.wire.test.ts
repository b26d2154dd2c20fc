import { chmod, mkdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { createHash } from 'node:crypto';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Agent, makeAgent } from '../../parts/ci-job/agent.ts';
import { clock } from '../../parts/ci-job/clock.ts';
import { configurationOf } from '../../parts/ci-job/configuration.ts';
import { runWarmbakeHere } from '../../parts/ci-job/warmbake.ts';
import { conforming } from '../../parts/ci-job/conforming.ts';
import { MAIN, pullRequest, pushTo, type Variables } from '../../parts/ci-job/variables.ts';
import type { ExplanationDocument } from '../../src/image-step/plan-schema.ts';

let agent: Agent;
/** Of main: the repositories of pull requests are called `test`. */
let trusted: string;

beforeEach(async () => {
  agent = await makeAgent({ PATH: process.env['PATH'] ?? '' }, { images: 'r.example.com' });
  trusted = textWith('test');
  await agent.checkout.commit({ 'ci/warmbake.yaml': trusted });
  await agent.checkout.git('push', '--quiet', 'origin', 'main');
});
afterEach(async () => await agent[Symbol.asyncDispose]());

function textWith(untrusted: string, more: object = {}): string {
  const pair = (what: string) => ({ main: `${what}-main`, test: `${what}-${untrusted}` });
  const places = { images: 'r.example.com', cache: 'r.example.com' };
  return JSON.stringify({
    ...configurationOf(places, { images: pair('images'), cache: pair('cache') }),
    ...more,
  });
}

/** What Buildkite says of the repository, which git finds where the test has put it. */
function pipeline(variables: Variables): Variables {
  const remote = `file://${path.join(agent.checkout.directory, 'remote.git')}`;
  return {
    WARMBAKE_CONFIG: 'ci/warmbake.yaml',
    GIT_CONFIG_COUNT: '1',
    GIT_CONFIG_KEY_0: `url.${remote}.insteadOf`,
    GIT_CONFIG_VALUE_0: 'https://example.com/team/app.git',
    ...variables,
  };
}

/** A pull request's commit with this configuration. */
async function proposes(text: string): Promise<string> {
  const commit = await agent.checkout.commit({ 'ci/warmbake.yaml': text });
  await agent.checkout.git('push', '--quiet', '--force', 'origin', 'HEAD:refs/pull/7/head');
  return commit;
}

async function explained(
  variables: Variables,
  ...args: readonly string[]
): Promise<{ readonly document: ExplanationDocument; readonly told: string }> {
  const ended = await agent.run(['build', '--explain-context', '--json', ...args], pipeline(variables), {
    clock,
  });
  expect(ended).toMatchObject({ exitCode: 0 });
  return {
    document: (await conforming('explanation', ended.stdout)) as ExplanationDocument,
    told: ended.stderr,
  };
}

/** Where a build would push to. */
function pushed({ targets }: ExplanationDocument): string {
  return targets[0]?.tags[0]?.replace(/:.*/, '') ?? '';
}

const sha256 = (text: string): string => `sha256:${createHash('sha256').update(text).digest('hex')}`;

describe('a pull request that writes its own configuration', () => {
  it('builds with that of the merge base; what it changes is told, and in the document', async () => {
    const base = await agent.checkout.git('rev-parse', 'HEAD');
    await proposes(textWith('main', { marker: '/etc/passwd' }));
    const { document, told } = await explained(pullRequest());
    expect(pushed(document)).toBe('r.example.com/images-test');
    expect(document.configuration).toEqual({
      from: 'merge-base',
      file: 'ci/warmbake.yaml',
      digest: sha256(trusted),
      branch: 'main',
      commit: base,
      changed: ['cache.untrusted', 'images.untrusted', 'marker'],
    });
    expect(told).toContain(
      `warning: configuration-not-used: this build uses 'ci/warmbake.yaml' of ${base.slice(0, 12)}; this checkout's, which is not used, differs in cache.untrusted, images.untrusted, marker`,
    );
  });

  it('does not become trusted by naming its branch the trusted one', async () => {
    await proposes(textWith('test', { trustedBranch: 'work' }));
    const { document } = await explained(pushTo('work'));
    expect(document.context).toMatchObject({ trusted: false, because: 'branch work is not main' });
    expect(document.configuration?.changed).toEqual(['trustedBranch']);
  });

  it.each<[string, () => Promise<unknown>]>([
    ['takes it away', async () => await agent.checkout.git('rm', '--quiet', 'ci/warmbake.yaml')],
    ['breaks it', async () => await proposes('images: [')],
    [
      'makes it a link to a file of the machine',
      async () => {
        const file = path.join(agent.checkout.path, 'ci/warmbake.yaml');
        await writeFile(path.join(agent.checkout.directory, 'private'), 'private-9f2c: [\n');
        await rm(file);
        await symlink(path.join(agent.checkout.directory, 'private'), file);
      },
    ],
  ])('and %s builds all the same, and shows nothing', async (_, change) => {
    await change();
    const { document, told } = await explained(pullRequest());
    expect(pushed(document)).toBe('r.example.com/images-test');
    expect(document.configuration).toMatchObject({ from: 'merge-base', changed: [] });
    expect(told).toContain("this checkout's, which is not used, has none that can be read");
    expect(told).not.toContain('private-9f2c');
  });

  it('that changes nothing of it is not told of', async () => {
    await proposes(`${trusted}\n# a comment\n`);
    const { document, told } = await explained(pullRequest());
    expect(document.configuration).toMatchObject({ changed: [] });
    expect(told).not.toContain('configuration-not-used');
  });
});

describe('nothing in the checkout decides what is read', () => {
  it('not its branches, replaced objects, grafts, alternates, attributes, programs, nor variables of git', async () => {
    const { git, path: top, directory } = agent.checkout;
    const base = await git('rev-parse', 'HEAD');
    const good = await git('rev-parse', 'HEAD:ci/warmbake.yaml');
    const evil = await proposes(textWith('main'));
    const bad = await git('rev-parse', 'HEAD:ci/warmbake.yaml');
    const ran = path.join(directory, 'ran');
    const program = path.join(directory, 'program');
    await writeFile(program, `#!/bin/sh\necho "$0 $*" >> '${ran}'\n`);
    await chmod(program, 0o755);
    await git('update-ref', 'refs/remotes/origin/main', evil);
    await git('branch', '--force', 'refs/heads/main', evil);
    await git('replace', good, bad);
    await git('replace', base, evil);
    await writeFile(path.join(top, '.git/info/grafts'), `${base} ${evil}\n`);
    await mkdir(path.join(directory, 'other/objects'), { recursive: true });
    await writeFile(
      path.join(top, '.git/objects/info/alternates'),
      `${path.join(directory, 'other/objects')}\n`,
    );
    await writeFile(
      path.join(top, '.gitattributes'),
      '* diff=x filter=x text eol=crlf working-tree-encoding=UTF-16\n',
    );
    for (const [key, value] of [
      ['core.fsmonitor', program],
      ['core.sshCommand', program],
      ['core.alternateRefsCommand', program],
      ['core.hooksPath', directory],
      ['diff.x.textconv', program],
      ['filter.x.smudge', program],
      ['remote.origin.url', path.join(top, '.git')],
      ['remote.origin.uploadpack', program],
      ['url./nowhere.insteadOf', 'https://example.com'],
    ] as const) {
      await git('config', key, value);
    }
    const { document } = await explained({
      ...pullRequest(),
      BUILDKITE_COMMIT: evil,
      GIT_DIR: path.join(top, '.git'),
      GIT_OBJECT_DIRECTORY: path.join(top, '.git/objects'),
      GIT_ALTERNATE_OBJECT_DIRECTORIES: path.join(top, '.git/objects'),
      GIT_REPLACE_REF_BASE: 'refs/replace/',
      GIT_GRAFT_FILE: path.join(top, '.git/info/grafts'),
      GIT_NAMESPACE: 'evil',
    });
    expect(document.configuration).toMatchObject({ branch: 'main', digest: sha256(trusted) });
    expect(pushed(document)).toBe('r.example.com/images-test');
    expect(await readFile(ran, 'utf8').catch(() => '')).not.toMatch(/fsmonitor|textconv|smudge/);
  });

  it('not a folder that looks like a repository, where the job works in it', async () => {
    const { git, path: top, directory } = agent.checkout;
    const ran = path.join(directory, 'ran');
    const folder = path.join(top, 'docker');
    await git('init', '--quiet', '--bare', folder);
    await git(`--git-dir=${folder}`, 'config', 'core.fsmonitor', `echo ran >> '${ran}'; false`);
    await git(`--git-dir=${folder}`, 'config', 'core.bare', 'false');
    await git(`--git-dir=${folder}`, 'config', 'core.worktree', top);
    const job = await agent.job(
      ['build', '--explain-context', '--json', '--config', '../ci/warmbake.yaml'],
      pipeline(pullRequest()),
    );
    const ended = await runWarmbakeHere({ ...job, cwd: folder }, clock);
    expect(ended).toMatchObject({
      exitCode: 3,
      stderr: expect.stringMatching(/git sees no checkout here.*\n {2}hint: .*--config-from sha256/),
    });
    const env = { ...job.env, BUILDKITE_BUILD_CHECKOUT_PATH: top };
    const known = await runWarmbakeHere({ ...job, env, cwd: folder }, clock);
    expect(JSON.parse(known.stdout)).toMatchObject({ configuration: { from: 'merge-base' } });
    await expect(readFile(ran, 'utf8')).rejects.toThrow(/ENOENT/);
  });
});

describe('the source can be named', () => {
  it("a build of the trusted branch uses the checkout's file, whatever is named", async () => {
    await proposes(textWith('next'));
    for (const source of ['merge-base', 'tip:main', undefined]) {
      const { document } = await explained({ ...MAIN, WARMBAKE_CONFIG_FROM: source });
      expect(document.configuration).toEqual({
        from: 'checkout',
        file: 'ci/warmbake.yaml',
        digest: sha256(textWith('next')),
      });
    }
  });

  it('the tip is the branch as it is now, the merge base as it was', async () => {
    const { git } = agent.checkout;
    const base = await git('rev-parse', 'HEAD');
    await proposes(textWith('next'));
    await git('push', '--quiet', 'origin', 'main');
    await git('checkout', '--quiet', '--detach', base);
    await proposes(trusted.replace('{', '{ '));
    expect(pushed((await explained(pullRequest())).document)).toBe('r.example.com/images-test');
    const tip = await explained(pullRequest(), '--config-from', 'tip');
    expect(pushed(tip.document)).toBe('r.example.com/images-next');
    expect(tip.document.configuration).toMatchObject({
      from: 'tip',
      changed: ['cache.untrusted', 'images.untrusted'],
    });
  });

  it('a commit that the remote has not got, or that has nothing in common with the branch, gets the tip', async () => {
    const { git } = agent.checkout;
    await agent.checkout.commit({ file: 'not pushed' });
    expect((await explained(pullRequest())).document.configuration).toMatchObject({
      from: 'tip',
      digest: sha256(trusted),
    });
    await git('checkout', '--quiet', '--orphan', 'other');
    await proposes(textWith('main'));
    expect((await explained(pullRequest())).document.configuration).toMatchObject({
      from: 'tip',
      digest: sha256(trusted),
    });
  });

  it('checkout takes the file as it is, and a digest only if it is that one', async () => {
    await proposes(textWith('mine'));
    const own = await explained(pullRequest(), '--config-from', 'checkout');
    expect(own.document.configuration).toMatchObject({ from: 'checkout' });
    const pinned = await explained(pullRequest(), '--config-from', sha256(textWith('mine')));
    expect(pushed(pinned.document)).toBe('r.example.com/images-mine');
    expect(pinned.document.configuration).toMatchObject({ from: 'digest', digest: sha256(textWith('mine')) });
    for (const variables of [pullRequest(), MAIN]) {
      const other = await agent.run(['plan', '--config-from', sha256(trusted)], pipeline(variables), {
        clock,
      });
      expect(other).toMatchObject({
        exitCode: 4,
        stderr: expect.stringContaining("'ci/warmbake.yaml' is sha256:"),
      });
    }
  });

  it("a file outside of the checkout is nobody else's, and is used", async () => {
    const { document } = await explained({ ...pullRequest(), WARMBAKE_CONFIG: '../warmbake.yaml' });
    expect(document.configuration).toMatchObject({ from: 'outside' });
  });

  it.each<[string, Variables, readonly string[], number, RegExp]>([
    [
      'a file that the branch has not got',
      { WARMBAKE_CONFIG: 'new.yaml' },
      [],
      3,
      /it is not there as main was at .*\n {2}hint: merge the file first/,
    ],
    [
      'a branch that is not there',
      {},
      ['--config-from', 'tip:trunk'],
      3,
      /couldn't find remote ref.*\n {2}hint: name the trusted branch: --config-from merge-base:BRANCH/,
    ],
    [
      'a remote that is out of reach',
      { BUILDKITE_REPO: 'file:///nowhere' },
      [],
      5,
      /git cannot read it there: .*nowhere.*\n {2}hint: let git of this job reach/,
    ],
    [
      'a branch that is not the trusted one',
      { BUILDKITE_PIPELINE_DEFAULT_BRANCH: 'side' },
      [],
      3,
      /the configuration of side says that the trusted branch is main\n {2}hint: take it from there: --config-from merge-base:main/,
    ],
    [
      'a source that is none',
      { WARMBAKE_CONFIG_FROM: 'base' },
      [],
      3,
      /WARMBAKE_CONFIG_FROM is 'base'; it must be/,
    ],
    [
      'a link out of the checkout, as it is',
      { WARMBAKE_CONFIG: 'link.yaml' },
      ['--config-from', 'checkout'],
      4,
      /'.*link\.yaml' is a link out of the checkout/,
    ],
  ])('is refused and says what to do: %s', async (_, variables, args, exitCode, said) => {
    const { git, path: top } = agent.checkout;
    await git('push', '--quiet', 'origin', 'main:side');
    await writeFile(path.join(top, 'new.yaml'), trusted);
    await symlink('../warmbake.yaml', path.join(top, 'link.yaml'));
    const ended = await agent.run(['plan', ...args], pipeline({ ...pullRequest(), ...variables }), { clock });
    expect(ended.stderr).toMatch(said);
    expect(ended.exitCode).toBe(exitCode);
  });
});
