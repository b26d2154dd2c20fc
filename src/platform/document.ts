import type * as z from 'zod';

/**
 * What a writer of a JSON document gives: the schema's value, read-only, times as `Date`. The schema itself is loaded only by
 * those who read the document.
 */
export type DocumentOf<S extends z.ZodType> = Frozen<z.output<S>>;

type Frozen<T> = unknown extends T
  ? T
  : T extends Date | string | number | boolean | null | undefined
    ? T
    : T extends readonly (infer E)[]
      ? readonly Frozen<E>[]
      : { readonly [K in keyof T]: Frozen<T[K]> };
