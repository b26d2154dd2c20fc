import { type Reference, referenceName, requireReference } from '../registry/reference.ts';
import { WarmbakeError } from '../platform/errors.ts';

/** Throws `config` where `expected` is not among the tags that a build pushes: the rest of CI would pull another image, or none. */
export function requireExpectedTag(expected: string, tags: readonly Reference[]): void {
  const wanted = referenceName(requireReference(expected));
  const pushed = tags.map(referenceName);
  if (pushed.includes(wanted)) return;
  const found = pushed.length === 0 ? 'nothing' : pushed.join(', ');
  throw new WarmbakeError(
    'config',
    'unexpected-tag',
    `this build pushes ${found}, but ${wanted} is expected (--expect-tag)`,
    { hint: '`warmbake build --explain-context` shows what the tag was computed from' },
  );
}
