import * as z from 'zod';

const asking = z.object({ entitlements: z.array(z.string()).default([]), network: z.string().optional() });
const printed = z.object({ target: z.record(z.string(), asking) });

/**
 * The entitlements that a definition asks for, each once: buildx wants them named on its command line too (0.17 and later, which are those
 * that know the attributes). The host's network is one, however it is asked for.
 */
export function entitlementsOf(raw: unknown): readonly string[] {
  const all = Object.values(printed.parse(raw).target).flatMap(({ entitlements, network }) => [
    ...entitlements,
    ...(network === 'host' ? ['network.host'] : []),
  ]);
  return [...new Set(all)];
}
