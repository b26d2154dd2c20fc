import type { BuilderSettings } from '../config/settings.ts';
import { WarmbakeError } from '../platform/errors.ts';
import type { Warning } from '../platform/events.ts';

/** Drivers of buildx; other texts are kept as they are. */
export type Driver = 'docker' | 'docker-container' | 'remote' | 'kubernetes' | 'cloud' | (string & {});

/** A builder that buildx knows, from its own state. */
export interface BuilderInstance {
  readonly name: string;
  readonly driver: Driver;
  /** `unix:///run/buildkit/buildkitd.sock`, `tcp://host:1234`, a Docker context … */
  readonly endpoints: readonly string[];
  /** Options of the driver on the first node: `network`, `image` … */
  readonly options?: Readonly<Record<string, string>>;
  /** It is on a unix socket where nothing answered within a second. */
  readonly dead?: true;
}

/** A Docker engine. What it says about itself is absent where it is unreachable. */
export interface EngineFacts {
  /** Its context, which is the name of its builder. */
  readonly name: string;
  readonly state: 'can-export' | 'cannot-export' | 'unreachable';
  /** Why it is unreachable: the code of the system's error (`EACCES`, `ENOENT`, `ECONNREFUSED`), where there was one. */
  readonly trouble?: string;
  /** `unix:///var/run/docker.sock`, `tcp://…`, `ssh://…`; absent where its context does not say. */
  readonly endpoint?: string;
  /** `Debian GNU/Linux 12 (bookworm)`, `Docker Desktop`. */
  readonly operatingSystem?: string;
  /** `name=seccomp,profile=builtin`, `name=rootless`. */
  readonly securityOptions?: readonly string[];
  /** Folder of its machine where it keeps everything: `/var/lib/docker`. */
  readonly root?: string;
}

/** What the choice rests on. */
export interface BuilderFacts {
  /** The configured BuildKit socket: whether something that speaks HTTP/2 answered within a second. */
  readonly socket: 'answers' | 'dead' | 'absent';
  readonly instances: readonly BuilderInstance[];
  /** The user's selected builder. */
  readonly current?: string;
  /** The Docker engine behind the current context. */
  readonly engine: EngineFacts;
}

/** The builder of this run. `create` makes it first; the user's selected builder is never changed. */
export interface BuilderChoice {
  /** `missing`: there is none; only a plan that is looked at goes on then. */
  readonly action: 'use' | 'create' | 'missing';
  readonly name: string;
  readonly driver: Driver;
  readonly endpoint?: string;
  /** BuildKit image of a docker-container builder to be created. */
  readonly image?: string;
  /** Why this one, in one phrase. */
  readonly because: string;
}

/** A choice and what the user must hear about it. */
export interface BuilderDecision {
  readonly choice: BuilderChoice;
  readonly warnings: readonly Warning[];
}

/**
 * Picks the builder: the configured socket, else an existing builder that can export caches, else a new
 * docker-container builder with the pinned image, else the engine itself where it can export.
 * Throws `outside` where nothing can export a cache.
 */
export function decideBuilder(settings: BuilderSettings, facts: BuilderFacts): BuilderDecision {
  const choice = choose(settings, facts);
  return { choice, warnings: [...deadSocket(settings, facts), ...deadBuilders(settings, facts, { choice })] };
}

/** The builder that an operator names (WARMBAKE_BUILDER), and no other. Throws `config` where there is none of that name. */
export function namedBuilder(name: string, { instances, engine }: BuilderFacts): BuilderDecision {
  const because = 'WARMBAKE_BUILDER names it';
  const found = instances.find((i) => i.name === name);
  if (found !== undefined) {
    const [endpoint] = found.endpoints;
    const place = endpoint === undefined ? {} : { endpoint };
    return {
      choice: { action: 'use', name, driver: found.driver, ...place, because },
      warnings: [],
    };
  }
  if (name === engine.name && engine.state === 'can-export') {
    return { choice: { action: 'use', name, driver: 'docker', because }, warnings: [] };
  }
  const usable = engine.state === 'can-export' ? [engine.name] : [];
  const known = [...instances.map((i) => i.name), ...usable].join(', ') || 'none';
  throw new WarmbakeError(
    'config',
    'unknown-builder',
    `WARMBAKE_BUILDER is '${name}', which is not a builder that can export caches; there are: ${known}`,
  );
}

