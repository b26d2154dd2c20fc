import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { chmod, mkdir, readFile, stat, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import type { PinnedFile } from '../../../src/ami/packer/pinned-file.ts';
import { findPacker, packerText } from '../../../src/ami/packer/program.ts';
import { openHost, type FixtureHost } from '../../registry/fixture-host.ts';
import { storedZip } from './stored-zip.ts';

const sha256Of = (text: string | Buffer): string => createHash('sha256').update(text).digest('hex');

/** A program that leaves a trace when it is started. */
const script = (says: string, trace = '/dev/null'): string =>
  `#!/bin/sh\necho started >>'${trace}'\necho '${says}'\n`;

/** Puts a program `packer` that says this about its version in front of PATH. */
async function install(host: FixtureHost, says: string) {
  const directory = path.join(host.home, 'bin');
  await mkdir(directory, { recursive: true });
  const [program, trace] = [path.join(directory, 'packer'), path.join(host.home, 'trace')];
  const text = script(says, trace);
  await writeFile(program, text);
  await chmod(program, 0o755);
  Object.assign(host.env, { PATH: `${directory}:/usr/bin:/bin` });
  return { program, sha256: sha256Of(text), started: () => existsSync(trace) };
}

/** A release with a program that says it is 1.14.3, behind an address that counts. */
async function release() {
  const archive = storedZip('packer', Buffer.from(script('Packer v1.14.3')));
  let asked = 0;
  const server = createServer((_, response) => {
    asked += 1;
    response.end(archive);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/packer.zip`;
  return {
    release: { url, sha256: sha256Of(archive) } satisfies PinnedFile,
    asked: () => asked,
    [Symbol.asyncDispose]: async () => void server.close(),
  };
}

describe('the pinned release', () => {
  test('is fetched once and kept; a Packer on PATH is not started', async () => {
    await using there = await release();
    await using host = await openHost();
    const { started } = await install(host, 'Packer v1.14.3');
    const first = await findPacker(host, { release: there.release });
    expect(first.version).toEqual([1, 14, 3]);
    expect(first.program.startsWith(host.scratch)).toBe(true);
    expect((await stat(first.program)).mode & 0o777).toBe(0o755);
    expect(await findPacker(host, { release: there.release })).toEqual(first);
    expect([there.asked(), started()]).toEqual([1, false]);
  });

  test('is fetched again where what was kept is not what it was', async () => {
    await using there = await release();
    await using host = await openHost();
    const { program } = await findPacker(host, { release: there.release });
    const kept = path.join(host.home, '.cache/warmbake/packer', there.release.sha256);
    const evil = storedZip('packer', Buffer.from(script('Packer v1.14.3 evil')));
    await writeFile(kept, evil);
    await writeFile(program, script('Packer v1.14.3 evil'));
    const again = await findPacker(host, { release: there.release });
    expect([there.asked(), await readFile(again.program, 'utf8')]).toEqual([2, script('Packer v1.14.3')]);
  });

  test('with another checksum is not unpacked, and said', async () => {
    await using there = await release();
    await using host = await openHost({ env: { PATH: '/nowhere' } });
    const wrong = { ...there.release, sha256: '0'.repeat(64) };
    await expect(findPacker(host, { release: wrong })).rejects.toThrow(
      `cannot use ${wrong.url}: its SHA-256 is ${there.release.sha256}, not ${wrong.sha256}`,
    );
    await expect(stat(path.join(host.home, '.cache'))).rejects.toThrow('ENOENT');
  });

  test('that never ends is given up at a size', async () => {
    await using host = await openHost();
    const part = new Uint8Array(1 << 20);
    let sent = 0;
    const body = new ReadableStream<Uint8Array>({
      pull: (controller) => {
        sent += 1;
        controller.enqueue(part);
      },
    });
    const endless = { ...host, fetch: async () => new Response(body) };
    await expect(
      findPacker(endless, { release: { url: 'http://r', sha256: '0'.repeat(64) } }),
    ).rejects.toThrow('it has more than 300 MB');
    expect(sent).toBeLessThan(310);
  });
});

describe('a program that was named', () => {
  test('is started as a copy of what has the checksum, by its path or by its name on PATH', async () => {
    await using host = await openHost();
    const { program, sha256 } = await install(host, 'Packer v1.6.6');
    for (const named of [program, 'packer']) {
      const found = await findPacker(host, { own: { program: named, sha256 } });
      expect(found.version).toEqual([1, 6, 6]);
      expect(found.program.startsWith(host.scratch)).toBe(true);
    }
  });

  test('is not started, not even for its version, where it has another', async () => {
    await using host = await openHost();
    const { program, sha256, started } = await install(host, 'Packer v1.6.6');
    const own = { program: 'packer', sha256: 'b'.repeat(64) };
    await expect(findPacker(host, { own })).rejects.toMatchObject({
      kind: 'refused',
      message: `'${program}' has SHA-256 ${sha256}, not ${own.sha256}`,
    });
    expect(started()).toBe(false);
  });

  test('is started as it is where that was said, and the plan says so', async () => {
    await using host = await openHost();
    await install(host, 'Packer v1.6.6');
    const own = { program: 'packer', sha256: 'any' };
    expect(await findPacker(host, { own })).toEqual({ program: 'packer', version: [1, 6, 6] });
    expect(packerText({ own })).toBe('packer, whatever it is (--packer-checksum any)');
    expect(packerText({})).toMatch(/^Packer [\d.]+, pinned$/);
  });

  test.each([
    ['Packer v1.6.5', 'is Packer 1.6.5; 1.6.6 or later is needed'],
    ['', 'is not Packer; 1.6.6 or later is needed'],
  ])('must be a Packer that is new enough: %j', async (says, message) => {
    await using host = await openHost();
    const { sha256 } = await install(host, says);
    await expect(findPacker(host, { own: { program: 'packer', sha256 } })).rejects.toThrow(message);
  });

  test('must be there', async () => {
    await using host = await openHost({ env: { PATH: '/nowhere' } });
    const own = { program: 'packer', sha256: 'c'.repeat(64) };
    await expect(findPacker(host, { own })).rejects.toThrow("there is no program 'packer'");
  });
});
