import { milliseconds } from '../../../config/duration.ts';
import { WarmbakeError } from '../../../platform/errors.ts';
import { type Input, type Option, textOption } from '../../command.ts';

export const UNTIL_OPTION: Option = {
  flags: '--until <time>',
  help: 'when the hold ends by itself: 8h, 3d, or 2026-08-24T07:00:00Z (default: it stands until it is released)',
};

/** The end that `--until` gives; absent without it. Throws `usage` where it is no time to come. */
export function untilOption(input: Input, now: Date): Date | undefined {
  const text = textOption(input, 'until');
  if (text === undefined) return undefined;
  const ms = milliseconds(text);
  const isDuration = !Number.isNaN(ms);
  const time = isDuration ? new Date(now.getTime() + ms) : new Date(text);
  // Without a zone, a date would mean another moment on every machine.
  const isMeant = isDuration || /^\d{4}-\d\d-\d\dT[\d:.]+(?:Z|[+-]\d\d:\d\d)$/.test(text);
  if (isMeant && time > now) return time;
  const what = isMeant && time <= now ? 'is over already' : 'is not a time';
  throw new WarmbakeError('usage', 'bad-until', `'${text}' ${what}; write 8h, 3d or 2026-08-24T07:00:00Z`);
}
