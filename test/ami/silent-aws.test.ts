import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { CommandSpec } from '../../src/cli/command.ts';
import { amiCleanCommand } from '../../src/cli/commands/ami/clean.ts';
import { amiListCommand } from '../../src/cli/commands/ami/list.ts';
import { amiRollCommand } from '../../src/cli/commands/ami/roll.ts';
import { amiRollbackCommand } from '../../src/cli/commands/ami/rollback.ts';
import { amiStatusCommand } from '../../src/cli/commands/ami/status.ts';
import { Interrupted } from '../../src/platform/errors.ts';
import type { Host } from '../../src/platform/host.ts';
import { spawnProcesses } from '../../src/platform/spawn.ts';
import { FakeAccount } from './fake/account.ts';
import { hostFor } from './two-at-once.ts';

const CONFIG = `
repository: github.com/acme/app
images: { registry: images.example, trusted: app, untrusted: app-test }
cache: { registry: cache.example, trusted: app-cache, untrusted: app-test-cache }
bake: { files: [docker-bake.hcl] }
targets: { test: {} }
ami:
  cpu:
    name: app-build
    region: us-east-1
    parameter: /ci/app-image
    network: { securityGroup: /ci/security-group, subnet: /ci/subnet }
    baseStack: 6.21.0
    warm: { target: test, step: image-build, minimumBytes: 20GB, longestStep: 120s }
    stacks: [premerge, postmerge, release]
    canary: { stack: premerge, watch: 10m }
`;
/** Nobody waits longer than this without a word. */
const PATIENCE_MS = 2_000;

let directory = '';
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'warmbake-silent-'));
  await writeFile(join(directory, 'warmbake.yaml'), CONFIG);
  vi.stubEnv('AWS_ACCESS_KEY_ID', 'nobody');
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'nothing');
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await rm(directory, { recursive: true, force: true });
});

/** Never answers; ends when it is told to. */
const silent: typeof fetch = async (_, options) =>
  await new Promise((_resolve, reject) =>
    options?.signal?.addEventListener('abort', () => reject(options.signal?.reason as Error)),
  );

test.each<[string, CommandSpec, object, string]>([
  ['status', amiStatusCommand, {}, 'reading 3 stacks takes a moment'],
  ['list', amiListCommand, {}, 'reading images and who uses them takes a moment'],
  ['roll', amiRollCommand, {}, 'rolling 3 stacks takes a moment'],
  ['roll of one stack', amiRollCommand, { stack: ['release'] }, 'rolling 1 stack takes a moment'],
  ['roll --dry-run', amiRollCommand, { dryRun: true }, 'reading 3 stacks takes a moment'],
  ['rollback', amiRollbackCommand, { yes: true, reason: 'no' }, 'bringing back 3 stacks takes a moment'],
  ['rollback --undo', amiRollbackCommand, { undo: true, yes: true }, 'takes a moment'],
  ['clean', amiCleanCommand, {}, 'reading images and who uses them takes a moment'],
])(
  '%s says within two seconds what it waits for, though nothing has answered',
  async (_, command, options, text) => {
    const end = new AbortController();
    const host = hostFor(new FakeAccount());
    const said = new Promise<string>((resolve) => {
      const silentHost: Host = {
        ...host,
        cwd: directory,
        processes: spawnProcesses(),
        fetch: silent,
        signal: end.signal,
        // Two seconds are over at once, all that is longer never is.
        clock: {
          now: () => new Date(0),
          sleep: async (ms, signal) => {
            if (ms <= PATIENCE_MS) return;
            await new Promise((_resolve, reject) =>
              signal?.addEventListener('abort', () => reject(signal.reason as Error)),
            );
          },
        },
        emit: (event) => {
          if (event.type === 'log') resolve(event.lines.join('\n'));
        },
      };
      const input = { args: [], options: { config: join(directory, 'warmbake.yaml'), ...options } };
      command.run(silentHost, input).catch((error: unknown) => resolve(`ended: ${String(error)}`));
    });
    expect(await said).toContain(text);
    end.abort(new Interrupted('SIGINT'));
  },
);
