import * as z from 'zod';
import { messageOf } from '../platform/errors.ts';
import { warn } from '../platform/events.ts';
import type { Host } from '../platform/host.ts';
import { within } from '../platform/time-limit.ts';

/** Connected agents, a page of a hundred at a time (Buildkite's REST API, "List agents"). */
const AGENTS = 'https://api.buildkite.com/v2/organizations';
const PAGE = 100;
const CALL_MS = 10_000;

const Page = z.array(
  z.object({
    name: z.string(),
    job: z.unknown().optional(),
  }),
);

/**
 * Whether the agents of each EC2 instance have a job. Their names in the Elastic CI stack hold the instance's id. AWS does not know:
 * without `BUILDKITE_API_TOKEN` (scope `read_agents`) and `BUILDKITE_ORGANIZATION_SLUG` nobody is asked and the answer is empty.
 */
export async function busyByInstance(
  host: Pick<Host, 'env' | 'fetch' | 'clock' | 'signal' | 'emit'>,
): Promise<ReadonlyMap<string, 'busy' | 'idle'>> {
  const token = host.env['BUILDKITE_API_TOKEN'];
  const organization = host.env['BUILDKITE_ORGANIZATION_SLUG'];
  const found = new Map<string, 'busy' | 'idle'>();
  if (token === undefined || organization === undefined) return found;
  try {
    for (let page = 1, isLast = false; !isLast; page += 1) {
      const url = `${AGENTS}/${encodeURIComponent(organization)}/agents?per_page=${PAGE}&page=${page}`;
      const ask = async (signal: AbortSignal): Promise<unknown> => {
        const response = await host.fetch(url, { headers: { authorization: `Bearer ${token}` }, signal });
        if (!response.ok) throw new Error(`Buildkite answered ${response.status}`);
        return await response.json();
      };
      const agents = Page.parse(await within(CALL_MS, ask, host));
      for (const { name, job } of agents) {
        const instance = /\bi-[0-9a-f]{8,17}\b/.exec(name)?.[0];
        if (instance === undefined) continue;
        // An instance can run several agents.
        const isBusy = (job !== undefined && job !== null) || found.get(instance) === 'busy';
        found.set(instance, isBusy ? 'busy' : 'idle');
      }
      isLast = agents.length < PAGE;
    }
    return found;
  } catch (error) {
    host.signal.throwIfAborted();
    warn(host.emit, 'agents-unknown', `which instances are busy is not known: ${messageOf(error)}`);
    return new Map();
  }
}
