import { createHash } from 'node:crypto';
import { mkdir, readFile, readdir, symlink, writeFile } from 'node:fs/promises';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import { execa } from 'execa';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { launcherText } from '../../package/launcher.ts';
import { type Ran, makeDirectory, run, writeProgram } from './packed.ts';

/** What the place serves as warmbake of a version. */
function program(version: string): string {
  return `#!/bin/sh
[ "$1" = --version ] && { echo ${version}; exit; }
printf '%s|' "warmbake ${version}" "$@"
[ "$1" != fail ] || exit 6
`;
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

/** What is wrong with the place, by what stands before `/tools`. */
const TROUBLE: Readonly<Record<string, (response: http.ServerResponse, packed: Buffer) => void>> = {
  '/silent': () => undefined,
  '/drip': (response, packed) => {
    response.writeHead(200, { 'content-length': packed.length });
    const drip = setInterval(() => response.write(packed.subarray(0, 1)), 100);
    response.on('close', () => clearInterval(drip));
  },
  '/endless': (response) => {
    const pour = (): void => {
      while (!response.destroyed && response.write(Buffer.alloc(64_000, 'x')));
      response.once('drain', pour);
    };
    pour();
  },
  '/bomb': (response) => response.end(gzipSync(Buffer.alloc(40_000_000))),
  '/cut': (response, packed) => response.end(packed.subarray(0, packed.length - 9)),
  '/short': (response, packed) => {
    response.writeHead(200, { 'content-length': packed.length + 9 });
    response.write(packed);
    setTimeout(() => response.destroy(), 50);
  },
  '/to-file': (response) => {
    response.writeHead(302, { location: `file://${path.join(directory.path, 'object.gz')}` });
    response.end();
  },
  '/round': (response) => {
    response.writeHead(302, { location: '/round/tools/1.2.0/warmbake-linux-x64.gz' });
    response.end();
  },
};

const server = http.createServer((request, response) => {
  const url = request.url ?? '';
  fetched.push(url);
  authorized.push(request.headers.authorization ?? '');
  const trouble = TROUBLE[url.slice(0, url.indexOf('/', 1))];
  if (trouble !== undefined) {
    trouble(response, gzipSync(program('1.2.0')));
    return;
  }
  const version = /^\/tools\/(1\.\d\.0|9\.0\.0)\/warmbake-linux-(x64|arm64)\.gz(?:\?.*)?$/.exec(url)?.[1];
  if (version === '9.0.0') return; // never answers
  response.writeHead(version === undefined ? 404 : 200);
  response.end(version === undefined ? '' : gzipSync(program(version)));
});
let fetched: string[] = [];
let authorized: string[] = [];
let location = '';
beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  location = `http://127.0.0.1:${(server.address() as AddressInfo).port}/tools`;
});
afterAll(() => server.close());

let directory: Awaited<ReturnType<typeof makeDirectory>>;
let home = '';
let bin = '';
beforeEach(async () => {
  fetched = [];
  authorized = [];
  directory = await makeDirectory();
  home = path.join(directory.path, 'home');
  bin = path.join(directory.path, 'bin');
  await Promise.all([mkdir(home), mkdir(bin)]);
  await pin(sha256(program('1.2.0')));
  await writeProgram(path.join(bin, 'uname'), 'case $1 in -s) echo Linux ;; *) echo x86_64 ;; esac');
});
afterEach(async () => await directory.remove());

async function pin(x64: string): Promise<void> {
  const limits = { stallSeconds: 1, totalSeconds: 3, largestKb: 20_000 };
  const text = await launcherText({
    version: '1.2.0',
    sha256: { x64, arm64: sha256('arm') },
    location,
    limits,
  });
  await writeFile(path.join(directory.path, 'warmbake.sh'), text, { mode: 0o755 });
}

function environment(more: Readonly<Record<string, string>>): Record<string, string> {
  return { PATH: `${bin}:${process.env['PATH'] ?? ''}`, HOME: home, ...more };
}

async function launch(argv: readonly string[], more: Readonly<Record<string, string>> = {}): Promise<Ran> {
  return await run(['sh', path.join(directory.path, 'warmbake.sh'), ...argv], environment(more));
}

