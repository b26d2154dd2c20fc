import { execa } from 'execa';
import { existsSync } from 'node:fs';
import { chmod, mkdir, symlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { expect } from 'vitest';
import { probeCandidates } from '../../src/cache/probe.ts';
import { TRUST } from '../../src/refs/candidate.ts';
import { createCredentials } from '../../src/registry/credentials.ts';
import { createLogin } from '../../src/registry/login.ts';
import { requireReference } from '../../src/registry/reference.ts';
import { createRegistry } from '../../src/registry/registry.ts';
import { BASE_IMAGE } from '../../parts/base-image.ts';
import { REGISTRY_LOGIN, startRegistry } from '../../parts/registry.ts';
import { test } from '../tiers/real.ts';
import { credentialsOf, type FixtureHost, openHost } from './fixture-host.ts';

const login = { kind: 'basic', ...REGISTRY_LOGIN } as const;

/** The user's docker folder: a buildx, and a credential store that keeps a note of each question and knows no answer. */
async function makeUsersFolder(host: FixtureHost, plugins: string): Promise<void> {
  const folder = path.join(host.home, '.docker');
  await mkdir(folder);
  await symlink(plugins, path.join(folder, 'cli-plugins'));
  await writeFile(path.join(folder, 'config.json'), '{"credsStore":"note"}');
  const program = path.join(host.home, 'docker-credential-note');
  await writeFile(program, `#!/bin/sh\ncat >> "${host.home}/asked"\necho credentials not found\nexit 1\n`);
  await chmod(program, 0o755);
}

/** Bakes an image and its cache into `repository` and pushes both. */
async function bake(
  host: FixtureHost,
  env: Readonly<Record<string, string>>,
  repository: string,
): Promise<void> {
  const cache = `type=registry,ref=${repository}/cache:main,mode=max,image-manifest=true,oci-mediatypes=true`;
  const app = { context: '.', tags: [`${repository}/app:1`], output: ['type=registry'], 'cache-to': [cache] };
  await writeFile(path.join(host.home, 'docker-bake.json'), JSON.stringify({ target: { app } }));
  await writeFile(path.join(host.home, 'Dockerfile'), `FROM ${BASE_IMAGE}\nCOPY Dockerfile /\n`);
  await execa('docker', ['buildx', 'bake', '--builder', 'default', 'app'], {
    env: { ...env, PATH: `${host.home}:${env['PATH']}` },
    extendEnv: false,
    cwd: host.home,
  });
}

test('buildx, old and new, pushes with our login and leaves the store of the user alone', async ({
  engine,
}) => {
  const registry = await startRegistry({ locked: true });
  try {
    for (const { env, version } of engine.buildx) {
      await using host = await openHost();
      await makeUsersFolder(host, path.join(env['DOCKER_CONFIG']!, 'cli-plugins'));
      // Our login, and the configuration as the user has it.
      const users = createCredentials(host);
      const credentials = { ...credentialsOf(login), dockerConfig: () => users.dockerConfig() };
      const docker = await createLogin([registry.host], credentials, { host });
      const repository = `${registry.host}/login/v${version}`;
      await bake(host, { ...env, ...docker.env }, repository);

      expect(existsSync(path.join(host.home, 'asked'))).toBe(false);
      const ref = requireReference(`${repository}/cache:main`);
      const [probed] = await probeCandidates(
        [[{ role: 'main', ref, trust: TRUST.own, alternative: false }]],
        { registry: createRegistry(host, credentialsOf(login)), host },
        { maxSources: 6 },
      );
      expect(probed?.sources).toMatchObject([{ state: 'found' }]);
    }
  } finally {
    await registry.stop();
  }
});

test('a locked registry lets in who has the login, and tells others that they are denied', async ({
  registry,
}) => {
  const locked = await startRegistry({ locked: true });
  try {
    await using host = await openHost();
    const ref = requireReference(`${locked.host}/login/app:1`);
    const known = createRegistry(host, credentialsOf(login));
    const stranger = createRegistry(host, credentialsOf({ ...login, password: 'x' }));
    expect(await known.head(ref)).toEqual({ state: 'missing' });
    expect(await known.canPush(ref)).toEqual({ can: true });
    expect(await stranger.head(ref)).toMatchObject({ state: 'denied' });
    expect(await stranger.canPush(ref)).toMatchObject({ can: false, kind: 'denied' });
    const open = requireReference(`${registry.host}/login/app:1`);
    expect(await stranger.canPush(open)).toEqual({ can: true });
  } finally {
    await locked.stop();
  }
});

test('a cache that gets an annotation is put back, and read as it was written', async ({
  engine,
  registry,
}) => {
  await using host = await openHost();
  const repository = `${registry.host}/login/annotated`;
  await bake(host, engine.env, repository);
  const client = createRegistry(host, credentialsOf({ kind: 'anonymous' }));
  const ref = requireReference(`${repository}/cache:main`);
  const manifest = await client.manifest(ref);
  if (manifest.state !== 'found') throw new Error(manifest.state);

  const content = JSON.parse(Buffer.from(manifest.body).toString()) as object;
  const body = JSON.stringify({ ...content, annotations: { 'org.opencontainers.image.revision': 'x' } });
  const written = await client.putManifest(requireReference(`${repository}/cache:latest`), {
    mediaType: manifest.mediaType,
    body,
  });
  expect(written).toMatchObject({ state: 'written' });
  const read = await client.manifest(requireReference(`${repository}/cache:latest`));
  expect(read).toMatchObject({ state: 'found', mediaType: manifest.mediaType });
  expect(read.state === 'found' && Buffer.from(read.body).toString()).toBe(body);
  expect(written.state === 'written' && (await client.head({ ...ref, digest: written.digest })).state).toBe(
    'found',
  );
});
