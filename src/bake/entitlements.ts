import * as z from 'zod';

const printed = z.object({
  target: z.record(z.string(), z.object({ entitlements: z.array(z.string()).default([]) })),
});

/** The entitlements that a printed definition asks for, each once: buildx wants them named on its command line too. */
export function entitlementsOf(raw: unknown): readonly string[] {
  const targets = Object.values(printed.parse(raw).target);
  return [...new Set(targets.flatMap(({ entitlements }) => entitlements))];
}
