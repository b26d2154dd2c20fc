/**
 * The indices in an order in which each comes after those that it needs; `undefined` where some need each other in a circle.
 * Linear, and without recursion: a chain of ten thousand must not overflow the stack.
 */
export function topDown(needs: readonly (readonly number[])[]): readonly number[] | undefined {
  const order = peel(needs);
  return order.length === needs.length ? order : undefined;
}

/** As {@link topDown}, but what lies in circles, or needs one that does, is left away. */
export function peel(needs: readonly (readonly number[])[]): readonly number[] {
  const neededBy: number[][] = needs.map(() => []);
  for (const [at, those] of needs.entries()) for (const to of those) neededBy[to]?.push(at);
  const missing = needs.map(({ length }) => length);
  const order = missing.flatMap((count, at) => (count === 0 ? [at] : []));
  for (const done of order) {
    for (const at of neededBy[done] ?? []) {
      const left = (missing[at] ?? 0) - 1;
      missing[at] = left;
      if (left === 0) order.push(at);
    }
  }
  return order;
}
