import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import type { Credential } from '../../src/registry/credential.ts';
import type { Credentials } from '../../src/registry/credentials.ts';
import type { Clock } from '../../src/platform/clock.ts';
import type { Warning } from '../../src/platform/events.ts';
import type { Host } from '../../src/platform/host.ts';
import { clock } from '../../parts/ci-job/clock.ts';
import { plainHttp } from '../../src/platform/plain-http.ts';
import { spawnProcesses } from '../../src/platform/spawn.ts';

/** A host with a home and a scratch folder of its own, and its warnings at hand. */
export interface FixtureHost extends Host, AsyncDisposable {
  readonly home: string;
  readonly warnings: Warning[];
}

/** Time that runs ten times faster: waits and time-outs of seconds are tenths. */
export function fastClock(): Clock {
  const start = Date.now();
  return {
    now: () => new Date(start + (Date.now() - start) * 10),
    sleep: async (ms, signal) => await clock.sleep(ms / 10, signal),
  };
}

export async function openHost(
  options: {
    readonly env?: Readonly<Record<string, string>>;
    readonly clock?: Clock;
    readonly signal?: AbortSignal;
  } = {},
): Promise<FixtureHost> {
  const home = await mkdtemp(path.join(os.tmpdir(), 'warmbake-test-'));
  const warnings: Warning[] = [];
  return {
    home,
    warnings,
    env: { HOME: home, PATH: process.env['PATH'], ...options.env },
    cwd: home,
    platform: 'linux/amd64',
    processes: spawnProcesses(),
    clock: options.clock ?? clock,
    signal: options.signal ?? new AbortController().signal,
    random: () => 0.5,
    fetch: globalThis.fetch,
    http: plainHttp(),
    scratch: path.join(home, 'scratch'),
    emit: (event) => {
      if (event.type === 'warning') warnings.push(event.warning);
    },
    async [Symbol.asyncDispose]() {
      await rm(home, { recursive: true, force: true });
    },
  };
}

/** Logins given one after the other: the first until a fresh one is asked for. */
export function credentialsOf(first: Credential, ...fresh: Credential[]): Credentials & { asked: number } {
  let current = first;
  return {
    asked: 0,
    async lookUp(_host, options) {
      this.asked += 1;
      if (options?.fresh === true) current = fresh.shift() ?? current;
      return current;
    },
    dockerConfig: async () => ({}),
  };
}
