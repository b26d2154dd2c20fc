import { mkdir, writeFile } from 'node:fs/promises';
import { createServer, type RequestListener } from 'node:http';
import path from 'node:path';
import { execa } from 'execa';
import { describe, expect } from 'vitest';
import { dockerContext } from '../../src/bake/docker-context.ts';
import { engineFacts } from '../../src/bake/engine-facts.ts';
import { spawnProcesses } from '../../src/platform/spawn.ts';
import { openHost } from '../registry/fixture-host.ts';
import { test } from '../tiers/real.ts';

describe('the context in force is the one that docker says', () => {
  test.for([
    ['nothing', {}, undefined],
    ["the user's choice", {}, 'there'],
    ['DOCKER_CONTEXT', { DOCKER_CONTEXT: 'elsewhere' }, 'there'],
    ['DOCKER_CONTEXT default', { DOCKER_CONTEXT: 'default' }, 'there'],
    ['DOCKER_HOST', { DOCKER_CONTEXT: 'elsewhere', DOCKER_HOST: 'unix:///host.sock' }, 'there'],
    ['empty variables', { DOCKER_CONTEXT: '', DOCKER_HOST: '' }, 'there'],
  ] as const)('chosen by %s', async ([, variables, current], { engine }) => {
    await using host = await openHost({});
    const env = { PATH: engine.env['PATH'] ?? '', HOME: host.home };
    const docker = async (...argv: readonly string[]): Promise<string> =>
      (await execa('docker', argv, { env: { ...env, ...variables }, extendEnv: false })).stdout;
    for (const name of ['there', 'elsewhere']) {
      const create = ['context', 'create', name, `--docker=host=unix:///${name}.sock`];
      await execa('docker', create, { env, extendEnv: false });
    }
    if (current !== undefined) await execa('docker', ['context', 'use', current], { env, extendEnv: false });
    const found = await dockerContext({ ...env, ...variables });
    expect(found.name).toBe(await docker('context', 'show'));
    const inspected = await docker('context', 'inspect', '--format', '{{.Endpoints.docker.Host}}');
    expect(found.endpoint).toBe(inspected);
  });
});

describe('an engine', () => {
  test('is asked over its socket, without a docker', async ({ engine }) => {
    await using host = await openHost({ env: {} });
    const { PATH: _, ...env } = engine.env;
    const facts = await engineFacts({ ...host, processes: { run: () => expect.fail('a process') } }, env);
    expect(facts).toMatchObject({ name: 'default', state: 'can-export', endpoint: engine.dockerHost });
    expect(facts.operatingSystem).not.toBe('');
    expect(facts.securityOptions).toEqual(expect.any(Array));
  });

  test('is asked by docker where its endpoint is no local socket, and where the socket refuses', async ({
    engine,
  }) => {
    await using host = await openHost({});
    const socket = path.join(host.home, 'refusing.sock');
    let asked = 0;
    const refuse: RequestListener = (_, answer) => {
      asked += 1;
      answer.writeHead(403).end('{}');
    };
    const server = createServer(refuse).listen(socket);
    const bin = path.join(host.home, 'bin');
    await mkdir(bin);
    const said = { DriverStatus: [['driver-type', 'io.containerd.snapshotter.v1']], OperatingSystem: 'Far' };
    const script = `#!/bin/sh\necho '${JSON.stringify(said)}'\n`;
    await writeFile(path.join(bin, 'docker'), script, { mode: 0o755 });
    const env = { ...engine.env, PATH: `${bin}:${engine.env['PATH']}` };
    try {
      for (const DOCKER_HOST of ['ssh://somewhere', `unix://${socket}`]) {
        const facts = await engineFacts({ ...host, processes: spawnProcesses() }, { ...env, DOCKER_HOST });
        expect(facts).toMatchObject({ state: 'can-export', operatingSystem: 'Far', endpoint: DOCKER_HOST });
      }
      expect(asked).toBe(1);
    } finally {
      server.close();
    }
  });

  test('that is not there is unreachable: no socket, or nobody on the other side', async ({ engine }) => {
    await using host = await openHost({});
    const places = [
      [`unix://${host.home}/none.sock`, { trouble: 'ENOENT' }],
      ['tcp://127.0.0.1:1', {}],
    ] as const;
    for (const [DOCKER_HOST, more] of places) {
      const facts = await engineFacts(
        { ...host, processes: spawnProcesses() },
        { ...engine.env, DOCKER_HOST },
      );
      expect(facts).toEqual({ name: 'default', endpoint: DOCKER_HOST, state: 'unreachable', ...more });
    }
  });
});