/** Everything below the home directory. */
async function left(): Promise<readonly string[]> {
  const entries = await readdir(home, { recursive: true, withFileTypes: true });
  return entries.filter((e) => e.isFile()).map((e) => path.relative(home, path.join(e.parentPath, e.name)));
}

describe('the launcher', () => {
  it('fetches the pinned version once and runs it with all arguments', async () => {
    expect(await launch(['build', 'two words', ''])).toEqual({
      exitCode: 0,
      out: 'warmbake 1.2.0|build|two words||',
      err: '',
    });
    expect((await launch(['fail'])).exitCode).toBe(6);
    expect(fetched).toEqual(['/tools/1.2.0/warmbake-linux-x64.gz']);
    expect(await left()).toEqual(['.cache/warmbake/1.2.0/warmbake']);
  });

  it('takes what the machine image brings, where that is the pinned version', async () => {
    await writeFile(path.join(bin, 'warmbake'), program('1.2.0'), { mode: 0o755 });
    expect((await launch(['plan'])).out).toBe('warmbake 1.2.0|plan|');
    expect(fetched).toEqual([]);
  });

  it('does not run what the machine image brings where it has another checksum, not even to ask for its version', async () => {
    const ran = path.join(directory.path, 'ran');
    await writeProgram(path.join(bin, 'warmbake'), `touch '${ran}'; echo 1.2.0`);
    expect((await launch(['plan'])).out).toBe('warmbake 1.2.0|plan|');
    await expect(readFile(ran)).rejects.toThrow('ENOENT');
    expect(fetched).toHaveLength(1);
  });

  it('does not take a `warmbake` of the checkout, by way of a PATH that leads there', async () => {
    await writeFile(path.join(directory.path, 'warmbake'), program('1.2.0'), { mode: 0o755 });
    const argv = ['sh', path.join(directory.path, 'warmbake.sh'), 'plan'] as const;
    const env = environment({ PATH: `.:${bin}:${process.env['PATH'] ?? ''}` });
    expect((await run(argv, env, { cwd: directory.path })).out).toBe('warmbake 1.2.0|plan|');
    expect(fetched).toHaveLength(1);
  });

  it('does not run in circles where it is itself the `warmbake` in PATH', async () => {
    await symlink(path.join(directory.path, 'warmbake.sh'), path.join(bin, 'warmbake'));
    expect((await launch(['plan'])).out).toBe('warmbake 1.2.0|plan|');
  });

  it('runs nothing that has another checksum, and leaves nothing of it', async () => {
    await pin(sha256('another'));
    expect(await launch(['plan'])).toEqual({
      exitCode: 5,
      out: '',
      err: `error: ${location}/1.2.0/warmbake-linux-x64.gz holds ${sha256(program('1.2.0'))}, expected ${sha256('another')}`,
    });
    expect(await left()).toEqual([]);
  });

  it('fetches again where somebody has changed what it had fetched', async () => {
    await launch(['plan']);
    await writeFile(path.join(home, '.cache/warmbake/1.2.0/warmbake'), '#!/bin/sh\necho evil\n');
    expect((await launch(['plan'])).out).toBe('warmbake 1.2.0|plan|');
    expect(fetched).toHaveLength(2);
  });

  it('takes another version for one build, if its checksum is given (WARMBAKE_VERSION)', async () => {
    expect(await launch(['plan'], { WARMBAKE_VERSION: '1.3.0' })).toMatchObject({
      exitCode: 3,
      err: "error: WARMBAKE_VERSION is '1.3.0', which is not pinned; set WARMBAKE_SHA256 to the checksum of its warmbake-linux-x64",
    });
    const other = { WARMBAKE_VERSION: '1.3.0', WARMBAKE_SHA256: sha256(program('1.3.0')) };
    expect((await launch(['plan'], other)).out).toBe('warmbake 1.3.0|plan|');
  });

  it('puts it into a directory, for machine images, and does so once', async () => {
    const into = path.join(home, 'image/bin');
    expect(await launch(['install', into])).toEqual({ exitCode: 0, out: '', err: '' });
    expect((await launch(['install', into])).exitCode).toBe(0);
    expect((await run([path.join(into, 'warmbake'), '--version'], environment({}))).out).toBe('1.2.0');
    expect(fetched).toHaveLength(1);
    expect((await launch(['install'])).exitCode).toBe(2);
  });

  it('fetches from S3 with the AWS CLI', async () => {
    await writeFile(path.join(directory.path, 'object.gz'), gzipSync(program('1.2.0')));
    await writeProgram(
      path.join(bin, 'aws'),
      `echo "$@" > "${directory.path}/asked"\nfor to; do :; done\ncp "${directory.path}/object.gz" "$to"`,
    );
    const ran = await launch(['plan'], { WARMBAKE_LOCATION: 's3://bucket/tools' });
    expect(ran.out).toBe('warmbake 1.2.0|plan|');
    expect(await readFile(path.join(directory.path, 'asked'), 'utf8')).toMatch(
      /^s3 cp --only-show-errors --cli-connect-timeout 1 --cli-read-timeout 1 s3:\/\/bucket\/tools\/1\.2\.0\/warmbake-linux-x64\.gz /,
    );
  });

  it.each([
    ['a place that has no such version', { WARMBAKE_LOCATION: 'LOCATION/none' }, 5, 'cannot fetch'],
    [
      'a place that is not a URL',
      { WARMBAKE_LOCATION: '/srv/tools' },
      3,
      'must begin with https://, http:// or s3://',
    ],
    [
      'a version that is a path',
      { WARMBAKE_VERSION: '../1.2.0', WARMBAKE_SHA256: 'x' },
      3,
      'is not a version',
    ],
    ['a version with colours', { WARMBAKE_VERSION: '\u001B[31m1\n+++ x' }, 3, "'?[31m1?+++ x'"],
    ['a checksum without its version', { WARMBAKE_SHA256: 'a'.repeat(64) }, 3, 'in WARMBAKE_VERSION'],
    [
      'a checksum that is none',
      { WARMBAKE_VERSION: '1.3.0', WARMBAKE_SHA256: 'A'.repeat(64) },
      3,
      'not a SHA-256 of 64 hex digits',
    ],
    [
      'a checksum that is too short',
      { WARMBAKE_VERSION: '1.3.0', WARMBAKE_SHA256: 'a'.repeat(63) },
      3,
      'has 63 digits',
    ],
    ['a place with quotes', { WARMBAKE_LOCATION: 'https://a/"b' }, 3, 'must not hold blanks, quotes'],
    ['a place with a line break', { WARMBAKE_LOCATION: 'https://a\noutput=/x' }, 3, 'must not hold blanks'],
    ['a query with quotes', { WARMBAKE_LOCATION: 'https://a/b?"' }, 3, 'the query of WARMBAKE_LOCATION'],
    ['a query for S3', { WARMBAKE_LOCATION: 's3://a/b?x=1' }, 3, "'s3://a/b?…'; s3:// has no query"],
    ['a cache that is not a path', { XDG_CACHE_HOME: 'cache' }, 3, "XDG_CACHE_HOME is 'cache'"],
    ['a machine without a home', { HOME: '' }, 3, 'neither XDG_CACHE_HOME nor HOME is set'],
    ['a machine without executable', { FAKE: 'Darwin arm64' }, 3, 'no executable for Darwin arm64'],
  ])('refuses %s', async (_, more, exitCode, text) => {
    await writeProgram(
      path.join(bin, 'uname'),
      'set -- "$1" ${FAKE:-Linux x86_64}\ncase $1 in -s) echo $2 ;; -m) echo $3 ;; *) echo $2 $3 ;; esac',
    );
    const env = Object.fromEntries(
      Object.entries(more).map(([name, value]) => [name, value.replace('LOCATION', location)]),
    );
    const ran = await launch(['plan'], env);
    expect([ran.exitCode, ran.err]).toEqual([exitCode, expect.stringContaining(text)]);
    expect(await left()).toEqual([]);
  });

  it.each([
    ['says nothing', 'silent', 'cannot fetch'],
    ['says a byte now and then', 'drip', 'cannot fetch'],
    ['does not stop', 'endless', 'cannot fetch'],
    [
      'sends more than an executable once it is unpacked',
      'bomb',
      'is not a whole gzip file, or is too large',
    ],
    ['sends less than it has promised', 'short', 'cannot fetch'],
    ['sends half a file', 'cut', 'is not a whole gzip file'],
    ['leads to a file of the machine', 'to-file', 'cannot fetch'],
    ['leads in a circle', 'round', 'cannot fetch'],
  ])('a place that %s ends it within its limits, and nothing is run', async (_, trouble, text) => {
    await writeFile(path.join(directory.path, 'object.gz'), gzipSync(program('1.2.0')));
    const place = location.replace('/tools', `/${trouble}/tools`);
    const started = performance.now();
    const ran = await launch(['plan'], { WARMBAKE_LOCATION: place });
    expect([ran.exitCode, ran.out, ran.err]).toEqual([5, '', expect.stringContaining(text)]);
    // Three seconds are the limit of all tries; what is left is for a busy machine.
    expect(performance.now() - started).toBeLessThan(30_000);
    expect(await left()).toEqual([]);
  });

  it('an AWS CLI that hangs ends too', async () => {
    await writeProgram(path.join(bin, 'aws'), 'exec sleep 600');
    const ran = await launch(['plan'], { WARMBAKE_LOCATION: 's3://bucket/tools' });
    expect([ran.exitCode, ran.err]).toEqual([
      5,
      expect.stringContaining('cannot fetch s3://bucket/tools/1.2.0/'),
    ]);
    expect(await left()).toEqual([]);
  });

  it('a place can have a user and a query: both reach it, and nobody else', async () => {
    const secret = 'hunter2';
    const asked = path.join(directory.path, 'asked');
    const curl = (await run(['sh', '-c', 'command -v curl'], { PATH: process.env['PATH'] })).out;
    await writeProgram(path.join(bin, 'curl'), `echo "$@" >> '${asked}'; exec ${curl} "$@"`);
    const of = (place: string): string => `${place.replace('http://', `http://me:${secret}@`)}?sig=${secret}`;
    expect((await launch(['plan'], { WARMBAKE_LOCATION: of(location) })).out).toBe('warmbake 1.2.0|plan|');
    expect(fetched).toEqual([`/tools/1.2.0/warmbake-linux-x64.gz?sig=${secret}`]);
    expect(authorized).toEqual([`Basic ${Buffer.from(`me:${secret}`).toString('base64')}`]);
    expect(await readFile(asked, 'utf8')).not.toContain(secret);

    await pin(sha256('another'));
    const other = { XDG_CACHE_HOME: path.join(home, 'other') };
    for (const place of [
      of(location),
      of(`${location}/none`),
      of(location.replace(/:\d+/, ':9')),
      `ftp://me:${secret}@x`,
    ]) {
      const { err } = await launch(['plan'], { ...other, WARMBAKE_LOCATION: place });
      expect(err).toContain('://…@');
      expect(err).not.toContain(secret);
    }
  });

  it('takes the executable of the machine', async () => {
    await writeProgram(path.join(bin, 'uname'), 'case $1 in -s) echo Linux ;; *) echo aarch64 ;; esac');
    expect((await launch(['plan'])).err).toContain(`expected ${sha256('arm')}`);
    expect(fetched).toEqual(['/tools/1.2.0/warmbake-linux-arm64.gz']);
  });

  it('leaves nothing when it is stopped while it fetches', async () => {
    const hanging = { WARMBAKE_VERSION: '9.0.0', WARMBAKE_SHA256: sha256('x') };
    const child = execa('sh', [path.join(directory.path, 'warmbake.sh'), 'plan'], {
      env: environment(hanging),
      extendEnv: false,
      reject: false,
      detached: true,
    });
    await expect.poll(() => fetched.length).toBe(1);
    process.kill(-(child.pid ?? 0), 'SIGTERM');
    expect((await child).exitCode).toBe(143);
    expect(await left()).toEqual([]);
  });
});
