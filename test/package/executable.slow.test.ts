import { readFile } from 'node:fs/promises';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { createReadStream } from 'node:fs';
import { execa } from 'execa';
import { afterAll, beforeAll, beforeEach, describe, expect } from 'vitest';
import { executableName, makeBlob } from '../../package/executable.ts';
import { fetchedNode, NODE_VERSION } from '../../package/node-binary.ts';
import { makePieces } from '../../package/pieces.ts';
import { VERSION } from '../../src/platform/version.ts';
import { makeAgent } from '../../parts/ci-job/agent.ts';
import { MAIN } from '../../parts/ci-job/variables.ts';
import { PROJECT } from '../../parts/project.ts';
import { test } from '../tiers/real.ts';
import { readElf } from './elf.ts';
import { makeDirectory, run } from './packed.ts';

const [x64, arm64] = await Promise.all([fetchedNode('x64'), fetchedNode('arm64')]);
const here = process.arch === 'arm64' ? arm64 : x64;
const MISSING = `no Node ${NODE_VERSION} to make executables of; npm run pretest fetches it`;
beforeEach(({ skip }) => {
  if (x64 !== undefined && arm64 !== undefined) return;
  if (process.env['WARMBAKE_REQUIRE_PARTS'] === '1') throw new Error(MISSING);
  skip(MISSING);
});

let release: Awaited<ReturnType<typeof makeDirectory>>;
let executable = '';
beforeAll(async () => {
  release = await makeDirectory();
  executable = path.join(release.path, executableName(process.arch === 'arm64' ? 'arm64' : 'x64'));
  if (x64 === undefined || arm64 === undefined) return;
  await execa(process.execPath, [path.join(PROJECT, 'dist/package/package.js'), '--out', release.path]);
}, 120_000);
afterAll(async () => await release.remove());

