import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { execa } from 'execa';
import { afterEach, beforeEach, describe, expect } from 'vitest';
import { findBuildx, THROUGH_DOCKER } from '../../src/bake/buildx-program.ts';
import { test } from '../tiers/real.ts';

let root = '';
beforeEach(async () => void (root = await mkdtemp(path.join(tmpdir(), 'warmbake-buildx-'))));
afterEach(async () => await rm(root, { recursive: true, force: true }));

/** A plugin that says where it lies. */
const PLUGIN = `#!/bin/sh
[ "$1" = docker-cli-plugin-metadata ] || { echo "$0"; exit; }
echo '{"SchemaVersion":"0.1.0","Vendor":"somebody","Version":"1"}'
`;

async function plugin(folder: string, mode = 0o755): Promise<string> {
  const file = path.join(root, folder, 'docker-buildx');
  await mkdir(path.dirname(file), { recursive: true });
  await writeFile(file, PLUGIN);
  await chmod(file, mode);
  return file;
}

describe('the buildx that docker would run', () => {
  test.for([
    ["in the user's folder", ['docker/cli-plugins'], 'docker/cli-plugins'],
    ['in a folder that the configuration names', ['extra'], 'extra'],
    ['in both: the folder that the configuration names', ['docker/cli-plugins', 'extra'], 'extra'],
  ] as const)('%s', async ([, folders, chosen], { engine }) => {
    for (const folder of folders) await plugin(folder);
    const DOCKER_CONFIG = path.join(root, 'docker');
    await mkdir(DOCKER_CONFIG, { recursive: true });
    await writeFile(
      path.join(DOCKER_CONFIG, 'config.json'),
      JSON.stringify({ cliPluginsExtraDirs: [path.join(root, 'extra')] }),
    );
    const env = { ...engine.env, DOCKER_CONFIG };
    const { stdout } = await execa('docker', ['buildx'], { env, extendEnv: false });
    expect([stdout]).toEqual([path.join(root, chosen, 'docker-buildx')]);
    expect(await findBuildx(env, { system: [] })).toEqual([stdout]);
  });

  test("where only the system has one: the system's, and without HOME too", async () => {
    const file = await plugin('system');
    expect(await findBuildx({}, { system: [path.join(root, 'nowhere'), path.dirname(file)] })).toEqual([
      file,
    ]);
  });

  test('is left to docker where it cannot be run, where there is none, and for TLS', async () => {
    const system = [path.dirname(await plugin('first', 0o644)), path.dirname(await plugin('second'))];
    expect(await findBuildx({ HOME: root }, { system })).toEqual(THROUGH_DOCKER);
    expect(await findBuildx({ HOME: root }, { system: [] })).toEqual(THROUGH_DOCKER);
    const env = { HOME: root, DOCKER_TLS_VERIFY: '1' };
    expect(await findBuildx(env, { system: system.slice(1) })).toEqual(THROUGH_DOCKER);
  });
});

/** What a buildx says about the builder that it takes by itself: name, driver, endpoint. */
const ASKED = ['inspect'] as const;

describe('buildx called by itself does what it does through docker', () => {
  test.for(['engine', 'DOCKER_CONTEXT', 'currentContext', 'BUILDX_BUILDER'] as const)(
    'where %s chooses the builder, in the oldest and in the newest',
    async (chosenBy, { engine }) => {
      for (const { env, plugin: file } of engine.buildx) {
        const { DOCKER_HOST = '', ...rest } = env;
        const DOCKER_CONFIG = path.join(root, path.basename(path.dirname(env['HOME'] ?? '')), chosenBy);
        await mkdir(path.join(DOCKER_CONFIG, 'cli-plugins'), { recursive: true });
        await execa('ln', ['-sf', file, path.join(DOCKER_CONFIG, 'cli-plugins/docker-buildx')]);
        const named = { ...rest, DOCKER_CONFIG };
        const run = { env: named, extendEnv: false };
        await execa('docker', ['context', 'create', 'there', `--docker=host=${DOCKER_HOST}`], {
          ...run,
          reject: false,
        });
        const create = ['buildx', 'create', '--name', 'mine', '--driver', 'remote', 'unix:///nowhere'];
        if (chosenBy === 'BUILDX_BUILDER') await execa('docker', create, run);
        if (chosenBy === 'currentContext') await execa('docker', ['context', 'use', 'there'], run);
        const chosen = {
          engine: { DOCKER_HOST },
          DOCKER_CONTEXT: { DOCKER_CONTEXT: 'there' },
          currentContext: {},
          BUILDX_BUILDER: { BUILDX_BUILDER: 'mine' },
        }[chosenBy];
        const options = { env: { ...named, ...chosen }, extendEnv: false, reject: false } as const;
        const through = await execa('docker', ['buildx', ...ASKED], options);
        const direct = await execa(file, ASKED, options);
        expect(direct.stdout).toBe(through.stdout);
        expect(direct.stdout).toMatch(/^Name: +(?:default|there|mine)$/m);
        await rm(DOCKER_CONFIG, { recursive: true });
      }
    },
  );
});
