import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Agent, makeAgent } from '../../parts/ci-job/agent.ts';
import { clock } from '../../parts/ci-job/clock.ts';
import { conforming } from '../../parts/ci-job/conforming.ts';
import { configurationOf } from '../../parts/ci-job/configuration.ts';
import type { Variables } from '../../parts/ci-job/variables.ts';
import type { ExplanationDocument } from '../../src/image-step/plan-schema.ts';

const RELEASES = { releases: { tags: ['v*'], branches: ['release-1'] } };
const FILE = 'ci/warmbake.yaml';

let agent: Agent;
let git: Agent['checkout']['git'];

/** The configuration, with `more` in it. */
function textWith(more: object): string {
  const pair = (what: string) => ({ main: `${what}-main`, test: `${what}-test` });
  const images = { registry: 'r.example.com', trusted: 'images-main', untrusted: 'images-test' };
  const file = configurationOf(
    { images: 'r.example.com', cache: 'r.example.com' },
    { images: pair('images'), cache: pair('cache') },
  );
  return JSON.stringify({ ...file, images: { ...images, tags: ['${version}'] }, ...more });
}

beforeEach(async () => {
  agent = await makeAgent({ PATH: process.env['PATH'] ?? '' }, { images: 'r.example.com' });
  ({ git } = agent.checkout);
  await agent.checkout.commit({ [FILE]: textWith(RELEASES) });
  await git('push', '--quiet', 'origin', 'main');
});
afterEach(async () => await agent[Symbol.asyncDispose]());

/** The build of a tag, of the commit that is checked out. */
function build(tag: string, more: Variables = {}): Variables {
  const remote = `file://${path.join(agent.checkout.directory, 'remote.git')}`;
  return {
    WARMBAKE_CONFIG: FILE,
    GIT_CONFIG_COUNT: '1',
    GIT_CONFIG_KEY_0: `url.${remote}.insteadOf`,
    GIT_CONFIG_VALUE_0: 'https://example.com/team/app.git',
    BUILDKITE_BRANCH: tag,
    BUILDKITE_TAG: tag,
    BUILDKITE_PULL_REQUEST: 'false',
    ...more,
  };
}

async function explained(variables: Variables, ...args: readonly string[]): Promise<ExplanationDocument> {
  const ended = await agent.run(['build', '--explain-context', '--json', ...args], variables, { clock });
  expect(ended).toMatchObject({ exitCode: 0 });
  return (await conforming('explanation', ended.stdout)) as ExplanationDocument;
}

/** Tags HEAD, pushes that, and says what its build is. */
async function release(tag = 'v1.0', ...options: readonly string[]): Promise<ExplanationDocument['context']> {
  await git('tag', ...options, tag);
  await git('push', '--quiet', 'origin', `refs/tags/${tag}`);
  return (await explained(build(tag))).context;
}

const trusted = (branch: string, tag = 'v1.0') => ({
  kind: 'tag',
  trusted: true,
  because: `release ${tag}, from ${branch} of example.com/team/app`,
});
const untrusted = (because: RegExp) => ({ trusted: false, because: expect.stringMatching(because) });

describe('a tag is a release', () => {
  it.each<[string, readonly string[]]>([
    ['lightweight', []],
    ['annotated', ['--annotate', '--message', 'one']],
  ])('%s, on main as it is now; it writes its version and moves nothing', async (_, options) => {
    await git('tag', ...options, 'v1.0');
    await git('push', '--quiet', 'origin', 'v1.0');
    const { context, targets, configuration } = await explained(build('v1.0'));
    expect(context).toMatchObject(trusted('main'));
    expect(configuration).toMatchObject({ from: 'tip', branch: 'main' });
    const commit = await git('rev-parse', 'HEAD');
    expect(targets).toMatchObject([
      {
        tags: [`r.example.com/images-main:${commit}`],
        cacheTo: [{ ref: `r.example.com/cache-main:${commit}` }],
        promote: [
          {
            what: 'image',
            from: `r.example.com/images-main:${commit}`,
            to: 'r.example.com/images-main:1.0',
            forwardOnly: false,
            writtenOnce: true,
          },
        ],
      },
    ]);
    // Others pull it by that name: it is one that they may expect.
    await explained(build('v1.0'), '--expect-tag', 'r.example.com/images-main:1.0');
    const sources = targets[0]?.cacheFrom.map(({ ref }) => ref.split(':')[0]) ?? [];
    expect(new Set(sources)).toEqual(new Set(['r.example.com/cache-main']));
  });

  it('of a tag, and where main has gone on', async () => {
    const commit = await git('rev-parse', 'HEAD');
    for (let i = 0; i < 60; i += 1) await git('commit', '--quiet', '--allow-empty', '--message', `${i}`);
    await git('push', '--quiet', 'origin', 'main');
    await git('switch', '--quiet', '--detach', commit);
    await git('tag', '--annotate', '--message', 'one', 'inner');
    expect(await release('v1.0', '--annotate', '--message', 'two', '-f')).toMatchObject(trusted('main'));
    await git('tag', '--annotate', '--message', 'three', 'v2.0', 'inner');
    await git('push', '--quiet', 'origin', 'v2.0');
    expect((await explained(build('v2.0'))).context).toMatchObject(trusted('main', 'v2.0'));
  });

  it('on a branch that is named for it', async () => {
    await git('switch', '--quiet', '--create', 'release-1');
    await agent.checkout.commit({ 'source.txt': 'fix\n' });
    await git('push', '--quiet', 'origin', 'release-1');
    expect(await release()).toMatchObject(trusted('release-1'));
  });

  it('in a checkout of one commit, which knows no branch', async () => {
    await release();
    await git('fetch', '--quiet', '--depth=1', 'origin', 'refs/tags/v1.0');
    await git('update-ref', '-d', 'refs/remotes/origin/main');
    await git('switch', '--quiet', '--detach');
    await git('branch', '--quiet', '-D', 'main');
    expect((await explained(build('v1.0'))).context).toMatchObject(trusted('main'));
  });
});

