import { WarmbakeError } from '../platform/errors.ts';
import { warn } from '../platform/events.ts';
import type { Host } from '../platform/host.ts';
import { explain, succeeded, type Finished } from '../platform/process.ts';
import type { Account } from './account.ts';
import { probeKey, probePipeline, verdictOf, type ProbeJob } from './probe-answer.ts';
import type { SentProbe } from './try-canary.ts';

/** Parameter of the Elastic CI stack that names its queue. */
const QUEUE_PARAMETER = 'BuildkiteQueue';

/** What the job is about. */
export interface ProbeRequest extends Omit<ProbeJob, 'queue'> {
  /** The canary stack; its queue gets the job. */
  readonly stack: string;
}

/** Adds a job to the running build that only an instance of the candidate can take. */
export async function sendProbe(
  account: Account,
  host: Pick<Host, 'env' | 'processes' | 'signal' | 'emit'>,
  { stack, ...job }: ProbeRequest,
): Promise<SentProbe> {
  const queue = (await account.stacks.find(stack))?.parameters[QUEUE_PARAMETER];
  if (queue === undefined || queue === '') {
    throw new WarmbakeError('outside', 'queue-unknown', `stack '${stack}' has no parameter ${QUEUE_PARAMETER}`);
  }
  const uploaded = await agent(host, ['pipeline', 'upload', '--no-interpolation'], probePipeline({ ...job, queue }));
  if (!succeeded(uploaded)) {
    throw new WarmbakeError('outside', 'probe-not-sent', `the probe job was not uploaded: ${explain(uploaded)}`);
  }
  return {
    answer: async () => {
      const read = await agent(host, ['meta-data', 'get', probeKey(job.image), '--default', '']);
      return succeeded(read) ? verdictOf(read.stdout.trim()) : undefined;
    },
    cancel: async () => {
      const cancelled = await agent(host, ['step', 'cancel', '--step', probeKey(job.image)]);
      if (succeeded(cancelled)) return;
      warn(host.emit, 'probe-left', `the probe job still waits for an agent; cancel it: ${explain(cancelled)}`);
    },
  };
}

/** The agent reads its token and job from the environment: it gets all of it. */
async function agent(
  { env, processes, signal }: Pick<Host, 'env' | 'processes' | 'signal'>,
  args: readonly string[],
  stdin?: string,
): Promise<Finished> {
  const complete = Object.entries(env).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]]));
  return await processes.run(
    {
      argv: ['buildkite-agent', ...args],
      env: Object.fromEntries(complete) as Record<string, string>,
      timeoutMs: 60_000,
      ...(stdin === undefined ? {} : { stdin }),
    },
    { signal },
  );
}
