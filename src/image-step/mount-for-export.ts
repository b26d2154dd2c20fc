import { setImmediate } from 'node:timers/promises';
import { mountAll, type MountReport } from '../delivery/mount.ts';
import { type Repository, repositoryName } from '../registry/reference.ts';
import type { BuildServices } from './build-services.ts';
import type { Work } from './work.ts';

/** Mounts that are made while the build runs. */
export interface Mounting {
  /** Gives up what is left, and says what came of it. */
  readonly end: () => Promise<void>;
}

/**
 * Makes the donors' layers blobs of the repositories that the build writes, where these are in the same registry. Layers that BuildKit
 * got through the gateway carry no word of where they come from: without this it would load them through this machine, only to push
 * them to a registry that has them already.
 */
export function mountForExport(
  { host, registry }: Pick<BuildServices, 'host' | 'registry'>,
  { plan, targets }: Work,
): Mounting {
  const { import: source } = plan;
  if (source.way !== 'gateway') return { end: async () => await Promise.resolve() };
  const written = targets.flatMap(({ exportTo, tags }) => [...exportTo, ...tags]);
  const repositories = new Map<string, Repository>(written.map((ref) => [repositoryName(ref), ref]));
  const stop = new AbortController();
  const donors = source.places;
  // Bake was told to start: asking for the first layers would come before it.
  const mounting = setImmediate().then(
    async () =>
      await mountAll(source.merged, [...repositories.values()], {
        registry,
        donors,
        host,
        signal: stop.signal,
      }),
  );
  return {
    end: async () => {
      stop.abort();
      for (const text of mountLines(await mounting)) host.emit({ type: 'line', text });
    },
  };
}

function mountLines({ mounted, bytes, closed }: MountReport): readonly string[] {
  return [
    ...(mounted === 0
      ? []
      : [`mounted  ${mounted} layers (${(bytes / 1e6).toFixed(1)} MB) within the registry`]),
    ...closed.map(({ from, to, because }) => `mounted  nothing from ${from} into ${to}: ${because}`),
  ];
}
