import { describe, expect, it } from 'vitest';
import { cacheSources } from '../../src/refs/sources.ts';
import { writtenRefs } from '../../src/refs/written-refs.ts';
import { buildContext } from '../../src/context/build-context.ts';
import { isCommitSha, type CommitSha } from '../../src/ci/commit-sha.ts';
import { type BuildContext } from '../../src/context/context.ts';
import type { History } from '../../src/context/history.ts';
import { imageNames } from '../../src/refs/image-names.ts';
import type { Reference } from '../../src/registry/reference.ts';
import type { Event } from '../../src/platform/events.ts';
import type { Host } from '../../src/platform/host.ts';
import { PLACE, placeOf } from './place.ts';
import { COMMIT, pullRequest, push } from './recorded.ts';

function sha(text: string): CommitSha {
  if (!isCommitSha(text)) throw new Error(text);
  return text;
}

const PARENT = sha('b'.repeat(40));
const MERGE_BASE = sha('c'.repeat(40));

/** A checkout at `COMMIT`, detached as Buildkite leaves it, or on a branch. */
function hostWith(
  env: Readonly<Record<string, string>>,
  checkedOut?: string,
): { host: Host; events: Event[] } {
  const events: Event[] = [];
  const answer = (line: string | undefined) =>
    line === undefined
      ? { exitCode: 1, stdout: '', stderr: '' }
      : { exitCode: 0, stdout: `${line}\n`, stderr: '' };
  const host: Host = {
    env,
    cwd: '/checkout',
    platform: 'linux/amd64',
    processes: {
      run: async ({ argv }) => {
        if (argv.includes('symbolic-ref'))
          return answer(checkedOut === undefined ? undefined : `refs/heads/${checkedOut}`);
        if (argv.includes('HEAD^{commit}')) return answer(COMMIT);
        return answer(undefined);
      },
    },
    clock: { now: () => new Date(0), sleep: async () => undefined },
    random: () => 0.5,
    emit: (event) => events.push(event),
    signal: new AbortController().signal,
    fetch: async () => await Promise.reject(new Error('no network here')),
    scratch: '/scratch',
  };
  return { host, events };
}

/** Always knows; remembers which branch it compared with. */
function history(): History & { compared: string[] } {
  const compared: string[] = [];
  return {
    compared,
    mergeBase: async (_, base) => {
      compared.push(base);
      return { state: 'found', commit: MERGE_BASE };
    },
    isAncestor: async () => 'unknown',
    parentOf: async () => PARENT,
    lineOf: async () => [],
  };
}

function short(ref: Reference): string {
  const shortened = ref.tag.replace(COMMIT, 'COMMIT').replace(PARENT, 'PARENT').replace(MERGE_BASE, 'BASE');
  return `${placeOf(ref)}:${shortened}`;
}

/** What a build is and all names that follow from it, in words. */
interface Told {
  readonly kind: string;
  readonly trusted: boolean;
  readonly because: string;
  /** The branches that its commit was compared with. */
  readonly compared: string;
  readonly sources: readonly string[];
  readonly exports: string;
  readonly promotes: string;
  readonly image: string;
}

function told(context: BuildContext, compared: readonly string[]): Told {
  const target = PLACE.targets[0];
  const written = writtenRefs(context, target, { settings: PLACE });
  return {
    kind: context.origin.kind,
    trusted: context.trusted,
    because: context.because,
    compared: compared.join(),
    sources: cacheSources(context, target, PLACE).map(
      ({ role, ref, alternative }) => `${role}${alternative ? ' or' : ''} ${short(ref)}`,
    ),
    exports: written.exportTo === undefined ? '' : short(written.exportTo),
    promotes: written.promoteTo.map(short).join(),
    image: [...imageNames(context, target, { settings: PLACE }).push].map(short).join(),
  };
}

const PARENTS = [
  'commit trusted:COMMIT',
  'commit or untrusted:COMMIT',
  'parent trusted:PARENT',
  'parent or untrusted:PARENT',
];
const COMMITS = [...PARENTS, 'merge-base trusted:BASE', 'merge-base or untrusted:BASE'];
const MAIN = 'main trusted:latest';

/** The trusted build reads and writes trusted refs only. */
const TRUSTED = {
  kind: 'main',
  trusted: true,
  because: 'branch main of github.com/acme/app',
  compared: '',
  sources: ['commit trusted:COMMIT', 'parent trusted:PARENT', MAIN],
  exports: 'trusted:COMMIT',
  promotes: 'trusted:latest',
  image: 'trusted:COMMIT',
};

/** Everything else writes untrusted refs. */
const UNTRUSTED = { trusted: false, exports: 'untrusted:COMMIT', image: 'untrusted:COMMIT' };

const PULL_REQUEST = {
  ...UNTRUSTED,
  kind: 'pull-request',
  because: 'pull request 12345',
  compared: 'main',
  sources: [...COMMITS, 'own untrusted:pr-12345', MAIN],
  promotes: 'untrusted:pr-12345',
};

