import { type Look, pageOf } from '../../src/cli/door.ts';
import { pagePainter } from '../../src/cli/page.ts';
import type { PagePart } from '../../src/platform/events.ts';

/** A page as logs have it: its lines have no end. */
export function pageText(page: readonly PagePart[] = []): string {
  const look: Look = { colour: false, log: 'plain' };
  return pageOf(look, page.flatMap(pagePainter(look)));
}
