import { repositoryId } from '../ci/repository-id.ts';
import { type Choice, foundValue, openValue } from './choice.ts';

/** A remote as `git remote -v` lists it. */
export interface Remote {
  readonly name: string;
  readonly url: string;
}

/** Parses `git remote -v`: each remote by the address that it is fetched from. */
export function parseRemotes(text: string): readonly Remote[] {
  return [...text.matchAll(/^(\S+)\t(.+) \(fetch\)(?: \[.*\])?$/gm)].map(([, name = '', url = '']) => ({
    name,
    url,
  }));
}

/** The remote that others are forks of, by custom. */
const ORDER = ['upstream', 'origin'];

/** The remote whose repository is taken. */
export function mainRemote(remotes: readonly Remote[]): string | undefined {
  return remoteOf(remotes)?.name;
}

function remoteOf(remotes: readonly Remote[]): Remote | undefined {
  const named = ORDER.map((name) => remotes.find((remote) => remote.name === name));
  return named.find((remote) => remote !== undefined) ?? (remotes.length === 1 ? remotes[0] : undefined);
}

/**
 * `host/owner/name`: of the remote `upstream`, else `origin`, else the only one. A host without a dot is somebody's short name for
 * another, and CI would not know it.
 */
export function repositoryChoice(remotes: readonly Remote[]): Choice {
  const remote = remoteOf(remotes);
  const id = remote === undefined ? undefined : repositoryId(remote.url);
  if (remote !== undefined && id !== undefined && /^[^/]*\./.test(id)) {
    return foundValue(id, `the remote ${remote.name}`);
  }
  const about = remotes.flatMap(({ name, url }) => {
    const its = repositoryId(url);
    return its === undefined ? [] : [`remote ${name}: ${its}`];
  });
  return openValue({
    option: '--repository',
    what: 'the source repository, host/owner/name',
    about: about.length === 0 ? ['no git remote names one'] : about,
    fallback: id ?? 'git.example.com/owner/name',
    because: id === undefined ? 'a placeholder: put yours here' : `the remote ${remote?.name ?? ''}`,
    ...(id === undefined ? { isPlaceholder: true } : {}),
  });
}

/** What git says about branches. */
export interface BranchFacts {
  /** What `refs/remotes/REMOTE/HEAD` leads to. */
  readonly remoteHead?: string;
  /** Branches here and of that remote, without its name. */
  readonly branches: readonly string[];
  readonly current?: string;
}

/** Names that main branches have. */
const USUAL = ['main', 'master', 'trunk', 'develop'];

/** The branch whose builds are trusted, with where that is from. */
export function branchChoice({ remoteHead, branches, current }: BranchFacts): Choice {
  if (remoteHead !== undefined) return foundValue(remoteHead, "the remote's default branch");
  const usual = USUAL.find((name) => branches.includes(name));
  if (usual !== undefined) return foundValue(usual, 'a branch of this name is there');
  return current === undefined
    ? foundValue('main', 'nothing says otherwise')
    : foundValue(current, 'the branch that is checked out');
}
