import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { BASE_IMAGE } from '../../parts/base-image.ts';
import type { Engine } from '../../parts/engine.ts';
import type { Registry } from '../../parts/registry.ts';
import { makeCheckout } from '../demo/checkout.ts';
import { CONTENDERS, NO_CACHE } from './contenders.ts';
import { live } from './life.ts';
import { startLink } from './link.ts';
import { makeScenarios } from './scenarios.ts';
import { cacheTables, type Runs } from './cache-tables.ts';

/** Options of {@link measureCaches}. */
export interface CacheOptions {
  /** How often each contender plays the whole life. */
  readonly runs: number;
  /** Round trips to the registry, in milliseconds. */
  readonly roundTrips: readonly number[];
  /** The scenario that is told; the ones before it are played all the same. */
  readonly only?: string;
  readonly scratch: string;
}

/** Plays the life of a pull request with each way of caching, in turns; the lines of tables. */
export async function measureCaches(
  engine: Engine,
  registry: Registry,
  { runs, roundTrips, only, scratch }: CacheOptions,
): Promise<readonly string[]> {
  const link = await startLink(registry.host);
  try {
    const checkout = await makeCheckout(scratch, link.host);
    const dockerfile = path.join(checkout.directory, 'Dockerfile');
    const text = (await readFile(dockerfile, 'utf8')).replace(`${link.host}/demo/base:1`, BASE_IMAGE);
    await writeFile(dockerfile, text);
    await checkout.git('commit', '--quiet', '--all', '--amend', '--no-edit');
    const all = await makeScenarios(checkout);
    if (only !== undefined && !all.some(({ name }) => name === only))
      throw new Error(`'${only}' is not a scenario: ${all.map(({ name }) => name).join(', ')}`);
    const scenarios = all.slice(
      0,
      only === undefined ? all.length : all.findIndex((s) => s.name === only) + 1,
    );
    const place = { engine, checkout, link, scenarios, directory: scratch };
    // Else the first one would push the base image, which all others have mounted from its repository.
    await live(NO_CACHE, 'warm-up', { ...place, scenarios: scenarios.slice(0, 1) });
    const measured = new Map(roundTrips.map((ms) => [ms, CONTENDERS.map((): Runs => new Map())]));
    for (let run = 1; run <= runs; run++) {
      for (const [ms, columns] of measured) {
        link.roundTrip = ms;
        for (const [i, contender] of CONTENDERS.entries()) {
          const namespace = `${contender.name.replace(' ', '-')}-${ms}-${run}`;
          const cells = await live(contender, namespace, place);
          for (const [name, cell] of cells) columns[i]?.set(name, [...(columns[i].get(name) ?? []), cell]);
          console.error(
            JSON.stringify({ run, ms, contender: contender.name, cells: Object.fromEntries(cells) }),
          );
        }
      }
    }
    const told = scenarios.filter((s) => s.untold === undefined && (only ?? s.name) === s.name);
    return cacheTables(
      told.map(({ name }) => name),
      measured,
    );
  } finally {
    await link.stop();
  }
}
