import { callAgent } from '../../ci/report/agent-call.ts';
import { getMetaData, setMetaData } from '../../ci/report/meta-data.ts';
import { WarmbakeError } from '../../platform/errors.ts';
import { warn } from '../../platform/events.ts';
import type { Host } from '../../platform/host.ts';
import { explainExit, succeeded } from '../../platform/process.ts';
import type { Account } from '../model/account.ts';
import { probeKey, probePipeline, probeVerdict, type ProbeJob } from '../rollout/probe-answer.ts';
import type { SentProbe } from '../rollout/try-canary.ts';

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
    throw new WarmbakeError(
      'outside',
      'queue-unknown',
      `stack '${stack}' has no parameter ${QUEUE_PARAMETER}`,
    );
  }
  const key = probeKey(job.image);
  // A job that was lost and starts again finds its probe: a build takes a step's key only once.
  if ((await getMetaData(host, `${key}-sent`)) === '') {
    await setMetaData(host, `${key}-sent`, 'yes');
    const pipeline = probePipeline({ ...job, queue });
    const uploaded = await callAgent(host, ['pipeline', 'upload', '--no-interpolation'], { stdin: pipeline });
    if (!succeeded(uploaded)) {
      throw new WarmbakeError(
        'outside',
        'probe-not-sent',
        `the probe job was not uploaded: ${explainExit(uploaded)}`,
      );
    }
  }
  return {
    answer: async () => probeVerdict(await getMetaData(host, key)),
    cancel: async () => {
      const cancelled = await callAgent(host, ['step', 'cancel', '--step', key]);
      if (succeeded(cancelled)) return;
      warn(
        host.emit,
        'probe-left',
        `the probe job still waits for an agent; cancel it: ${explainExit(cancelled)}`,
      );
    },
  };
}
