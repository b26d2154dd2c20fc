/** Environment variables, as a process gets them. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** CI systems whose builds can be told apart; `other` is any system whose pipeline says it all with variables of ours. */
export const CI_SYSTEMS = ['buildkite', 'github', 'gitlab', 'other'] as const;

/** One of {@link CI_SYSTEMS}. */
export type CiSystem = (typeof CI_SYSTEMS)[number];

/** What this process runs in. */
export type CiSurroundings =
  /** On somebody's machine. */
  | { readonly in: 'none' }
  | { readonly in: 'ci'; readonly system: CiSystem }
  /** In some CI, or in several at once: nobody may guess what its builds are allowed to. */
  | { readonly in: 'unclear'; readonly because: string; readonly hint: string };

/** What each system sets in all of its jobs, to `true`. */
const MARKS = {
  buildkite: 'BUILDKITE',
  github: 'GITHUB_ACTIONS',
  gitlab: 'GITLAB_CI',
} as const satisfies Partial<Record<CiSystem, string>>;

/** What others set: those that do not set CI, and those that are better called by their name. */
const FOREIGN = {
  JENKINS_URL: 'Jenkins',
  TEAMCITY_VERSION: 'TeamCity',
  TF_BUILD: 'Azure Pipelines',
  CIRCLECI: 'CircleCI',
  BITBUCKET_BUILD_NUMBER: 'Bitbucket Pipelines',
  CODEBUILD_BUILD_ID: 'AWS CodeBuild',
  DRONE: 'Drone',
  CIRRUS_CI: 'Cirrus CI',
  bamboo_buildKey: 'Bamboo',
} as const;

const SAY =
  "set WARMBAKE_CI=other and the WARMBAKE_CI_* variables of docs/ci.md, or WARMBAKE_CI=local where this is somebody's own machine";

/**
 * Tells which CI system this process runs in. WARMBAKE_CI says it, else the mark of a system that is known; two marks at once are unclear,
 * because a job of one system can carry the other's variables and nothing says which of them are true.
 */
export function surroundings(env: Environment): CiSurroundings {
  const said = env['WARMBAKE_CI'] ?? '';
  if (said === 'local') return { in: 'none' };
  const named = CI_SYSTEMS.find((system) => system === said);
  if (named !== undefined) return { in: 'ci', system: named };
  if (said !== '') {
    const because = 'WARMBAKE_CI names no CI system that is known';
    return { in: 'unclear', because, hint: `set it to ${CI_SYSTEMS.join(', ')} or local` };
  }
  const marked = marksIn(env);
  const [system] = marked;
  if (system === undefined) return unmarked(env);
  if (marked.length === 1) return { in: 'ci', system };
  const marks = marked.map((one) => MARKS[one]);
  return {
    in: 'unclear',
    because: `${marks.join(' and ')} are set: this job has the variables of ${marks.length} CI systems`,
    hint: `say which one started it: WARMBAKE_CI=${marked.join(' or WARMBAKE_CI=')}`,
  };
}

/**
 * Systems that read the log of this process: the one that it is in, else all whose mark is set. Their runners take commands from the output of
 * every step, also of one that WARMBAKE_CI calls somebody's own machine.
 */
export function logReaders(env: Environment): readonly (keyof typeof MARKS)[] {
  const around = surroundings(env);
  if (around.in === 'ci' && around.system !== 'other') return [around.system];
  return (['buildkite', 'github', 'gitlab'] as const).filter((system) => isSet(env[MARKS[system]]));
}

/** True for anything that looks like CI: a wrong yes asks for a name, a wrong no would trust the checkout. */
export function inCi(env: Environment): boolean {
  return surroundings(env).in !== 'none';
}

function marksIn(env: Environment): readonly (keyof typeof MARKS)[] {
  return (['buildkite', 'github', 'gitlab'] as const).filter((system) => env[MARKS[system]] === 'true');
}

function unmarked(env: Environment): CiSurroundings {
  const foreign = Object.entries(FOREIGN).find(([name]) => (env[name] ?? '') !== '');
  if (foreign !== undefined) {
    const [variable, name] = foreign;
    return {
      in: 'unclear',
      because: `this is ${name} (${variable} is set), which does not say what a build is`,
      hint: SAY,
    };
  }
  const set = ['CI', ...Object.values(MARKS)].find((name) => isSet(env[name]));
  if (set === undefined) return { in: 'none' };
  return { in: 'unclear', because: `${set} is set, and this CI is not known`, hint: SAY };
}

function isSet(value: string | undefined): boolean {
  return !['', '0', 'false'].includes(value ?? '');
}
