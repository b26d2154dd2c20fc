import type { CommitSha } from '../ci/commit-sha.ts';
import { type Reference, referenceName } from '../registry/reference.ts';

/** What the registry holds under an image tag. */
export type ImageFact =
  | {
      readonly state: 'found';
      readonly digest: string;
      /** Commit that the image says it was built from. */
      readonly revision?: string;
      /** `linux/amd64` …; attestations not counted. */
      readonly platforms: readonly string[];
    }
  /** The registry said 404: only that means absent. */
  | { readonly state: 'missing' }
  /** Denied, throttled, broken: nothing is known. */
  | { readonly state: 'unknown'; readonly because: string };

/** Whether a target needs building. `repair`: the image is there and only a moving name has to be put right. */
export interface SkipDecision {
  readonly decision: 'build' | 'skip' | 'repair';
  readonly because: string;
}

/** What {@link decideSkip} judges by. */
export interface SkipFacts {
  readonly commit: CommitSha | undefined;
  /** Platforms that the image must have. */
  readonly platforms: readonly string[];
  /** Every tag that the build would push, in order. The very list that is pushed and read back. */
  readonly tags: readonly { readonly ref: Reference; readonly fact: ImageFact }[];
  /** Moving names (`latest`) that would be moved now. */
  readonly behind: readonly Reference[];
}

/** Skips only what is proven to be there: every promised tag, with this revision and the platforms. */
export function decideSkip(facts: SkipFacts): SkipDecision {
  if (facts.tags.length === 0) return { decision: 'build', because: 'this build pushes no image' };
  for (const { ref, fact } of facts.tags) {
    const lack = lacks(fact, facts);
    if (lack !== undefined) return { decision: 'build', because: `${referenceName(ref)} ${lack}` };
  }
  if (facts.behind.length > 0) {
    const names = facts.behind.map(referenceName).join(', ');
    return { decision: 'repair', because: `the image exists, ${names} has to move` };
  }
  const names = facts.tags.map(({ ref }) => referenceName(ref)).join(', ');
  return { decision: 'skip', because: `${names} exists with this revision` };
}

function lacks(fact: ImageFact, wanted: SkipFacts): string | undefined {
  switch (fact.state) {
    case 'missing':
      return 'does not exist';
    case 'unknown':
      return `could not be checked (${fact.because})`;
    case 'found': {
      if (fact.revision === undefined) return 'does not say which commit it holds';
      if (fact.revision !== wanted.commit) return `holds ${fact.revision.slice(0, 12)}`;
      const missing = wanted.platforms.filter((p) => !fact.platforms.includes(p));
      return missing.length === 0 ? undefined : `lacks ${missing.join(', ')}`;
    }
  }
}
