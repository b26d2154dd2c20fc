import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach } from 'vitest';
import type { CommandSpec, Outcome } from '../../src/cli/command.ts';
import { type FixtureHost, openHost } from '../image/fixture-host.ts';
import { MOTO_CREDENTIALS } from '../parts/moto.ts';
import type { Running } from '../parts/part.ts';
import { type MotoStore, startMotoStore } from './moto-store.ts';
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
  ): Promise<Outcome>;
}

/**
 * A moto for the test file and a host for each test, with AWS at moto behind the proxy. The SDK reads its credentials and
 * endpoint from the environment of the process, so they are set there.
 */
export function useBench(): Bench {
  let store: MotoStore & Running;
  let host: FixtureHost;
  beforeAll(async () => {
    store = await startMotoStore();
  });
  afterAll(async () => await store.stop());
  beforeEach(async () => {
    host = await openHost();
    Object.assign(process.env, MOTO_CREDENTIALS, { HOME: host.home, AWS_ENDPOINT_URL: store.endpoint });
  });
  afterEach(async () => {
    store.faults.set([]);
    for (const name of Object.keys(process.env)) if (name.startsWith('AWS_')) delete process.env[name];
    await host[Symbol.asyncDispose]();
  });
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
