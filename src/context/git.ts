import path from 'node:path';
import { succeeded, type Finished } from '../platform/process.ts';
import type { Host } from '../platform/host.ts';
import { type Environment, inCi } from '../ci/system.ts';
import { isCommitSha, type CommitSha } from '../ci/commit-sha.ts';

/** Time for a question that git answers from the disk. */
const LOCAL_MS = 10_000;

/** How git is started; the checkout at `host.cwd` is asked unless `directory` names another repository. */
export interface GitOptions {
  readonly directory?: string;
  /** Milliseconds; the command may talk to remotes only where this is set. */
  readonly network?: number;
}

/**
 * Runs git without prompts, hooks, housekeeping or replaced objects, in English. Unless `network` is set no transport is
 * allowed, so that a question about an object that a partial clone lacks cannot fetch it into the checkout. Throws the
 * reason of `host.signal` once that is aborted.
 */
export async function git(host: Host, args: readonly string[], options: GitOptions = {}): Promise<Finished> {
  host.signal.throwIfAborted();
  const settings = [
    'core.hooksPath=/dev/null',
    // Of a repository whose files or configuration somebody else has written: none of its programs is run.
    'core.fsmonitor=false',
    'protocol.ext.allow=never',
    // A folder of the checkout can look like a repository, with a configuration of its own.
    'safe.bareRepository=explicit',
    'gc.auto=0',
    'maintenance.auto=false',
    // An agent's checkout often belongs to another user than the job's container runs as.
    ...(inCi(host.env) ? ['safe.directory=*'] : []),
  ];
  return await host.processes.run(
    {
      argv: [
        'git',
        ...settings.flatMap((setting) => ['-c', setting]),
        ...(options.directory === undefined ? [] : [`--git-dir=${options.directory}`]),
        ...args,
      ],
      cwd: host.cwd,
      env: {
        ...gitEnvironment(host.env),
        ...(options.network === undefined ? { GIT_ALLOW_PROTOCOL: 'none' } : {}),
      },
      timeoutMs: options.network ?? LOCAL_MS,
    },
    { signal: host.signal },
  );
}

/** What git, ssh and credential helpers need to find programs, proxies, keys and tokens. */
const KEPT = new Set([
  'PATH',
  'HOME',
  'USER',
  'LOGNAME',
  'TMPDIR',
  'XDG_CONFIG_HOME',
  'XDG_RUNTIME_DIR',
  'GIT_ASKPASS',
  'GIT_SSH',
  'GIT_SSH_COMMAND',
  'GIT_SSL_CAINFO',
  'BUILDKITE_JOB_ID',
]);
const KEPT_TOO = /^(?:(?:AWS|BUILDKITE_AGENT|GIT_CONFIG|SSH|SSL_CERT)_.+|(?:https?|all|no)_proxy)$/i;

/** Nothing else: GIT_DIR and its kin would point git elsewhere. */
function gitEnvironment(env: Environment): Record<string, string> {
  const kept = Object.entries(env).flatMap(([name, value]) =>
    value !== undefined && (KEPT.has(name) || KEPT_TOO.test(name)) ? [[name, value] as const] : [],
  );
  return {
    ...Object.fromEntries(kept),
    LC_ALL: 'C',
    GIT_TERMINAL_PROMPT: '0',
    GIT_NO_REPLACE_OBJECTS: '1',
    // Keeps `git status` from writing a refreshed index into the checkout.
    GIT_OPTIONAL_LOCKS: '0',
  };
}

/** The first line that git prints; `undefined` where it fails or prints nothing. */
export async function firstLine(
  host: Host,
  args: readonly string[],
  options?: GitOptions,
): Promise<string | undefined> {
  const finished = await git(host, args, options);
  const text = finished.stdout.split('\n', 1)[0] ?? '';
  return succeeded(finished) && text !== '' ? text : undefined;
}

/** The commit that a revision names, where that repository has it. */
export async function commitNamed(
  host: Host,
  revision: string,
  options?: GitOptions,
): Promise<CommitSha | undefined> {
  const found = await firstLine(host, ['rev-parse', '--verify', '--quiet', `${revision}^{commit}`], options);
  return found !== undefined && isCommitSha(found) ? found : undefined;
}

/** First parents of a commit, as far as a repository has them. */
export interface FirstParents {
  /** The nearest first. */
  readonly line: readonly CommitSha[];
  /**
   * As the commit itself names it: a shallow clone hides the parents of its oldest commits from nearly every command (`HEAD~1` fails
   * at depth 1), but the object still names them. Absent for a first commit and where the repository lacks the commit.
   */
  readonly parent?: CommitSha;
  /** The line ends with a first commit: nobody knows more of it. */
  readonly isWhole: boolean;
}

/** First parents of a commit, at most `count`. */
export async function firstParents(
  host: Host,
  commit: CommitSha,
  { count, ...options }: GitOptions & { readonly count: number },
): Promise<FirstParents> {
  // With the parents that the objects name, a NUL behind each commit: its author chooses every other line, and those of git's usual
  // format look like `commit <id>` too.
  const args = ['rev-list', '--first-parent', `--max-count=${count + 1}`, '--header', commit];
  const finished = await git(host, args, options);
  if (!succeeded(finished)) return { line: [], isWhole: false };
  const commits = finished.stdout
    .split('\0')
    .map((text) => LISTED.exec(text))
    .filter((found) => found !== null);
  const ids = commits.map(([, id = '']) => id).filter(isCommitSha);
  const [parent, ...others] = commits.map((found) => found[2]);
  return {
    line: ids.slice(1),
    ...(parent !== undefined && isCommitSha(parent) ? { parent } : {}),
    isWhole: commits.length > 0 && [parent, ...others].at(-1) === undefined,
  };
}

/** Tree and parents are the first lines of every commit (git's `parse_commit_buffer` knows no other order). */
const LISTED = /^([0-9a-f]{40})\ntree [0-9a-f]{40}\n(?:parent ([0-9a-f]{40})\n)?/;

/** Absolute path of a file in the checkout's git directory, also where that is shared between worktrees. */
export async function gitPath(host: Host, name: string): Promise<string | undefined> {
  const found = await firstLine(host, ['rev-parse', '--git-path', name]);
  return found === undefined ? undefined : path.resolve(host.cwd, found);
}
