import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach } from 'vitest';
import type { CommandSpec, CommandOutcome } from '../../src/cli/command.ts';
import { type FixtureHost, openHost } from '../registry/fixture-host.ts';
import type { Running } from '../../parts/part.ts';
import { needsMoto } from '../tiers/moto.ts';
import { type MotoStore, forgetAws, startMotoStore, useAws } from './moto-store.ts';
import { configurationOf } from './settings.ts';

/** What a test of an sccache command works with. */
export interface Bench {
  readonly store: MotoStore;
  readonly host: FixtureHost;
  /** Runs a command with a configuration that has this `sccache` section. */
  run(
    spec: CommandSpec,
    section: Readonly<Record<string, unknown>>,
    options?: Readonly<Record<string, string | boolean>>,
  ): Promise<CommandOutcome>;
}

/**
 * A moto with `buckets` for the test file (without one its tests are skipped), and a host for each test, with AWS at moto
 * behind the proxy.
 */
export async function useBench(buckets: readonly string[] = []): Promise<Bench> {
  let store: MotoStore & Running;
  let host: FixtureHost;
  if (await needsMoto()) {
    beforeAll(async () => {
      store = await startMotoStore();
      for (const bucket of buckets) await store.createBucket(bucket);
    });
    afterAll(async () => await store.stop());
    beforeEach(async () => {
      host = await openHost();
      useAws(host.home, store.endpoint);
    });
    afterEach(async () => {
      store.faults.set([]);
      forgetAws();
      await host[Symbol.asyncDispose]();
    });
  }
  return {
    get store() {
      return store;
    },
    get host() {
      return host;
    },
    async run(spec, section, options = {}) {
      const config = path.join(host.home, 'w.yaml');
      await writeFile(config, configurationOf(section));
      return await spec.run(host, { args: [], options: { config, ...options } });
    },
  };
}
