import { pagePainter } from '../../src/cli/page.ts';
import type { PagePart } from '../../src/platform/events.ts';

/** The lines of a page as a terminal of so many columns gets them; without a number as a log does. */
export function painted(parts: readonly PagePart[], columns?: number): readonly string[] {
  const size = columns === undefined ? {} : { columns: () => columns };
  const paint = pagePainter({ colour: false, log: 'plain', ...size });
  return parts.flatMap(paint).flatMap((line) => (typeof line === 'string' ? line.split('\n') : []));
}
