import { existsSync } from 'node:fs';
import { lstat, mkdir, readdir, readFile, readlink, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createCredentials } from '../../src/registry/credentials.ts';
import { createLogin } from '../../src/registry/login.ts';
import { isTag } from '../../src/registry/reference.ts';
import { createRegistry } from '../../src/registry/registry.ts';
import type { Event } from '../../src/platform/events.ts';
import type { Command } from '../../src/platform/process.ts';
import { credentialsOf, type FixtureHost, openHost } from './fixture-host.ts';
import { refuse, startFixtureRegistry } from './fixture-registry.ts';

const base64 = (text: string): string => Buffer.from(text).toString('base64');
const ada = { kind: 'basic', username: 'ada', password: 'p1' } as const;

let host: FixtureHost;

beforeEach(async () => {
  host = await openHost();
});

afterEach(async () => {
  await host[Symbol.asyncDispose]();
});

const usersConfig = async () => await createCredentials(host).dockerConfig();

async function readConfig(env: Readonly<Record<string, string>>): Promise<unknown> {
  return JSON.parse(await readFile(path.join(env['DOCKER_CONFIG']!, 'config.json'), 'utf8'));
}

test('the configuration is private, and only this run has it', async () => {
  const { env } = await createLogin(['a.b'], credentialsOf(ada), { host });
  expect(env['DOCKER_CONFIG']).toBe(path.join(host.scratch, 'docker'));
  expect((await stat(env['DOCKER_CONFIG']!)).mode & 0o777).toBe(0o700);
  expect((await stat(path.join(env['DOCKER_CONFIG']!, 'config.json'))).mode & 0o777).toBe(0o600);
  expect(await readConfig(env)).toEqual({
    auths: { 'a.b': { auth: base64('ada:p1') } },
    credHelpers: { 'a.b': '' },
  });
  expect(existsSync(path.join(host.home, '.docker'))).toBe(false);
});

test('fresh logins take the place of the old ones, and nothing else is left beside them', async () => {
  const login = await createLogin(['a.b'], credentialsOf(ada, { ...ada, password: 'p2' }), { host });
  await login.refresh();
  expect(await readConfig(login.env)).toMatchObject({ auths: { 'a.b': { auth: base64('ada:p2') } } });
  expect(await readdir(login.env['DOCKER_CONFIG']!)).toEqual(['config.json']);
});

test("the user's contexts and plugins are there, and stay when the logins go", async () => {
  const users = path.join(host.home, '.docker');
  await mkdir(path.join(users, 'contexts'), { recursive: true });
  await mkdir(path.join(users, 'cli-plugins'));
  await writeFile(path.join(users, 'cli-plugins', 'docker-buildx'), '');
  await writeFile(path.join(users, 'config.json'), '{"currentContext":"remote"}');
  const login = await createLogin([], credentialsOf(ada), { host });
  const directory = login.env['DOCKER_CONFIG']!;
  expect((await readdir(directory)).toSorted()).toEqual(['cli-plugins', 'config.json', 'contexts']);
  expect(await readlink(path.join(directory, 'contexts'))).toBe(path.join(users, 'contexts'));
  expect((await lstat(path.join(directory, 'config.json'))).isSymbolicLink()).toBe(false);

  await login.remove();
  expect(existsSync(directory)).toBe(false);
  expect(existsSync(path.join(users, 'cli-plugins', 'docker-buildx'))).toBe(true);
  expect(await readFile(path.join(users, 'config.json'), 'utf8')).toBe('{"currentContext":"remote"}');
});

test.each([
  [{}, '.docker/buildx'],
  [{ DOCKER_CONFIG: 'elsewhere' }, 'elsewhere/buildx'],
  [{ BUILDX_CONFIG: '/builders' }, '/builders'],
])('with %o buildx finds the builders in %s', async (env, directory) => {
  const { env: given } = await createLogin([], credentialsOf(ada), {
    host: { ...host, env: { ...host.env, ...env } },
  });
  expect(given['BUILDX_CONFIG']).toBe(path.resolve(host.home, directory));
});

test("of hosts that this run does not use, the user's logins are left out, also after a renewal", async () => {
  await mkdir(path.join(host.home, '.docker'));
  const users = { auths: { 'a.b': { auth: 'x' }, 'ghcr.io': { auth: 'y' }, 'c.d': { auth: 'z' } } };
  await writeFile(path.join(host.home, '.docker', 'config.json'), JSON.stringify(users));
  const credentials = { ...credentialsOf(ada), dockerConfig: usersConfig };
  const login = await createLogin(['a.b'], credentials, { host, hosts: ['c.d'] });
  const wanted = { 'a.b': { auth: base64('ada:p1') }, 'c.d': { auth: 'z' } };
  expect(await readConfig(login.env)).toMatchObject({ auths: wanted });
  expect(login.withheld).toEqual(['ghcr.io']);
  await login.refresh();
  expect(JSON.stringify(await readConfig(login.env))).not.toContain('ghcr.io');
});

test('a host that this run has no login for does not get the user’s instead', async () => {
  await mkdir(path.join(host.home, '.docker'));
  const users = { credHelpers: { 'a.b': 'ecr-login' }, auths: { 'a.b': { auth: 'y' } } };
  await writeFile(path.join(host.home, '.docker', 'config.json'), JSON.stringify(users));
  const none = {
    ...credentialsOf({ kind: 'anonymous' }),
    dockerConfig: usersConfig,
  };
  const login = await createLogin(['a.b'], none, { host, hosts: [] });
  expect(await readConfig(login.env)).toEqual({ auths: {}, credHelpers: {} });
});

test('no secret is in an argument, an event or a message (L9)', async () => {
  await using server = await startFixtureRegistry();
  server.interfere = (_seen, answer) =>
    refuse(answer, 401, 'UNAUTHORIZED', { 'www-authenticate': `Bearer realm="http://${server.host}/token"` });
  const secrets = ['hunter2', base64('ada:hunter2')];
  await mkdir(path.join(host.home, '.docker'));
  await writeFile(
    path.join(host.home, '.docker', 'config.json'),
    JSON.stringify({ auths: { [server.host]: { auth: secrets[1] } }, credHelpers: { 'a.b': 'ours' } }),
  );
  const events: Event[] = [];
  const commands: Command[] = [];
  const world = {
    ...host,
    emit: (event: Event) => void events.push(event),
    processes: {
      run: async (command: Command) => {
        commands.push(command);
        return { exitCode: 1, stdout: 'hunter2', stderr: 'locked' };
      },
    },
  };
  const credentials = createCredentials(world);
  const login = await createLogin([server.host, 'a.b'], credentials, { host: world });
  await login.refresh();
  const tag = '1';
  const outcome = isTag(tag)
    ? await createRegistry(world, credentials).head({ host: server.host, path: 'x', tag })
    : undefined;

  expect(server.seen.some(({ authorization }) => authorization === `Basic ${secrets[1]}`)).toBe(true);
  expect(commands).not.toEqual([]);
  expect(events).not.toEqual([]);
  const visible = JSON.stringify({ outcome, events, commands, env: login.env });
  for (const secret of secrets) expect(visible).not.toContain(secret);
});
