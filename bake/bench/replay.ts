import type { Settings } from '../../src/config/settings.ts';
import type { BuildContext } from '../../src/context/context.ts';
import type { Role } from '../../src/refs/candidate.ts';
import { cacheSources } from '../../src/refs/sources.ts';
import { parseRepository, referenceName, type Repository } from '../../src/registry/reference.ts';
import type { Content, HistoryBuild } from './history.ts';

/** What is asked for in a replay. */
export interface Asking {
  readonly maxSources: number;
  /** The role that is left out. */
  readonly without?: Role;
  /** How many earlier commits are asked for, of the line and of the base each. */
  readonly earlier: number;
  /** Builds that are started before one is finished. */
  readonly late: number;
}

/** What a replayed build executes and who helped. */
export interface Replayed {
  readonly executed: number;
  /** Rounds of compiling in it, as the project's Dockerfile has them. */
  readonly rounds: number;
  readonly donors: readonly Role[];
}

/** The project's names; nothing is asked. */
function repository(name: string): Repository {
  const parsed = parseRepository(`cache.test/${name}`);
  if (parsed === undefined) throw new Error(`${name} is not a repository`);
  return parsed;
}

const TRUSTED = repository('main');
const SETTINGS = {
  trustedBranch: 'main',
  compat: { oldNames: false },
  targets: [],
  cache: { trusted: TRUSTED, untrusted: repository('test'), maxSources: 20, alsoExport: [] },
} satisfies Pick<Settings, 'trustedBranch' | 'compat' | 'targets' | 'cache'>;

function contextOf({ commit, line, pullRequest }: HistoryBuild, earlier: number): BuildContext {
  const parent = line[0] === undefined ? {} : { parent: line[0] };
  if (pullRequest === undefined) {
    const origin = { kind: 'main', branch: 'main' } as const;
    return { origin, trusted: true, because: '', commit, ...parent, previous: line.slice(0, earlier) };
  }
  const { number, mergeBase, base } = pullRequest;
  return {
    origin: { kind: 'pull-request', number, branch: 'work', base: 'main' },
    trusted: false,
    because: '',
    commit,
    ...parent,
    mergeBase,
    previous: line.slice(0, Math.min(earlier, line.indexOf(mergeBase))),
    basePrevious: base.slice(0, earlier),
  };
}

/** The cache keys of the project's 13 steps, with the rounds that each compiles; a key holds all that is below it. */
function stepsOf(
  { tools, vendor, assets, parser, server, tests }: Content,
  commit: string,
): ReadonlyMap<string, number> {
  const dependencies = `${tools} v${vendor}`;
  const app = `${dependencies} s${parser},${server}`;
  const compiled = `${app} ${commit}`;
  return new Map([
    ['workdir', 0],
    [`tools ${tools}`, 0],
    [`copy ${dependencies}`, 0],
    [`run ${dependencies}`, 40],
    [`copy ${tools} a${assets}`, 0],
    [`run ${tools} a${assets}`, 20],
    [`copy ${app}`, 0],
    [`parser ${app}`, 15],
    [`server ${app}`, 15],
    [`cat ${compiled}`, 0],
    [`assets ${compiled} a${assets}`, 0],
    [`tests ${compiled} a${assets} ${tests}`, 0],
    [`test ${compiled} a${assets} ${tests}`, 0],
  ]);
}

/** Replays a history: each build has an empty store and the merged cache of what it finds, and exports all of its steps. */
export function replay(
  history: readonly HistoryBuild[],
  { maxSources, earlier, without, late }: Asking,
): readonly Replayed[] {
  const registry = new Map<string, ReadonlySet<string>>();
  const exports: (() => void)[] = [];
  return history.map((build, now) => {
    exports[now - late - 1]?.();
    const context = contextOf(build, earlier);
    const steps = stepsOf(build.content, build.commit);
    const candidates = cacheSources(context, { name: 'app', lane: '' }, SETTINGS).filter(
      ({ role }) => role !== without,
    );
    const donors = new Map<ReadonlySet<string>, Role>();
    for (const { role, ref } of candidates) {
      const cache = registry.get(referenceName(ref));
      if (cache !== undefined && !donors.has(cache) && donors.size < maxSources) donors.set(cache, role);
    }
    const missing = [...steps].filter(([key]) => ![...donors.keys()].some((cache) => cache.has(key)));
    const names = build.pullRequest === undefined ? ['latest'] : [`pr-${build.pullRequest.number}`];
    const place = context.trusted ? SETTINGS.cache.trusted : SETTINGS.cache.untrusted;
    exports.push(() => {
      const cache = new Set(steps.keys());
      for (const tag of [build.commit, ...names]) registry.set(`${place.host}/${place.path}:${tag}`, cache);
    });
    return {
      executed: missing.length,
      rounds: missing.reduce((sum, [, rounds]) => sum + rounds, 0),
      donors: [...donors.values()],
    };
  });
}