describe('a tag is no release', () => {
  it('off main', async () => {
    await git('switch', '--quiet', '--create', 'work');
    await agent.checkout.commit({ 'source.txt': 'evil\n' });
    await git('push', '--quiet', 'origin', 'work');
    expect(await release()).toMatchObject(
      untrusted(/^tag v1.0: its commit was never the tip of main; the remote has no branch release-1$/),
    );
  });

  it('on a branch whose whole name is that of a release branch', async () => {
    await git('switch', '--quiet', '--create', 'work');
    await agent.checkout.commit({ 'source.txt': 'evil\n' });
    await git(
      'push',
      '--quiet',
      'origin',
      'HEAD:refs/heads/refs/heads/release-1',
      'HEAD:refs/heads/x/release-1',
    );
    await git('push', '--quiet', 'origin', 'HEAD:refs/tags/release-1', 'HEAD:refs/tags/main');
    expect(await release()).toMatchObject(untrusted(/the remote has no branch release-1/));
  });

  it('on a commit that came to main with a merge: main was never there', async () => {
    await git('switch', '--quiet', '--create', 'work');
    const evil = await agent.checkout.commit({ 'source.txt': 'evil\n' });
    await agent.checkout.commit({ 'source.txt': 'harmless again\n' });
    await git('switch', '--quiet', 'main');
    await git('merge', '--quiet', '--no-ff', '--message', 'merge', 'work');
    await git('push', '--quiet', 'origin', 'main');
    await git('switch', '--quiet', '--detach', evil);
    expect(await release()).toMatchObject(untrusted(/its commit was never the tip of main/));
  });

  it('on a commit that one of main only names, in a header that git does not know', async () => {
    await git('switch', '--quiet', '--create', 'work');
    const evil = await agent.checkout.commit({ 'source.txt': 'evil\n' });
    await git('switch', '--quiet', 'main');
    await git('commit', '--quiet', '--allow-empty', '--message', 'harmless');
    const file = path.join(agent.checkout.directory, 'commit');
    const harmless = await git('cat-file', 'commit', 'HEAD');
    await writeFile(file, harmless.replace('\n\n', `\ncommit ${evil}\n\n`));
    await git('update-ref', 'refs/heads/main', await git('hash-object', '-t', 'commit', '-w', file));
    await git('push', '--quiet', 'origin', 'main');
    await git('switch', '--quiet', '--detach', evil);
    expect(await release()).toMatchObject(untrusted(/its commit was never the tip of main/));
  });

  it('once the remote has it elsewhere, or no longer', async () => {
    const built = await git('rev-parse', 'HEAD');
    await release();
    const other = await agent.checkout.commit({ 'source.txt': 'two\n' });
    await git('push', '--quiet', 'origin', 'main');
    await git('push', '--quiet', '--force', 'origin', `${other}:refs/tags/v1.0`);
    await git('switch', '--quiet', '--detach', built);
    const moved = await explained(build('v1.0'));
    expect(moved.context).toMatchObject(
      untrusted(new RegExp(`the remote's tag is at ${other}, not at ${built}`)),
    );
    expect(moved.targets[0]?.tags[0]).toContain('images-test');
    await git('push', '--quiet', 'origin', ':refs/tags/v1.0');
    expect((await explained(build('v1.0'))).context).toMatchObject(untrusted(/the remote has no such tag/));
  });

  it('where only a branch is called like it', async () => {
    // git fetches the second one where there is no refs/tags/v1.0.
    await git('push', '--quiet', 'origin', 'HEAD:refs/heads/v1.0', 'HEAD:refs/heads/refs/tags/v1.0');
    expect((await explained(build('v1.0'))).context).toMatchObject(untrusted(/the remote has no such tag/));
  });

  it('where nobody can ask the remote, although the configuration is known', async () => {
    const outside = path.join(agent.checkout.directory, 'outside.yaml');
    await writeFile(outside, textWith(RELEASES));
    await release();
    const gone = { WARMBAKE_CONFIG: outside, GIT_CONFIG_KEY_0: 'url.file:///nowhere.insteadOf' };
    expect((await explained(build('v1.0', gone))).context).toMatchObject(untrusted(/^tag v1.0: /));
    const known = await explained(build('v1.0', { WARMBAKE_CONFIG: outside }));
    expect(known.context).toMatchObject(trusted('main'));
  });

  it.each(['main', 'x1', 'v1/0'])('by its name: %s', async (tag) => {
    expect(await release(tag)).toMatchObject(untrusted(/it is none of releases.tags \(v\*\)/));
  });

  it('by its own word: the configuration of the tagged commit says nothing', async () => {
    const lax = { releases: { tags: ['*'], branches: ['work'] } };
    await git('switch', '--quiet', '--create', 'work');
    await agent.checkout.commit({ [FILE]: textWith(lax) });
    await git('push', '--quiet', 'origin', 'work');
    await git('tag', 'x1');
    await git('push', '--quiet', 'origin', 'x1');
    expect((await explained(build('x1'))).context).toMatchObject(
      untrusted(/it is none of releases.tags \(v\*\)/),
    );
    const own = { WARMBAKE_CONFIG_FROM: 'checkout' };
    expect((await explained(build('x1', own))).context).toMatchObject(
      untrusted(/its configuration is not read from the trusted branch as it is now/),
    );
  });

  it('by an older word of main: what main says now counts', async () => {
    const old = await git('rev-parse', 'HEAD');
    await agent.checkout.commit({ [FILE]: textWith({ releases: { tags: ['rel-*'] } }) });
    await git('push', '--quiet', 'origin', 'main');
    await git('switch', '--quiet', '--detach', old);
    expect(await release()).toMatchObject(untrusted(/it is none of releases.tags \(rel-\*\)/));
    const asked = { WARMBAKE_CONFIG_FROM: 'merge-base:main' };
    expect((await explained(build('v1.0', asked))).context).toMatchObject(untrusted(/rel-/));
  });

  it('by what the checkout makes git see: branches, tags, replaced objects, grafts, another remote', async () => {
    const { path: top } = agent.checkout;
    const good = await git('rev-parse', 'HEAD');
    await git('switch', '--quiet', '--create', 'work');
    const evil = await agent.checkout.commit({ 'source.txt': 'evil\n' });
    await git('push', '--quiet', 'origin', 'work', `${evil}:refs/tags/v1.0`);
    await git('tag', 'v1.0');
    await git('branch', '--force', 'main', evil);
    await git('update-ref', 'refs/remotes/origin/main', evil);
    await git('update-ref', 'refs/warmbake/branch', evil);
    await git('replace', good, evil);
    await writeFile(path.join(top, '.git/info/grafts'), `${good} ${evil}\n`);
    await git('config', 'remote.origin.url', path.join(top, '.git'));
    await git('config', 'url./nowhere.insteadOf', 'https://example.com');
    expect((await explained(build('v1.0', { GIT_DIR: path.join(top, '.git') }))).context).toMatchObject(
      untrusted(/its commit was never the tip of main/),
    );
  });

  it('for the pull request, merge queue or fork that names it', async () => {
    await release();
    for (const more of [
      { BUILDKITE_PULL_REQUEST: '7' },
      { BUILDKITE_MERGE_QUEUE_BASE_BRANCH: 'main' },
      { BUILDKITE_PULL_REQUEST_REPO: 'https://example.com/fork/app.git' },
      { BUILDKITE_COMMIT: 'HEAD' },
    ]) {
      expect((await explained(build('v1.0', more))).context.trusted).toBe(false);
    }
  });
});

it('a branch of the same name is built as any other', async () => {
  await release();
  const { context } = await explained(build('v1.0', { BUILDKITE_TAG: '' }));
  expect(context).toMatchObject({ kind: 'branch', trusted: false });
});
