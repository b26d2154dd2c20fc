import type { CommitSha } from './commit-sha.ts';
import type { RepositoryId } from './repository-id.ts';
import type { CiSystem } from './system.ts';

/** The CI build that runs this. */
export interface CiBuild {
  /** Digits; of two builds the later one has the higher number. */
  readonly number: string;
  /** The same in every job of the build, and when one of them is tried again. */
  readonly id: string;
  readonly url?: string;
  readonly jobId?: string;
  readonly stepKey?: string;
  readonly label?: string;
}

/** Where git asks for what the checkout may not be asked: it is whatever a pull request made of it. */
export interface CiRemote {
  /** As git takes it. It can hold a password: never for a log or an argument. */
  readonly url: string;
  /** Value of the HTTP header `Authorization` for `url`'s host; as secret. */
  readonly authorization?: string;
}

/** What a CI system says about a build, checked and parsed, before anything is concluded from it. */
export interface CiFacts {
  readonly system: CiSystem;
  /** Absent where the system names no repository on a host. */
  readonly repository?: RepositoryId;
  readonly remote?: CiRemote;
  /** As the system has it: `owner:branch` for forks, the tag's name for tags; '' only beside a tag. */
  readonly branch: string;
  readonly tag?: string;
  /** `base` is absent where the system does not say it. */
  readonly pullRequest?: { readonly number: number; readonly base?: string };
  /** The branch that this merge group wants to get into. */
  readonly mergeQueueBase?: string;
  /** Why this build is untrusted whatever else it says. */
  readonly doubt?: string;
  /** `HEAD` where nobody but the checkout knows what is built. */
  readonly commit: CommitSha | 'HEAD';
  /** The branch that the system takes for the main one, before there is any configuration. */
  readonly defaultBranch?: string;
  readonly build: CiBuild;
  /** Variables that these facts come from, for messages. */
  readonly names: { readonly repository: string; readonly commit: string; readonly base: string };
}
