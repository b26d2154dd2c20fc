import { milliseconds } from '../config/duration.ts';
import { WarmbakeError } from '../platform/errors.ts';
import { type Input, textOption } from './command.ts';

/** A duration as it was written, and in milliseconds. */
export interface Duration {
  readonly text: string;
  readonly ms: number;
}

/** The duration that an option gives; absent without it. Throws `usage` where it is not a duration, with `like` as examples. */
export function durationOption(input: Input, name: string, like: string): Duration | undefined {
  const text = textOption(input, name);
  if (text === undefined) return undefined;
  const ms = milliseconds(text);
  if (!Number.isNaN(ms)) return { text, ms };
  throw new WarmbakeError('usage', 'bad-duration', `'${text}' is not a duration; write it like ${like}`);
}