describe('the executable', () => {
  test('says its version without Node, and whatever NODE_OPTIONS says', async () => {
    const env = { PATH: '/nowhere', NODE_OPTIONS: '--require /nowhere/module.js' };
    expect(await run([executable, '--version'], env)).toEqual({ exitCode: 0, out: VERSION, err: '' });
  });

  test('checks the committed overlay', async () => {
    const argv = [executable, 'hcl', '--check', '--config', 'bake/vllm.warmbake.yaml'] as const;
    const ran = await run(argv, { PATH: process.env['PATH'] }, { cwd: PROJECT });
    expect([ran.exitCode, ran.out]).toEqual([0, 'bake/ci.hcl is up to date']);
  });

  test('plans, builds and skips as the sources do', async ({ engine, registry }) => {
    await using agent = await makeAgent(engine.env, { images: registry.host });
    const ours = async (...args: readonly string[]): Promise<unknown> => {
      const { cwd, env } = await agent.job(args, MAIN);
      return JSON.parse((await run([executable, ...args, '--json'], env, { cwd })).out);
    };
    const plan = await agent.plan(MAIN);
    expect(await ours('plan')).toEqual(plan);
    const tags = plan.targets[0]?.tags;
    expect(await ours('build')).toMatchObject({
      outcome: 'built',
      targets: [{ verified: tags?.map((ref) => ({ ref })) }],
    });
    expect(await ours('build')).toMatchObject({ outcome: 'skipped' });
  });

  // The shortest of many starts of each: what else runs on this machine adds to all of them.
  test('starts within one and a half times of an empty Node program', { retry: 2 }, async () => {
    const empty = [here?.program ?? '', '-e', ''] as const;
    const shortest = { empty: Number.POSITIVE_INFINITY, ours: Number.POSITIVE_INFINITY };
    for (let i = 0; i < 15; i++) {
      shortest.empty = Math.min(shortest.empty, await secondsOf(empty));
      shortest.ours = Math.min(shortest.ours, await secondsOf([executable, '--version']));
    }
    expect(shortest.ours / shortest.empty).toBeLessThan(1.5);
  });

  test('is installed by the launcher in less than five seconds', async () => {
    const server = http.createServer((request, response) => {
      createReadStream(path.join(release.path, path.basename(request.url ?? ''))).pipe(response);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    try {
      const home = await makeDirectory();
      const env = {
        PATH: process.env['PATH'],
        HOME: home.path,
        WARMBAKE_LOCATION: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
      };
      const launch = ['sh', path.join(release.path, 'warmbake.sh'), '--version'] as const;
      const start = performance.now();
      expect(await run(launch, env)).toEqual({ exitCode: 0, out: VERSION, err: '' });
      expect(performance.now() - start).toBeLessThan(5_000);
      await home.remove();
    } finally {
      server.close();
    }
  });
});

describe('the release', () => {
  test('holds both executables, each for its machine, with one and the same program inside', async () => {
    const [first, second] = await Promise.all(
      (['x64', 'arm64'] as const).map(async (arch) =>
        readElf(await readFile(path.join(release.path, executableName(arch)))),
      ),
    );
    expect(first).toMatchObject({ machine: 'x86-64', fuse: '1' });
    expect(second).toMatchObject({ machine: 'aarch64', fuse: '1' });
    expect(first?.program.length).toBeGreaterThan(1_000_000);
    expect(second?.program.equals(first?.program ?? Buffer.of())).toBe(true);
  });

  test('is the same whenever it is made', async () => {
    const { texts } = await makePieces();
    const blobs = await Promise.all(
      ['one', 'two'].map(async (name) => {
        const scratch = path.join(release.path, name);
        return await readFile(await makeBlob(texts, here?.program ?? '', { scratch }));
      }),
    );
    expect(blobs[0]?.equals(blobs[1] ?? Buffer.of())).toBe(true);
  });

  test('has a checksum for every file', async () => {
    const checked = await run(
      ['sha256sum', '--check', 'SHA256SUMS'],
      { PATH: process.env['PATH'] },
      { cwd: release.path },
    );
    expect(checked.exitCode).toBe(0);
    expect(checked.out.split('\n').toSorted()).toEqual(
      [
        'LICENCES.txt: OK',
        'github/action.yml: OK',
        'github/run.sh: OK',
        'github/warmbake.sh: OK',
        'gitlab/templates/warmbake.yml: OK',
        'warmbake-buildkite-plugin/hooks/command: OK',
        'warmbake-buildkite-plugin/plugin.yml: OK',
        'warmbake-buildkite-plugin/warmbake.sh: OK',
        'warmbake-linux-arm64.gz: OK',
        'warmbake-linux-arm64: OK',
        'warmbake-linux-x64.gz: OK',
        'warmbake-linux-x64: OK',
        'warmbake.cjs: OK',
        'warmbake.sh: OK',
      ].toSorted(),
    );
  });

  test.for([
    ['the GitHub action', 'github/run.sh', { INPUT_CONFIG: 'none', INPUT_COMMAND: 'schema' }],
    [
      'the Buildkite plugin',
      'warmbake-buildkite-plugin/hooks/command',
      { BUILDKITE_PLUGIN_WARMBAKE_CONFIG: 'none', BUILDKITE_PLUGIN_WARMBAKE_COMMAND: 'schema' },
    ],
  ] as const)('%s starts the very executable beside it, where the machine has it', async ([, form, env]) => {
    await execa('ln', ['-sf', executable, path.join(release.path, 'warmbake')]);
    const ran = await run(['bash', path.join(release.path, form)], {
      PATH: `${release.path}:${process.env['PATH'] ?? ''}`,
      ...env,
    });
    expect([ran.exitCode, ran.out]).toEqual([
      0,
      expect.stringContaining('warmbake.yaml, as people write it'),
    ]);
  });

  test('names the licences of what is inside', async () => {
    const text = await readFile(path.join(release.path, 'LICENCES.txt'), 'utf8');
    expect(text).toMatch(/^warmbake .* \(Apache-2\.0\)\n\n/);
    for (const name of ['execa 9', 'commander 14', 'zod 4', '@aws-sdk/client-ec2 3', 'Node.js'])
      expect(text).toContain(`\n${name}`);
  });
});

async function secondsOf([program, ...args]: readonly [string, ...string[]]): Promise<number> {
  const start = performance.now();
  await execa(program, args);
  return (performance.now() - start) / 1000;
}
