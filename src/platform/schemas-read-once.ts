import { config } from 'zod';

/**
 * zod compiles a parser for each schema that is used. A command reads most documents once: compiling takes longer than it saves, and
 * caches at their limit of size are read as fast either way. To be called before any schema is made.
 */
export function readSchemasOnce(): void {
  config({ jitless: true });
}
