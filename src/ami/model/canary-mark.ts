import type { MachineImage } from './machine-image.ts';
import { TAG, type Tags } from './tags.ts';

/** EC2 takes 256 characters as the value of a tag. */
const TAG_LENGTH = 256;

/** What an image remembers of a canary that found it at fault. */
export interface CanaryFailure {
  readonly at: Date;
  readonly because: string;
}

/** What is written on an image that its canary has found at fault. */
export function failureTags({ at, because }: CanaryFailure): Tags {
  return { [TAG.canary]: `failed ${at.toISOString()}: ${because}`.slice(0, TAG_LENGTH) };
}

/** What is written in its place where a later try has proved the image. */
export function proofTags(at: Date): Tags {
  return { [TAG.canary]: `proven ${at.toISOString()}` };
}

/** The failure that stands; `undefined` where none was, a later try has proved the image, or the tag cannot be read. */
export function canaryFailureOf({ tags }: Pick<MachineImage, 'tags'>): CanaryFailure | undefined {
  const [, time = '', because = ''] = /^failed (\S+?): (.*)$/s.exec(tags[TAG.canary] ?? '') ?? [];
  const at = new Date(time);
  return Number.isNaN(at.getTime()) ? undefined : { at, because };
}
