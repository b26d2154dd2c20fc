import { readFile, readdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { packerTemplate } from '../../src/ami/packer/template.ts';
import { loaderText } from '../../package/loader.ts';
import { makePieces } from '../../package/pieces.ts';
import { PROJECT } from '../../parts/project.ts';
import { type Ran, makeDirectory, run } from './packed.ts';

let directory: Awaited<ReturnType<typeof makeDirectory>>;
let warmbake: (argv: readonly string[], env?: Readonly<Record<string, string>>) => Promise<Ran>;

beforeAll(async () => {
  directory = await makeDirectory();
  const file = path.join(directory.path, 'warmbake.cjs');
  await writeFile(file, loaderText({ in: 'text', texts: (await makePieces()).texts }));
  warmbake = async (argv, env = {}) =>
    await run([process.execPath, file, ...argv], { PATH: process.env['PATH'], ...env }, { cwd: PROJECT });
}, 60_000);
afterAll(async () => await directory.remove());

const CONFIG = ['--config', 'bake/vllm.warmbake.yaml'];

describe('the tool as one file', () => {
  it('says its version, which is that of the package', async () => {
    const manifest = JSON.parse(await readFile(path.join(PROJECT, 'package.json'), 'utf8')) as {
      version: string;
    };
    expect(await warmbake(['--version'])).toEqual({ exitCode: 0, out: manifest.version, err: '' });
  });

  it.each([
    [['hcl', '--check', ...CONFIG], 0, 'bake/ci.hcl is up to date'],
    [['build', '--help'], 0, '--explain-context'],
    [['ami', 'build', '--help'], 0, '--bake-config'],
    [['plan'], 3, ''],
    [['plan', '--no-such-option'], 2, ''],
  ])('%j ends with exit code %i', async (argv, exitCode, text) => {
    const ran = await warmbake(argv, { CI: 'true' });
    expect([ran.exitCode, ran.out]).toEqual([exitCode, expect.stringContaining(text)]);
  });

  it('holds of an SDK what it uses of it: not the hundreds of other calls of EC2', async () => {
    const { texts } = await makePieces();
    const sdks = Object.entries(texts).filter(([name]) => name.includes('-sdk-'));
    expect(sdks.map(([name]) => name.replace(/-sdk-.*/, ''))).toEqual(
      expect.arrayContaining(['./ec2', './ssm', './auto-scaling', './cloudformation']),
    );
    expect(sdks.filter(([, text]) => text.length > 300_000).map(([name]) => name)).toEqual([]);
    expect(Object.values(texts).join('')).not.toContain('CreateTransitGateway');
  });

  it('reaches AWS: the clients are inside, and are loaded when they are needed', async () => {
    const asked: (string | undefined)[] = [];
    const server = http.createServer((request, response) => {
      asked.push(request.headers['user-agent']);
      response.writeHead(403, { 'content-type': 'text/xml' });
      response.end(
        '<ErrorResponse><Error><Code>AccessDenied</Code><Message>no</Message></Error></ErrorResponse>',
      );
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    try {
      const { port } = server.address() as AddressInfo;
      const ran = await warmbake(['ami', 'roll', '--dry-run', ...CONFIG], {
        AWS_ENDPOINT_URL: `http://127.0.0.1:${port}`,
        AWS_ACCESS_KEY_ID: 'nobody',
        AWS_SECRET_ACCESS_KEY: 'nothing',
      });
      expect(ran).toMatchObject({ exitCode: 5, out: '' });
      expect(asked).toContainEqual(expect.stringContaining('warmbake'));
    } finally {
      server.close();
    }
  });
});

it("Packer's template is inside of the file, and is laid out with programs that run", async () => {
  const { texts } = await makePieces();
  expect(Object.values(texts).join('\n')).toContain('The last script before the snapshot');
  const platform = 'linux/amd64';
  const laidOut = await packerTemplate({ scratch: directory.path, platform });
  expect(await run([path.join(laidOut, 'scripts/callback.sh')], {})).toMatchObject({
    exitCode: 2,
    err: expect.stringContaining('CALLBACKS'),
  });
  const own = path.join(PROJECT, 'packer/cpu/cpu.pkr.hcl');
  expect(await readFile(path.join(laidOut, 'cpu.pkr.hcl'), 'utf8')).toBe(await readFile(own, 'utf8'));
});

it.each([
  ['linux/amd64', ['warmbake', 'warmbake-builder', 'warmbake-metadata']],
  ['linux/arm64', ['warmbake-builder', 'warmbake-metadata']],
])('the machine image carries the program that makes it on %s', async (platform, programs) => {
  const executable = path.join(directory.path, 'program');
  await writeFile(executable, 'program');
  const scratch = path.join(directory.path, platform);
  const laidOut = await packerTemplate({ scratch, platform, executable });
  const files = await readdir(path.join(laidOut, 'files'));
  expect(files.filter((file) => file.startsWith('warmbake')).toSorted()).toEqual(programs);
});
