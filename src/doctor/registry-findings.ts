import type { SourceAnswer } from '../cache/chain.ts';
import type { MountOutcome } from '../registry/upload.ts';
import type { PushRight } from '../registry/push-right.ts';
import { type Reference, type Repository, repositoryName } from '../registry/reference.ts';
import { type DoctorFinding, failed, ok, skipped, warning } from './finding.ts';
import type { MountWay } from './planned-refs.ts';

/** A ref that was asked for, and the answer. */
export interface AnsweredRead {
  readonly ref: Reference;
  readonly answer: SourceAnswer;
}

/** A line for each repository that caches are read from. A source that is not to be had fails no build: it is a warning at most. */
export function readFindings(reads: readonly AnsweredRead[]): readonly DoctorFinding[] {
  const names = [...new Set(reads.map(({ ref }) => repositoryName(ref)))];
  return names.map((name) =>
    readFinding(
      name,
      reads.filter(({ ref }) => repositoryName(ref) === name),
    ),
  );
}

function readFinding(name: string, reads: readonly AnsweredRead[]): DoctorFinding {
  const check = 'read';
  const tags = (state: SourceAnswer['state']) =>
    reads.filter(({ answer }) => answer.state === state).map(({ ref }) => ref.tag);
  const because = (state: SourceAnswer['state']): string =>
    reads
      .map(({ answer }) => (answer.state === state && 'because' in answer ? answer.because : ''))
      .find((text) => text !== '') ?? '';
  const found = tags('found');
  const counted = `${found.length} of ${reads.length} refs found in ${name}`;
  const denied = tags('denied');
  if (denied.length > 0) {
    return warning(check, {
      text: `${counted}; denied: ${because('denied')}`,
      fix: "let this job's role or login read the repository (`warmbake iam` prints the policy), or make it public",
    });
  }
  const broken = (['failed', 'oversized'] as const).find((state) => tags(state).length > 0);
  if (broken !== undefined) {
    return warning(check, {
      text: `${counted}; ${tags(broken).join(', ')}: ${because(broken)}`,
      fix:
        broken === 'oversized'
          ? 'delete the ref, or use cache: { mode: min } for the target'
          : 'check that the registry answers; a cache that is broken is replaced by the next export under its name',
    });
  }
  const throttled = tags('throttled');
  if (throttled.length > 0) {
    return warning(check, {
      text: `${counted}; throttled: ${because('throttled')}`,
      fix: "run this again in a minute; where it stays, raise the registry's limits",
    });
  }
  return ok(
    check,
    `${counted}${found.length === 0 ? '; what is not there was not built yet, or has expired' : `: ${found.join(', ')}`}`,
  );
}

/** What is pushed to a repository, and whether it may be. */
export interface AskedWrite {
  readonly repository: Repository;
  readonly holds: 'images' | 'caches';
  readonly right: PushRight;
}

/** A line for each repository that is written. */
export function pushFinding({ repository, holds, right }: AskedWrite): DoctorFinding {
  const check = 'write';
  const name = repositoryName(repository);
  if (right.can) return ok(check, `${holds} can be pushed to ${name}`);
  const spared =
    holds === 'images' ? 'a build would end here' : 'builds go on, and no later one finds what they made';
  const text = `${holds} cannot be pushed to ${name} (${right.because}): ${spared}`;
  switch (right.kind) {
    case 'denied':
      return failed(check, {
        text,
        fix: 'allow pushes to the role or login of this job: `warmbake iam trusted-build` or `untrusted-build` prints the policy',
      });
    case 'missing-repository':
      return failed(check, {
        text,
        fix: 'create the repository, or correct its name in the configuration (images, cache)',
      });
    case 'throttled':
      return warning(check, { text, fix: 'run this again in a minute' });
    case 'unreachable':
      return failed(check, { text, fix: REACH });
  }
}

const REACH = "check the registry's name, and that this machine's network, proxy and TLS reach it";

/** What was heard of one registry: whether any question got an answer, and what came instead. */
export interface HeardRegistry {
  readonly host: string;
  readonly answers: boolean;
  readonly because?: string;
}

/** Whether a registry answers at all. `written`: a build pushes to it. */
export function registryFinding(
  { host, answers, because = '' }: HeardRegistry,
  { written }: { readonly written: boolean },
): DoctorFinding {
  const check = 'registry';
  if (answers) return ok(check, `${host} answers`);
  const state = written ? failed : warning;
  return state(check, { text: `${host} does not answer: ${because}`, fix: REACH });
}

/** What became of a mount that was tried with a layer that both repositories have. */
export type TriedMount = MountOutcome | { readonly state: 'no-layer' };

/** Whether layers go from one repository to another without a transfer. */
export function mountFinding({ from, to }: MountWay, outcome: TriedMount): DoctorFinding {
  const check = 'mount';
  const way = `from ${repositoryName(from)} into ${repositoryName(to)}`;
  switch (outcome.state) {
    case 'mounted':
      return ok(check, `layers are mounted ${way}`);
    case 'no-layer':
      return skipped(
        check,
        `${way}: no layer is in both yet, and trying with another one would leave it there`,
      );
    case 'not-mounted':
      return warning(check, {
        text: `the registry does not mount ${way}: layers are pulled and pushed through this machine`,
        fix: 'on ECR: aws ecr put-account-setting --name BLOB_MOUNTING --value ENABLED; elsewhere nothing but time is lost',
      });
    case 'missing':
      return skipped(check, `${way}: there is no such repository`);
    case 'denied':
    case 'throttled':
    case 'failed':
      return skipped(check, `${way}: ${outcome.because}`);
  }
}
