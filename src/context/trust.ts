import type { RepositoryId } from '../ci/repository-id.ts';
import type { ReleaseSettings } from '../config/settings.ts';
import type { CiFacts } from '../ci/facts.ts';
import type { CommitSha } from '../ci/commit-sha.ts';
import { matchesPattern } from './release-pattern.ts';

/** Whether a build may write trusted refs, and why (not), in one phrase. */
export interface Trust {
  readonly trusted: boolean;
  readonly because: string;
}

/** The one place whose builds are trusted, and which of its git tags are releases: none where `releases` is absent. */
export interface TrustedPlace {
  readonly repository: RepositoryId;
  readonly trustedBranch: string;
  readonly releases?: ReleaseSettings;
}

/** What the remote was found to say of a git tag: its commit, and a branch whose tip that commit is or was; or why it is no release. */
export type ReleaseEvidence =
  | { readonly tag: string; readonly commit: CommitSha; readonly branch: string }
  | { readonly because: string };

/** What the remote has to be asked about the build of a git tag. */
export interface WantedRelease {
  readonly tag: string;
  readonly commit: CommitSha;
  /** Branches that releases come from, the trusted one first. */
  readonly branches: readonly string[];
}

/**
 * Law L1: a build is trusted when nothing speaks against it. Every doubt is a reason of its own, looked for in the order
 * in which a reader would ask. The name of the branch alone proves nothing: forks and tags can be called `main` too. The build of a
 * git tag is trusted as a release only, with `evidence` from the remote for this tag and this commit.
 */
export function judgeTrust(
  facts: CiFacts | undefined,
  place: TrustedPlace,
  evidence?: ReleaseEvidence,
): Trust {
  if (facts?.tag !== undefined) return judgeRelease(facts, place, evidence);
  const doubt = doubtAbout(facts, place);
  return doubt === undefined
    ? { trusted: true, because: `branch ${place.trustedBranch} of ${place.repository}` }
    : { trusted: false, because: doubt };
}

function judgeRelease(
  facts: CiFacts,
  place: TrustedPlace,
  evidence: ReleaseEvidence = { because: 'the remote was not asked' },
): Trust {
  const build = `tag ${facts.tag}`;
  const no = (because: string): Trust => ({ trusted: false, because });
  if (place.releases === undefined) return no(build);
  const wanted = wantedRelease(facts, place);
  if ('because' in wanted) return no(`${build}: ${wanted.because}`);
  if ('because' in evidence) return no(`${build}: ${evidence.because}`);
  const { tag, commit, branches } = wanted;
  if (evidence.tag !== tag || evidence.commit !== commit || !branches.includes(evidence.branch)) {
    return no(`${build}: the remote was asked about another build`);
  }
  return { trusted: true, because: `release ${tag}, from ${evidence.branch} of ${place.repository}` };
}

/** What git can push without tricks: no refspec, no option, no way up. */
const PLAIN_TAG = /^[A-Za-z0-9](?:[\w.+/-]*[\w+-])?$/;

/** What the remote has to be asked before this build counts as a release, or why it is none whatever the remote says. */
export function wantedRelease(
  facts: CiFacts,
  { repository, trustedBranch, releases }: TrustedPlace,
): WantedRelease | { readonly because: string } {
  const { tag, commit } = facts;
  if (tag === undefined) return { because: 'not the build of a tag' };
  if (releases === undefined) return { because: 'releases are not configured' };
  const doubt = doubtAboutProposal(facts) ?? doubtAboutRepository(facts, repository);
  if (doubt !== undefined) return { because: doubt };
  if (!releases.tags.some((pattern) => matchesPattern(pattern, tag))) {
    return { because: `it is none of releases.tags (${releases.tags.join(', ')})` };
  }
  if (!PLAIN_TAG.test(tag) || tag.includes('..')) return { because: 'its name is not a plain one' };
  if (commit === 'HEAD') {
    return { because: `${facts.names.commit} is HEAD, so nobody says which commit the tag is` };
  }
  return { tag, commit, branches: [...new Set([trustedBranch, ...releases.branches])] };
}

function doubtAbout(facts: CiFacts | undefined, place: TrustedPlace): string | undefined {
  if (facts === undefined) return 'not in CI';
  const doubt = doubtAboutEvent(facts);
  if (doubt !== undefined) return doubt;
  return doubtAboutRepository(facts, place.repository) ?? doubtAboutBranch(facts, place.trustedBranch);
}

function doubtAboutRepository({ repository, names }: CiFacts, ours: RepositoryId): string | undefined {
  if (repository === undefined) return `${names.repository} names no repository on a host`;
  return repository === ours ? undefined : `repository ${repository} is not ${ours}`;
}

/**
 * Why a job is not one of the trusted branch, whatever repository its pipeline builds; `undefined` where it is. For what needs no
 * configuration yet, and for jobs about machines, whose pipeline can live in a repository of its own.
 */
export function doubtAboutJob(facts: CiFacts, trustedBranch: string): string | undefined {
  return doubtAboutEvent(facts) ?? doubtAboutBranch(facts, trustedBranch);
}

function doubtAboutBranch({ branch }: CiFacts, trustedBranch: string): string | undefined {
  return branch === trustedBranch ? undefined : `branch ${branch} is not ${trustedBranch}`;
}

/** The same as far as it needs no name of a branch: tags, pull requests, merge queues, and what looks like one. */
export function doubtAboutEvent(facts: CiFacts): string | undefined {
  return facts.tag === undefined ? doubtAboutProposal(facts) : `tag ${facts.tag}`;
}

/** Why a build is of what somebody only proposes. */
function doubtAboutProposal(facts: CiFacts): string | undefined {
  if (facts.pullRequest !== undefined) return `pull request ${facts.pullRequest.number}`;
  if (facts.mergeQueueBase !== undefined) return `merge queue of ${facts.mergeQueueBase}`;
  return facts.doubt;
}