/** A branch; `old` are the names that older scripts gave it. */
function branch(name: string, own: string, ...old: readonly string[]) {
  return {
    ...UNTRUSTED,
    kind: 'branch',
    because: `branch ${name} is not main`,
    compared: 'main',
    sources: [...COMMITS, `own untrusted:${own}`, MAIN, ...old.map((one) => `own untrusted:${one}`)],
    promotes: `untrusted:${own}`,
  };
}

/** A build of the branch main that is not the trusted one. */
function otherMain(because: string) {
  return {
    ...UNTRUSTED,
    kind: 'main',
    because,
    compared: '',
    sources: [...PARENTS, 'own untrusted:main', MAIN],
    promotes: 'untrusted:main',
  };
}

function mergeQueue(base: string, ...sources: readonly string[]) {
  return {
    ...UNTRUSTED,
    kind: 'merge-queue',
    because: `merge queue of ${base}`,
    compared: base,
    sources: [...COMMITS, ...sources],
    promotes: '',
  };
}

function tag(name: string) {
  return {
    ...UNTRUSTED,
    kind: 'tag',
    because: `tag ${name}`,
    compared: 'main',
    sources: [...COMMITS, MAIN],
    promotes: '',
  };
}

const QUEUED = {
  BUILDKITE_MERGE_QUEUE_BASE_BRANCH: 'main',
  BUILDKITE_MERGE_QUEUE_BASE_COMMIT: 'd'.repeat(40),
};

describe('Buildkite builds', () => {
  it.each<[string, Record<string, string>, Told]>([
    ['a push to main', push('main'), TRUSTED],
    ['a schedule of main', push('main', { BUILDKITE_SOURCE: 'schedule' }), TRUSTED],
    ['a retry on main', push('main', { BUILDKITE_RETRY_COUNT: '1' }), TRUSTED],
    ['main by hand, at HEAD', push('main', { BUILDKITE_COMMIT: 'HEAD', BUILDKITE_SOURCE: 'ui' }), TRUSTED],
    [
      'main with a token in its URL',
      push('main', { BUILDKITE_REPO: 'https://x:t0ken@GitHub.com/Acme/App' }),
      TRUSTED,
    ],
    [
      'a pull request',
      pullRequest('lora-fix', { BUILDKITE_PULL_REQUEST_REPO: 'git@github.com:acme/app.git' }),
      PULL_REQUEST,
    ],
    ['a fork', pullRequest('octocat:lora-fix'), PULL_REQUEST],
    ['a fork whose branch is main', pullRequest('octocat:main'), PULL_REQUEST],
    ['a fork whose branch is main, without prefix', pullRequest('main'), PULL_REQUEST],
    ['a retry of a pull request', pullRequest('octocat:x', { BUILDKITE_RETRY_COUNT: '2' }), PULL_REQUEST],
    [
      'a pull request into a release branch',
      pullRequest('octocat:fix', { BUILDKITE_PULL_REQUEST_BASE_BRANCH: 'releases/v1' }),
      {
        ...PULL_REQUEST,
        compared: 'releases/v1',
        sources: [
          ...COMMITS,
          'own untrusted:pr-12345',
          'base untrusted:releases-v1-4e87f5e9b1',
          MAIN,
          'base untrusted:releases_v1',
        ],
      },
    ],
    [
      'a pull request without a base',
      pullRequest('x', { BUILDKITE_PULL_REQUEST_BASE_BRANCH: '' }),
      PULL_REQUEST,
    ],
    ['a merge group', push(`gh-readonly-queue/main/pr-7-${COMMIT}`, QUEUED), mergeQueue('main', MAIN)],
    [
      'a merge group that only its branch shows',
      push(`gh-readonly-queue/main/pr-7-${COMMIT}`),
      mergeQueue('main', MAIN),
    ],
    ['a merge group that only its variables show', push('main', QUEUED), mergeQueue('main', MAIN)],
    [
      'a merge group into a branch with slashes',
      push(`gh-readonly-queue/a/b/pr-7-${COMMIT}`),
      mergeQueue('a/b', 'base untrusted:a-b-c14cddc033', MAIN, 'base untrusted:a_b'),
    ],
    ['a tag', push('v1.2.3', { BUILDKITE_TAG: 'v1.2.3' }), tag('v1.2.3')],
    ['a tag named main', push('main', { BUILDKITE_TAG: 'main' }), tag('main')],
    ['a tag without a branch', push('', { BUILDKITE_TAG: 'v2' }), tag('v2')],
    [
      'main of a fork, with a pipeline of its own',
      push('main', { BUILDKITE_REPO: 'https://github.com/octocat/app.git' }),
      otherMain('repository github.com/octocat/app is not github.com/acme/app'),
    ],
    [
      'main of a local mirror',
      push('main', { BUILDKITE_REPO: '/srv/mirrors/acme/app.git' }),
      otherMain('BUILDKITE_REPO names no repository on a host'),
    ],
    [
      'main that comes with the repository of a pull request',
      push('main', { BUILDKITE_PULL_REQUEST_REPO: 'https://github.com/octocat/app.git' }),
      otherMain('BUILDKITE_PULL_REQUEST_REPO is set although BUILDKITE_PULL_REQUEST is false'),
    ],
    ['a branch', push('fix-1'), branch('fix-1', 'fix-1')],
    [
      'a branch of a fork built as a push',
      push('octocat:main'),
      branch('octocat:main', 'octocat-main-57f53e1f08', 'octocat_main'),
    ],
    ['a branch called Main', push('Main'), branch('Main', 'Main')],
    ['a branch named like a pull request', push('pr-7'), branch('pr-7', 'pr-7-c1cec5c4a6', 'pr-7')],
    [
      'a branch named like a commit',
      push('a'.repeat(40)),
      branch('a'.repeat(40), `${'a'.repeat(40)}-e33cdf9c7f`, 'a'.repeat(40)),
    ],
    ['a branch called latest', push('latest'), branch('latest', 'latest-5e1e2bcac3', 'latest')],
    ['a branch with @, + and #', push('dev@2+x#1'), branch('dev@2+x#1', 'dev-2-x-1-5b59e7eecc', 'dev_2_x_1')],
    [
      'a branch with letters beyond ASCII',
      push('größe'),
      branch('größe', 'gr-e-d353a2671b', 'gr__e', 'gr____e'),
    ],
    [
      'a branch that only starts like a merge group',
      push('gh-readonly-queue/x'),
      branch('gh-readonly-queue/x', 'gh-readonly-queue-x-ab784d0c7e', 'gh-readonly-queue_x'),
    ],
  ])('%s', async (_, env, expected) => {
    const asked = history();
    const context = await buildContext(hostWith(env).host, asked, PLACE);
    expect(told(context, asked.compared)).toEqual(expected);
    expect(context.build?.number).toBe('4711');
  });
});

