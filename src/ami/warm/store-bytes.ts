import { WarmbakeError } from '../../platform/errors.ts';
import type { Host } from '../../platform/host.ts';
import type { WarmCall } from './bake.ts';
import { explainExit, succeeded } from '../../platform/process.ts';

const UNITS: Readonly<Record<string, number>> = { B: 1, kB: 1e3, MB: 1e6, GB: 1e9, TB: 1e12 };

/** The total that `docker buildx du` ends with, in bytes (four digits of it); `undefined` where it has none. */
export function totalBytes(text: string): number | undefined {
  const [, number, unit] = /^Total:\s+([\d.]+)([kMGT]?B)\s*$/m.exec(text) ?? [];
  const factor = UNITS[unit ?? ''];
  return number === undefined || factor === undefined ? undefined : Math.round(Number(number) * factor);
}

/** What a builder's store holds. Throws `outside` where it does not say. */
export async function storeBytes(
  host: Host,
  { builder, buildx, env }: Pick<WarmCall, 'builder' | 'buildx' | 'env'>,
): Promise<number> {
  const finished = await host.processes.run(
    { argv: [...buildx, 'du', '--builder', builder], env, timeoutMs: 120_000 },
    { signal: host.signal },
  );
  host.signal.throwIfAborted();
  const bytes = succeeded(finished) ? totalBytes(finished.stdout) : undefined;
  if (bytes !== undefined) return bytes;
  throw new WarmbakeError('outside', 'no-store-size', `docker buildx du: ${explainExit(finished)}`);
}
