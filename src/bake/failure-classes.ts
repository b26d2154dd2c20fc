import type { ErrorKind } from '../platform/errors.ts';

/** What the next try does differently. */
export type RetryChange =
  | 'none'
  | 'fresh-credentials'
  | 'without-donors'
  | 'without-sources'
  | 'without-sccache';

/** What follows from a failure of one class. */
export interface FailureRule {
  /** Seconds before each retry; so many failures of this class are forgiven. */
  readonly delays: readonly number[];
  readonly change: RetryChange;
  /** Sets the exit code: `refused`, which nobody need try again, is 4, `outside` is 5, `build` is 6. */
  readonly kind: Extract<ErrorKind, 'refused' | 'outside' | 'build'>;
  /** What to do about it, where the class alone says it. */
  readonly hint?: string;
}

const NEVER = { delays: [], change: 'none' } as const satisfies Partial<FailureRule>;

/** Why a bake failed, and what follows from it. BuildKit itself tries 5xx and lost connections for 7 s before it fails. */
export const FAILURE_CLASSES = {
  /** A RUN step ended with another exit code than 0. */
  compile: { ...NEVER, kind: 'build' },
  /** sccache's server did not start in a RUN step; judged in the build room, which also has the hint. */
  sccache: { delays: [0], change: 'without-sccache', kind: 'outside' },
  /** The bake file, the Dockerfile, a base image, a secret or a file that COPY names. */
  definition: { ...NEVER, kind: 'build' },
  /** A layer of an imported cache is gone, damaged or denied. */
  'cache-import': {
    delays: [0],
    change: 'without-donors',
    kind: 'build',
    hint: 'a cache source lost layers: a later export of its branch repairs it',
  },
  'rate-limit': {
    delays: [15, 45],
    change: 'none',
    kind: 'outside',
    hint: 'the registry limits requests: pull with credentials, or with fewer builds at a time',
  },
  'expired-token': {
    delays: [0],
    change: 'fresh-credentials',
    kind: 'outside',
    hint: 'the registry refused the credentials: check that this job may get new ones',
  },
  /** 5xx, time-out, connection lost. */
  'registry-error': {
    delays: [5, 20],
    change: 'none',
    kind: 'outside',
    hint: 'the registry or the network failed: run the build again later',
  },
  quota: {
    ...NEVER,
    kind: 'refused',
    hint: 'the repository is full: delete images, or give it a lifecycle policy',
  },
  denied: {
    ...NEVER,
    kind: 'refused',
    hint: 'check that the repository exists and that this job may write to it',
  },
  /** The push went well, and the tag is not there afterwards, or holds another image; judged where tags are read back. Or a name that is written once could not be. */
  'tag-not-readable': { ...NEVER, kind: 'outside', hint: 'run the build again' },
  'disk-full': {
    ...NEVER,
    kind: 'build',
    hint: "free space on the builder's disk: docker buildx prune",
  },
  /** The builder is out of reach or went away. */
  engine: {
    ...NEVER,
    kind: 'outside',
    hint: 'check that the builder is running, and its log where it went away: it may have run out of memory',
  },
  /** Docker Engine's clean-up took a snapshot while a finished image was unpacked on it; its steps are kept (moby/buildkit#6521). */
  unpacking: {
    delays: [0, 5],
    change: 'none',
    kind: 'outside',
    hint: 'the engine lost a snapshot while it unpacked the image: run the build again, or on a builder of its own (docker-container)',
  },
  canceled: { ...NEVER, kind: 'build' },
  unknown: { ...NEVER, kind: 'build' },
} as const satisfies Readonly<Record<string, FailureRule>>;

/** Why a bake failed: a row of {@link FAILURE_CLASSES}. */
export type FailureClass = keyof typeof FAILURE_CLASSES;

/** The row of a class. */
export function ruleOf(failureClass: FailureClass): FailureRule {
  return FAILURE_CLASSES[failureClass];
}
