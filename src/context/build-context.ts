import { warn } from '../platform/events.ts';
import type { Host } from '../platform/host.ts';
import { readCi } from '../ci/read-ci.ts';
import type { CiFacts } from '../ci/facts.ts';
import type { CommitSha } from '../ci/commit-sha.ts';
import type { BuildContext, Origin } from './context.ts';
import { currentBranch, headCommit, mergeBaseHere } from './checkout.ts';
import type { History } from './history.ts';
import { baseOf, buildOrigin } from './origin.ts';
import { type ReleaseEvidence, type TrustedPlace, judgeTrust } from './trust.ts';
import { unknownCommit } from './unknown-commit.ts';

/** A context as it becomes known: names follow from the first part, sources from the whole. */
export interface StartedContext {
  /** Origin, trust, commit and build: known at once. */
  readonly known: BuildContext;
  /**
   * With the commits before it, for which git may have to ask the remote: asks when it is called. `foresee` is told what the checkout alone
   * shows of it, where the remote takes longer: the merge base is most likely among these commits, but nothing follows from that.
   */
  readonly whole: (foresee?: (likely: BuildContext) => void) => Promise<BuildContext>;
}

/**
 * Finds out what this build is, from its CI's variables and git; `history` answers within its own time limit. Throws
 * `config` for an environment that no CI would make, and for commit `HEAD` without git. What git cannot tell is
 * left out; a merge base that stays unknown is a warning, because it costs warm layers.
 */
export async function startContext(
  host: Host,
  history: History,
  { evidence, ...settings }: TrustedPlace & { readonly evidence?: ReleaseEvidence | undefined },
): Promise<StartedContext> {
  const facts = readCi(host.env);
  const asked = facts === undefined || facts.commit === 'HEAD' ? headCommit(host) : undefined;
  const origin = facts === undefined ? await localOrigin(host) : buildOrigin(facts, settings.trustedBranch);
  // Everything follows from the commit: what the CI says needs no wait for the checkout.
  const commit = facts === undefined ? await asked : await commitOfBuild(host, facts, asked);
  const known: BuildContext = {
    origin,
    ...judgeTrust(facts, settings, evidence),
    ...(facts?.repository === undefined ? {} : { repository: facts.repository }),
    ...(commit === undefined ? {} : { commit }),
  };
  const build = facts === undefined ? {} : { build: facts.build };
  const base = baseOf(origin, settings.trustedBranch);
  const whole: StartedContext['whole'] = async (foresee = () => undefined) => {
    const hear = (line: Pick<BuildContext, 'previous'>): void => foresee({ ...known, ...line, ...build });
    const ci = facts !== undefined;
    const [commits, head] = await Promise.all([
      commit === undefined ? {} : commitsBefore(host, history, { commit, base, ci, hear }),
      asked ?? headCommit(host),
    ]);
    if (facts !== undefined) warnAbout(host, facts, { head, base: settings.trustedBranch });
    return { ...known, ...commits, ...build };
  };
  return { known: { ...known, ...build }, whole };
}

/** The whole of {@link startContext}. */
export async function buildContext(
  host: Host,
  history: History,
  place: TrustedPlace & { readonly evidence?: ReleaseEvidence | undefined },
): Promise<BuildContext> {
  const { whole } = await startContext(host, history, place);
  return await whole();
}

async function commitsBefore(
  host: Host,
  history: History,
  {
    commit,
    base,
    ci,
    hear,
  }: {
    readonly commit: CommitSha;
    readonly base: string | undefined;
    readonly ci: boolean;
    readonly hear: (line: Pick<BuildContext, 'previous'>) => void;
  },
): Promise<Pick<BuildContext, 'parent' | 'mergeBase' | 'previous' | 'basePrevious'>> {
  const asking = history.lineOf(commit, LINE);
  asking.then(
    (line) => hear({ previous: line.slice(0, EARLIER) }),
    () => undefined,
  );
  const [mergeBase, parent, line] = await Promise.all([
    base === undefined ? undefined : mergeBaseWith(host, history, { commit, base, ci }),
    history.parentOf(commit),
    asking,
  ]);
  return {
    ...(parent === undefined ? {} : { parent }),
    ...(mergeBase === undefined || mergeBase === commit ? {} : { mergeBase }),
    ...(await earlierCommits(history, line, mergeBase)),
  };
}

/** Commits that are looked at before this one. What lies further back has caches that few of today's files fit. */
const LINE = 8;
/** Of those, how many of this line and of the base are kept. */
const EARLIER = 4;

/** Splits the line at the merge base; with merges in it the merge base can lie beside. */
async function earlierCommits(
  history: History,
  line: readonly CommitSha[],
  mergeBase: CommitSha | undefined,
): Promise<Pick<BuildContext, 'previous' | 'basePrevious'>> {
  const at = mergeBase === undefined ? -1 : line.indexOf(mergeBase);
  const previous = (at < 0 ? line : line.slice(0, at)).slice(0, EARLIER);
  const beside = at < 0 && mergeBase !== undefined ? await history.lineOf(mergeBase, EARLIER) : [];
  const basePrevious = at < 0 ? beside : line.slice(at + 1, at + 1 + EARLIER);
  return {
    ...(previous.length === 0 ? {} : { previous }),
    ...(basePrevious.length === 0 ? {} : { basePrevious }),
  };
}

/** A build started by hand names `HEAD`: as a tag it would be everybody's, so the checkout says which commit it is. */
async function commitOfBuild(
  host: Host,
  facts: CiFacts,
  head: Promise<CommitSha | undefined> | undefined,
): Promise<CommitSha> {
  const commit = facts.commit === 'HEAD' ? await head : facts.commit;
  if (commit !== undefined) return commit;
  throw await unknownCommit(
    host,
    `${facts.names.commit} is HEAD and git knows no commit here; run in the checkout or set the full commit id`,
  );
}

async function localOrigin(host: Host): Promise<Origin> {
  const branch = await currentBranch(host);
  return branch === undefined ? { kind: 'local' } : { kind: 'local', branch };
}

/**
 * In CI the remote is asked, because the checkout's idea of the base branch is as old as the agent. A local build stays
 * off the network: ssh could ask its user for a passphrase.
 */
async function mergeBaseWith(
  host: Host,
  history: History,
  { commit, base, ci }: { readonly commit: CommitSha; readonly base: string; readonly ci: boolean },
): Promise<CommitSha | undefined> {
  if (!ci) return await mergeBaseHere(host, commit, base);
  const told = await history.mergeBase(commit, base);
  if (told.state !== 'unknown') return told.state === 'found' ? told.commit : undefined;
  const here = await mergeBaseHere(host, commit, base);
  if (here === undefined) {
    warn(host.emit, 'merge-base-unknown', `merge base with ${base} is unknown: ${told.because}`);
  }
  return here;
}

/** Oddities that change no decision but that somebody should look at. */
function warnAbout(
  host: Host,
  facts: CiFacts,
  { head, base }: { readonly head: CommitSha | undefined; readonly base: string },
): void {
  if (facts.pullRequest !== undefined && facts.pullRequest.base === undefined) {
    const message = `${facts.names.base} is empty; ${base} is taken as the base branch`;
    warn(host.emit, 'base-branch-unknown', message);
  }
  // A pull request may be built as its merge with the base branch, which is another commit.
  const differs = facts.commit !== 'HEAD' && head !== undefined && head !== facts.commit;
  if (differs && facts.pullRequest === undefined) {
    const message = `the checkout is at ${head}, but ${facts.names.commit} is ${facts.commit}, which names the results`;
    warn(host.emit, 'commit-differs', message);
  }
}
