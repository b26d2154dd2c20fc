import { inject, test as base } from 'vitest';
import type { Buildx, Engine } from '../../parts/engine.ts';
import { type Faults, startFaults } from '../../parts/faults.ts';
import { isMinor } from '../../parts/find-buildx.ts';
import { missing, type Part } from '../../parts/part.ts';
import type { Registry } from '../../parts/registry.ts';

/** Real parts that a test can ask for by name. */
export interface RealParts {
  readonly engine: Engine;
  /** The engine, where its store may be emptied: not one that was there already. */
  readonly ownEngine: Engine;
  readonly registry: Registry;
  /** A front of the registry that can be told to fail; ends with the test. */
  readonly faults: Faults;
  /** The oldest supported buildx: an environment for `docker buildx`, as `engine.env` is one for the newest. */
  readonly oldBuildx: Buildx;
}

/** Everything that a {@link RealParts} fixture hands to its test, or the reason for which the test is skipped. */
function handOver<T>(part: Part<T>, skip: (because: string) => never): T {
  if (part.state === 'here') return part.value;
  if (process.env['WARMBAKE_REQUIRE_PARTS'] === '1') throw new Error(part.because);
  return skip(part.because);
}

function oldBuildxOf(engine: Part<Engine>): Part<Buildx> {
  if (engine.state === 'missing') return engine;
  const [newest, ...others] = engine.value.buildx;
  const oldest = others.at(-1) ?? newest;
  return isMinor(oldest, 13, 16)
    ? { ...engine, value: oldest }
    : missing('no buildx older than 0.17 beside the newest');
}

/**
 * `test` for files named `*.real.test.ts`: a test that names a part in its first argument gets it, and is reported as
 * skipped with the reason where it cannot be had (as failed with WARMBAKE_REQUIRE_PARTS=1).
 */
export const test = base.extend<RealParts>({
  engine: async ({ skip }, use) => {
    await use(handOver(inject('engine'), skip));
  },
  ownEngine: async ({ engine, skip }, use) => {
    skip(!engine.owned, "an existing engine's store is not ours to empty");
    await use(engine);
  },
  registry: async ({ skip }, use) => {
    await use(handOver(inject('registry'), skip));
  },
  faults: async ({ registry }, use) => {
    const faults = await startFaults(registry.host);
    await use(faults);
    await faults.stop();
  },
  oldBuildx: async ({ skip }, use) => {
    await use(handOver(oldBuildxOf(inject('engine')), skip));
  },
});
