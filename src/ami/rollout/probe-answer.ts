import * as z from 'zod';
import type { CanaryVerdict } from './canary.ts';
import type { DiskMeasure } from '../model/disk-measure.ts';
import type { ImageId } from '../model/ids.ts';
import { jsonOrUndefined } from '../../platform/json.ts';

/** What a job on an instance of the candidate has found. */
export interface ProbeAnswer {
  /** `cold`: the image is at fault. `unknown`: it could not be tried, for reasons that are not the image's. */
  readonly outcome: 'warm' | 'cold' | 'unknown';
  /** One phrase for people. */
  readonly because: string;
  /** From the boot of the instance to the end of the first build that loaded everything from the store. */
  readonly secondsToFirstHit?: number;
  readonly measured?: DiskMeasure;
}

const answerSchema = z.object({
  outcome: z.enum(['warm', 'cold', 'unknown']),
  because: z.string(),
  measured: z
    .object({
      firstBuild: z.number(),
      readable: z.number().exactOptional(),
      unreadAfter: z.number().exactOptional(),
    })
    .exactOptional(),
});

/** Key of the build's meta-data under which the job answers, and of its step. */
export function probeKey(image: ImageId): string {
  return `warmbake-probe-${image}`;
}

/** The answer as meta-data. */
export function printAnswer(answer: ProbeAnswer): string {
  return JSON.stringify(answer);
}

/** Reads the meta-data; `undefined` while there is none. What cannot be read proves nothing, and is no fault of the image. */
export function probeVerdict(text: string): CanaryVerdict | undefined {
  if (text === '') return undefined;
  const read = answerSchema.safeParse(jsonOrUndefined(text));
  if (!read.success) return { verdict: 'undecided', because: `the probe's answer cannot be read: '${text}'` };
  const { outcome, because, measured } = read.data;
  if (outcome === 'warm')
    return { verdict: 'proven', because, ...(measured === undefined ? {} : { measured }) };
  return { verdict: VERDICTS[outcome], because };
}

const VERDICTS = { cold: 'image-fault', unknown: 'undecided' } as const;

/** A pipeline with the one job that goes to an instance of the candidate: the agent tag forces a real launch. */
export function probePipeline({ image, queue, command, config }: ProbeJob): string {
  const step = {
    label: `:ambulance: probe ${image}`,
    key: probeKey(image),
    command,
    agents: { queue, 'aws:ami-id': image },
    timeout_in_minutes: 20,
    // The rollout decides; a job that fails has said why.
    soft_fail: true,
    retry: { automatic: [{ exit_status: -1, limit: 1 }] },
    ...(config === undefined ? {} : { env: { WARMBAKE_CONFIG: config } }),
  };
  return JSON.stringify({ steps: [step] });
}

/** A job for one agent of the canary's queue. */
export interface ProbeJob {
  readonly image: ImageId;
  readonly queue: string;
  readonly command: string;
  /** Configuration file, where it was named on the command line: the job has to read the same one. */
  readonly config?: string;
}
