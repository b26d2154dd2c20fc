import type { Host } from '../../platform/host.ts';
import type { Finished } from '../../platform/process.ts';

/** Every call of the agent ends within this time, in milliseconds. */
const CALL_MS = 60_000;

/** Runs `buildkite-agent` where its answer decides something. It reads its token and job from the environment: it gets all of it. */
export async function callAgent(
  { env, processes, signal }: Pick<Host, 'env' | 'processes' | 'signal'>,
  args: readonly string[],
  { stdin }: { readonly stdin?: string } = {},
): Promise<Finished> {
  const complete = Object.entries(env).flatMap(([name, value]) =>
    value === undefined ? [] : [[name, value] as const],
  );
  const finished = await processes.run(
    {
      argv: ['buildkite-agent', ...args],
      env: Object.fromEntries(complete),
      timeoutMs: CALL_MS,
      ...(stdin === undefined ? {} : { stdin }),
    },
    { signal },
  );
  signal.throwIfAborted();
  return finished;
}
