import path from 'node:path';
import * as z from 'zod';
import { WarmbakeError } from '../platform/errors.ts';
import type { Demand } from './demand.ts';
import { demandsOf } from './judge-target.ts';

/** What a definition may have. */
export interface DefinitionLimits {
  /** The checkout. */
  readonly root: string;
  /** Absolute paths outside of it; a directory allows what is in it. */
  readonly allow: readonly string[];
  /** Privileges by name: `network.host`, `device=…`, `ssh=ID`, `proxy=NAME`. */
  readonly permit: readonly string[];
  /** Values of build arguments that the configuration sets, by name. */
  readonly args?: ReadonlyMap<string, readonly string[]>;
  /** Variables that it may take as secrets. */
  readonly variables: readonly string[];
  /** Names in the environment that bake gets. */
  readonly environment: readonly string[];
  /** Every place that a path below `root` can mean, links followed; `undefined` where it cannot be followed. See `real-place.ts`. */
  readonly resolve: (root: string, path: string) => readonly string[] | undefined;
}

/** One demand that is not granted. */
export interface Objection {
  readonly target: string;
  readonly attribute: string;
  readonly because: string;
  /** What grants it; absent where nothing does. */
  readonly remedy?: string;
}

const printed = z.object({ target: z.record(z.string(), z.unknown()) });

/**
 * What a printed definition demands and may not have, deny by default: an attribute, address or privilege that is not known is
 * refused. All its targets are judged, linked ones too. What is written (`tags`, `output`, `cache-to`) and where layers come from
 * (`cache-from`) is not: `bakeFile` replaces it.
 *
 * Stricter than buildx's own check (bake/entitlements.go), which older versions do not have, which newer ones drop with
 * machine-readable progress, and which takes a path's text for where it leads. Throws where `raw` is no definition.
 */
export function judgeDefinition(raw: unknown, limits: DefinitionLimits): readonly Objection[] {
  const allowed = [limits.root, ...limits.allow].map((p) => limits.resolve(limits.root, p)?.[0] ?? p);
  const all = Object.entries(printed.parse(raw).target).flatMap(([target, attributes]) =>
    demandsOf(attributes).flatMap(({ attribute, demand }) => {
      const objection = against(demand, allowed, limits);
      return objection === undefined ? [] : [{ target, attribute, ...objection }];
    }),
  );
  const byText = new Map(all.map((o) => [`${o.target} ${o.attribute} ${o.because}`, o]));
  return [...byText.values()];
}

/** Throws `config` with every objection and what would grant it. */
export function requireInnocent(objections: readonly Objection[]): void {
  if (objections.length === 0) return;
  const lines = objections.map((o) => `${o.target}: ${o.attribute}: ${o.because}`);
  const remedies = [...new Set(objections.flatMap((o) => o.remedy ?? []))];
  throw new WarmbakeError(
    'config',
    'definition-refused',
    `the definition asks for what it may not have:\n  ${lines.join('\n  ')}`,
    remedies.length === 0 ? {} : { hint: `where it is meant: ${remedies.join('; ')}` },
  );
}

function against(
  demand: Demand,
  allowed: readonly string[],
  limits: DefinitionLimits,
): Pick<Objection, 'because' | 'remedy'> | undefined {
  switch (demand.kind) {
    case 'path':
      return againstPath(demand, allowed, limits);
    case 'privilege':
      if (limits.permit.includes(demand.name)) return undefined;
      return { because: `'${demand.name}' is not permitted`, remedy: `add '${demand.name}' to bake.permit` };
    case 'variable': {
      const { name, onlyIfSet = false } = demand;
      if (limits.variables.includes(name) || (onlyIfSet && !limits.environment.includes(name)))
        return undefined;
      return {
        because: `the variable '${name}' of the environment is not passed on`,
        remedy: `add '${name}' to bake.passthrough`,
      };
    }
    case 'proxy': {
      const { name, value } = demand;
      const isOurs = value !== undefined && (limits.args?.get(name) ?? []).includes(value);
      if (isOurs || limits.permit.includes(`proxy=${name}`)) return undefined;
      return {
        because: `'${name}' sends steps through a proxy, which their cache keys do not tell`,
        remedy: `set ${name} in bake.args, or add 'proxy=${name}' to bake.permit`,
      };
    }
    case 'unclear':
      return { because: demand.because };
  }
}

function againstPath(
  { path: text }: Extract<Demand, { kind: 'path' }>,
  allowed: readonly string[],
  { root, resolve }: DefinitionLimits,
): Pick<Objection, 'because' | 'remedy'> | undefined {
  const found = resolve(root, text);
  if (found === undefined) return { because: `nobody can say where '${text}' leads` };
  const outside = found.find((place) => !allowed.some((folder) => isWithin(folder, place)));
  if (outside === undefined) return undefined;
  return { because: `${outside} is outside of ${root}`, remedy: `add ${outside} to bake.allow` };
}

/** True where `candidate` is `directory` or in it; both absolute, links followed. */
export function isWithin(directory: string, candidate: string): boolean {
  const relative = path.relative(directory, candidate);
  return relative !== '..' && !relative.startsWith(`..${path.sep}`) && !path.isAbsolute(relative);
}