describe('local builds', () => {
  const reads = { trusted: false, because: 'not in CI', kind: 'local', exports: '', promotes: '', image: '' };

  it('ask for what their branch would, and write nothing', async () => {
    const context = await buildContext(hostWith({}, 'fix-1').host, history(), PLACE);
    expect(told(context, [])).toEqual({
      ...reads,
      compared: '',
      sources: [...PARENTS, 'own untrusted:fix-1', MAIN],
    });
  });

  it('on no branch ask for their commit and main', async () => {
    const context = await buildContext(hostWith({}).host, history(), PLACE);
    expect(told(context, []).sources).toEqual([...PARENTS, MAIN]);
  });

  it('with push write what an untrusted branch would, also on main', async () => {
    const context = await buildContext(hostWith({}, 'main').host, history(), PLACE);
    const [target] = PLACE.targets;
    const written = writtenRefs(context, target, { settings: PLACE, push: true });
    expect([written.exportTo, ...written.promoteTo].map((ref) => ref && short(ref))).toEqual([
      'untrusted:COMMIT',
      'untrusted:main',
    ]);
    expect(written.alsoExport).toEqual([]);
    expect(imageNames(context, target, { settings: PLACE, push: true }).push.map(short)).toEqual([
      'untrusted:COMMIT',
    ]);
  });

  it('outside of CI are local whatever other variables say', async () => {
    const { BUILDKITE, CI, ...env } = push('main');
    expect([BUILDKITE, CI]).toEqual(['true', 'true']);
    const context = await buildContext(hostWith(env, 'main').host, history(), PLACE);
    expect(context).toMatchObject({ trusted: false, because: 'not in CI', origin: { kind: 'local' } });
  });
});

describe('a warning', () => {
  it.each([
    ['base-branch-unknown', pullRequest('x', { BUILDKITE_PULL_REQUEST_BASE_BRANCH: '' })],
    ['commit-differs', push('main', { BUILDKITE_COMMIT: 'e'.repeat(40) })],
  ])('%s is given', async (code, env) => {
    const { host, events } = hostWith(env);
    await buildContext(host, history(), PLACE);
    expect(events).toMatchObject([{ type: 'warning', warning: { code } }]);
  });

  it('is not given where a pull request is built as its merge', async () => {
    const { host, events } = hostWith(pullRequest('x', { BUILDKITE_COMMIT: 'e'.repeat(40) }));
    await buildContext(host, history(), PLACE);
    expect(events).toEqual([]);
  });
});

it('a commit that is its own merge base is no source of its own', async () => {
  const known: History = { ...history(), mergeBase: async () => ({ state: 'found', commit: sha(COMMIT) }) };
  const context = await buildContext(hostWith(push('fix-1')).host, known, PLACE);
  expect(context).not.toHaveProperty('mergeBase');
});
