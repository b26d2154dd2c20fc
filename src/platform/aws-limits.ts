import type { RetryStrategyV2 } from '@smithy/types';
import { limitedRetries } from './aws-retry.ts';
import type { Host } from './host.ts';

/** Whose requests share a limit, and who says that they are slow. */
export type LimitedHost = Pick<Host, 'signal'> & Partial<Pick<Host, 'clock' | 'emit'>>;

/** What a run knows of each service in each region; a run is known by its signal. */
const RUNS = new WeakMap<AbortSignal, Map<string, RetryStrategyV2>>();

/** The one limit of a service in a region, for all clients of the run, whoever opened them. `service` as people call it. */
export function serviceLimit(host: LimitedHost, service: string, region: string): RetryStrategyV2 {
  const limits = RUNS.get(host.signal) ?? new Map<string, RetryStrategyV2>();
  RUNS.set(host.signal, limits);
  const key = `${service} ${region}`;
  const limit = limits.get(key) ?? limitedRetries({ signal: host.signal, slowed: sayer(host, service) });
  limits.set(key, limit);
  return limit;
}

/** How often it is said that a service takes less, in milliseconds. */
const EVERY_MS = 10_000;

function sayer({ clock, emit }: LimitedHost, service: string): () => void {
  const said: { at?: number } = {};
  return () => {
    const now = clock?.now().getTime() ?? 0;
    if (emit === undefined || (said.at !== undefined && now - said.at < EVERY_MS)) return;
    said.at = now;
    emit({ type: 'line', text: `… ${service} takes fewer requests than there are: going on at its pace` });
  };
}
