import { mkdir, mkdtemp, readFile, readdir, rm, symlink, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { type Agent, makeAgent } from '../../parts/ci-job/agent.ts';
import { MAIN } from '../../parts/ci-job/variables.ts';
import { startWarmbake } from '../../parts/ci-job/warmbake.ts';
import { openScratch, sweepScratch } from '../../src/platform/scratch.ts';
import { startFixtureRegistry } from '../registry/fixture-registry.ts';

describe('a run that is killed without mercy', () => {
  /** Starts a job that has written its logins and waits for a registry that says nothing. */
  async function waiting(agent: Agent, host: string) {
    const before = new Set(await readdir(agent.temp));
    const run = startWarmbake(await agent.job(['promote', `${host}/app:one`, 'latest'], MAIN));
    const login = await vi.waitUntil(
      async () => {
        const name = (await readdir(agent.temp)).find((one) => !before.has(one));
        const file = path.join(agent.temp, name ?? '', 'docker', 'config.json');
        const text = await readFile(file, 'utf8').catch(() => '');
        return name !== undefined && text.includes('auths') ? { name, text } : false;
      },
      { timeout: 60_000, interval: 20 },
    );
    return { run, ...login };
  }

  test('leaves its logins only until the next run, which takes nothing of one that lives', async () => {
    await using registry = await startFixtureRegistry();
    registry.interfere = () => 'answered';
    await using agent = await makeAgent({ PATH: process.env['PATH'] ?? '' }, { images: registry.host });
    const auth = Buffer.from('ada:hunter2').toString('base64');
    await writeFile(
      path.join(agent.dockerConfig, 'config.json'),
      JSON.stringify({ auths: { [registry.host]: { auth } } }),
    );

    const killed = await waiting(agent, registry.host);
    expect(killed.text).toContain(auth);
    killed.run.kill('SIGKILL');
    await killed.run;
    expect(await readdir(agent.temp)).toEqual([killed.name]);

    const living = await waiting(agent, registry.host);
    await vi.waitUntil(async () => !(await readdir(agent.temp)).includes(killed.name), { interval: 20 });
    const other = await startWarmbake(await agent.job(['schema'], MAIN));
    expect(other.exitCode).toBe(0);
    expect(await readdir(agent.temp)).toEqual([living.name]);
    expect(await readFile(path.join(agent.temp, living.name, 'docker', 'config.json'), 'utf8')).toBe(
      living.text,
    );

    living.run.kill('SIGTERM');
    await living.run;
    expect(await readdir(agent.temp)).toEqual([]);
  });
});

describe('of what lies in the folder for temporary files', () => {
  let folder: string;
  const uid = process.getuid?.();
  const now = new Date();
  const tomorrow = new Date(now.getTime() + 25 * 3_600_000);
  const sweep = async (change: object = {}) => await sweepScratch(folder, { uid, now, ...change });

  beforeEach(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'warmbake-sweep-'));
  });
  afterEach(async () => await rm(folder, { recursive: true, force: true }));

  const made = async (name: string, mode = 0o700): Promise<string> => {
    const directory = path.join(folder, name);
    await mkdir(directory, { mode });
    await writeFile(path.join(directory, 'secret'), 'hunter2');
    return name;
  };

  test('a run that lives keeps its own, however old', async () => {
    const directory = await openScratch(folder);
    await utimes(directory, new Date(0), new Date(0));
    expect(await sweep({ now: tomorrow })).toEqual([]);
    expect(await readdir(folder)).toEqual([path.basename(directory)]);
  });

  test('one without a sign of life goes after a day, not before: it may be just beginning', async () => {
    const name = await made('warmbake-aB3dE6');
    expect(await sweep()).toEqual([]);
    expect(await sweep({ now: tomorrow })).toEqual([name]);
    expect(await readdir(folder)).toEqual([]);
  });

  test.each(['warmbake-aB3dE', 'warmbake-aB3dE6x', 'warmbake-run-aB3dE6', 'other-aB3dE6'])(
    '%s is not a name of ours, and stays',
    async (name) => {
      await made(name);
      expect(await sweep({ now: tomorrow })).toEqual([]);
    },
  );

  test('what another user has, what others may read, a file and a link stay', async () => {
    await made('warmbake-AAAAAA', 0o755);
    await writeFile(path.join(folder, 'warmbake-BBBBBB'), '');
    const target = path.join(folder, 'precious');
    await mkdir(target, { mode: 0o700 });
    await symlink(target, path.join(folder, 'warmbake-CCCCCC'));
    expect(await sweep({ now: tomorrow })).toEqual([]);
    await made('warmbake-DDDDDD');
    expect(await sweep({ now: tomorrow, uid: (uid ?? 0) + 1 })).toEqual([]);
    expect(await sweep({ now: tomorrow })).toEqual(['warmbake-DDDDDD']);
    expect(await readdir(folder)).toContain('precious');
  });

  test('a link in what a dead run left is removed, and not what it leads to', async () => {
    const name = await made('warmbake-aB3dE6');
    const precious = path.join(folder, 'precious');
    await mkdir(precious);
    await writeFile(path.join(precious, 'file'), 'kept');
    await symlink(precious, path.join(folder, name, 'cli-plugins'));
    await sweep({ now: tomorrow });
    expect(await readdir(folder)).toEqual(['precious']);
    expect(await readdir(precious)).toEqual(['file']);
  });
});