function choose(settings: BuilderSettings, facts: BuilderFacts): BuilderChoice {
  if (settings.socket !== undefined && facts.socket === 'answers') {
    return onSocket(`unix://${settings.socket}`, settings, facts);
  }
  const existing = reusable(settings, facts);
  if (existing !== undefined) return existing;
  if (settings.image !== undefined && facts.engine.state !== 'unreachable') {
    const name = freeName(settings.name, facts);
    const because = 'no builder that can export caches exists';
    return { action: 'create', name, driver: 'docker-container', image: settings.image, because };
  }
  if (facts.engine.state === 'can-export') {
    const because = 'the engine exports caches itself (containerd image store)';
    return { action: 'use', name: facts.engine.name, driver: 'docker', because };
  }
  throw nothingUsable(facts);
}

function onSocket(endpoint: string, settings: BuilderSettings, facts: BuilderFacts): BuilderChoice {
  const because = `BuildKit answers on ${endpoint}`;
  const known = facts.instances
    .filter((i) => i.driver === 'remote' && i.endpoints.length === 1 && i.endpoints[0] === endpoint)
    .toSorted((a, b) => Number(b.name === settings.name) - Number(a.name === settings.name));
  const [first] = known;
  if (first !== undefined) return { action: 'use', name: first.name, driver: 'remote', endpoint, because };
  return { action: 'create', name: freeName(settings.name, facts), driver: 'remote', endpoint, because };
}

/** The configured builder, else the user's selected one. A dead one is no builder. */
function reusable(settings: BuilderSettings, facts: BuilderFacts): BuilderChoice | undefined {
  const usable = (name: string | undefined): BuilderInstance | undefined =>
    facts.instances.find((i) => i.name === name && i.driver !== 'docker' && i.dead !== true);
  const configured = usable(settings.name);
  const found = configured ?? usable(facts.current);
  if (found === undefined) return undefined;
  const because =
    found === configured ? 'the configured builder exists' : 'the selected builder can export caches';
  const [endpoint] = found.endpoints;
  return {
    action: 'use',
    name: found.name,
    driver: found.driver,
    ...(endpoint === undefined ? {} : { endpoint }),
    because,
  };
}

/** The wanted name, or one with a number where another kind of builder has taken it. */
function freeName(wanted: string, facts: BuilderFacts): string {
  const taken = new Set(facts.instances.map((i) => i.name));
  if (!taken.has(wanted)) return wanted;
  let n = 2;
  while (taken.has(`${wanted}-${n}`)) n += 1;
  return `${wanted}-${n}`;
}

function deadSocket(settings: BuilderSettings, facts: BuilderFacts): readonly Warning[] {
  if (settings.socket === undefined || facts.socket !== 'dead') return [];
  const message = `${settings.socket} exists but no BuildKit answers on it within a second: this build does not use the warm store`;
  return [{ code: 'dead-socket', message }];
}

/** Builders that come before the choice and are passed over because they are dead; {@link deadSocket} tells of its own. */
function deadBuilders(
  settings: BuilderSettings,
  facts: BuilderFacts,
  { choice }: { readonly choice: BuilderChoice },
): readonly Warning[] {
  if (facts.socket === 'answers') return [];
  const wanted = [settings.name, facts.current];
  const found = wanted.indexOf(choice.name);
  const passedOver = new Set(found < 0 ? wanted : wanted.slice(0, found));
  return facts.instances
    .filter((i) => i.dead === true && passedOver.has(i.name))
    .filter((i) => !i.endpoints.includes(`unix://${settings.socket ?? ''}`))
    .map(({ name, endpoints }) => ({
      code: 'dead-builder',
      message: `builder '${name}' is not used: no BuildKit answers on ${endpoints.join(', ')} within a second`,
    }));
}

function nothingUsable(facts: BuilderFacts): WarmbakeError {
  if (facts.engine.state === 'unreachable') {
    const { endpoint, trouble } = facts.engine;
    const place = endpoint === undefined ? '' : ` at ${endpoint}`;
    return new WarmbakeError(
      'outside',
      'no-builder',
      `no BuildKit socket, no builder and no Docker engine answers${place}`,
      { hint: hintFor(place, trouble) },
    );
  }
  return new WarmbakeError(
    'outside',
    'no-builder',
    `the Docker engine '${facts.engine.name}' cannot export a cache`,
    {
      hint: 'switch the engine to the containerd image store, or set builder.image to a BuildKit image pinned by digest',
    },
  );
}

function hintFor(place: string, trouble: string | undefined): string {
  if (trouble === 'EACCES') {
    return `this user may not open the socket${place}: add the user to its group (docker, as a rule) and log in again`;
  }
  return `start Docker (DOCKER_HOST or the docker context say that it is${place === '' ? ' elsewhere' : place}), or set builder.socket to a running buildkitd`;
}
