import { type Demand, unclear } from './demand.ts';
import { isObject } from './judge-entries.ts';

/** Build arguments that BuildKit makes proxies of steps of, whatever their case (frontend/dockerfile/dockerfile2llb, `proxyEnvFromBuildArgs`). */
const PROXY = /^(?:https?|ftp|no|all)_proxy$/i;

/**
 * What build arguments demand. Proxies are no part of a step's cache key: what a step has fetched through one counts for each later build on
 * that builder. Every other argument is.
 */
export function argumentDemands(args: unknown): readonly Demand[] | undefined {
  if (!isObject(args)) return undefined;
  return Object.entries(args).flatMap(([name, value]): readonly Demand[] => {
    if (!PROXY.test(name) || value === '') return [];
    if (value === null) return [{ kind: 'proxy', name }];
    return typeof value === 'string'
      ? [{ kind: 'proxy', name, value }]
      : [unclear(`'${name}' is not a text`)];
  });
}
