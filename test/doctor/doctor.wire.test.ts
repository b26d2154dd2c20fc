import { rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { findBuildx } from '../../parts/find-buildx.ts';
import { MAIN, pullRequest } from '../../parts/ci-job/variables.ts';
import { clock } from '../../parts/ci-job/clock.ts';
import { conforming } from '../../parts/ci-job/conforming.ts';
import type { DoctorDocument } from '../../src/doctor/doctor-schema.ts';
import { columnsOf } from '../../src/cli/fit.ts';
import { digestOf, refuse } from '../registry/fixture-registry.ts';
import { forgetAws, useAws } from '../sccache/moto-store.ts';
import { startAws } from './aws-answers.ts';
import { type DoctorSurroundings, openSurroundings } from './surroundings.ts';

const buildx = await findBuildx(undefined, process.env['WARMBAKE_BUILDX']);
let around: DoctorSurroundings;

beforeEach(async ({ skip }) => {
  if (buildx.state === 'missing') {
    if (process.env['WARMBAKE_REQUIRE_PARTS'] === '1') throw new Error(buildx.because);
    return skip(buildx.because);
  }
  around = await openSurroundings(buildx.value.plugin);
  await around.agent.checkout.git('push', '--quiet', 'origin', 'main');
});
afterEach(async () => {
  if (buildx.state === 'here') await around[Symbol.asyncDispose]();
});

/** Cache refs of the pull request's base, and what is pushed, kept as builds leave them. */
function keepCaches(): void {
  const { main, test } = around.agent.repositories.cache;
  around.registry.keepCache(main, 'latest');
  around.registry.keepCache(test, 'pr-7');
}

describe('a machine that can do what is planned', () => {
  it('of a build of main: every check is fine or says why it was not made; exit code 0', async () => {
    keepCaches();
    const { exitCode, document, of } = await around.doctor(MAIN);
    // How much room there is, is this machine's own.
    const checks = document.checks.filter(({ check }) => !check.startsWith('disk-'));
    expect(checks.filter(({ state }) => state === 'failed' || state === 'warning')).toEqual([]);
    expect(exitCode).toBe(0);
    expect(document.outcome).toBe('ok');
    expect(of('context')).toEqual([
      'ok: Buildkite: branch main, trusted: branch main of example.com/team/app',
    ]);
    expect(of('definition')).toEqual(['ok: bake resolves test-ci, as planned']);
    expect(of('buildx')).toEqual([expect.stringMatching(/^ok: 0\.\d+\.\d+ \(/)]);
    expect(of('delivery')).toEqual([expect.stringContaining('ok: the builder shares this machine')]);
    expect(of('write')).toHaveLength(2);
    expect(of('read')).toEqual([expect.stringMatching(/^ok: 1 of 2 refs found in .*cache-main: latest$/)]);
    expect(of('clock')).toEqual([`ok: agrees with ${around.registry.host}`]);
  });

  it('of a pull request: what it reads, what it writes, and the commit that it began from', async () => {
    keepCaches();
    const { git, commit } = around.agent.checkout;
    const base = await git('rev-parse', 'HEAD');
    await git('switch', '--quiet', '--create', 'work');
    await commit({ 'source.txt': 'two\n' });
    await git('push', '--quiet', 'origin', 'work');
    const { exitCode, of } = await around.doctor(pullRequest());
    expect(exitCode).toBe(0);
    expect(of('merge-base')).toEqual([`ok: ${base.slice(0, 12)} with main`]);
    expect(of('read')).toHaveLength(2);
    expect(of('names').join(' ')).toContain(`${around.agent.repositories.cache.test}:pr-7`);
    expect(of('names').join(' ')).not.toContain(around.agent.repositories.cache.main);
  });

  it('nothing is changed anywhere: no upload stays, no manifest is written', async () => {
    keepCaches();
    await around.doctor(MAIN);
    const { seen, uploads } = around.registry;
    expect(uploads.size).toBe(0);
    expect(seen.filter(({ method }) => method === 'PUT')).toEqual([]);
    expect(new Set(seen.map(({ method }) => method))).toEqual(new Set(['GET', 'POST', 'DELETE']));
    expect(await around.agent.checkout.git('status', '--porcelain')).toBe('');
  });

  it('offline asks nobody, and says so', async () => {
    const { exitCode, document } = await around.doctor(MAIN, { args: ['--offline'] });
    expect(exitCode).toBe(0);
    expect(around.registry.seen).toEqual([]);
    const skipped = document.checks.filter(({ text }) => text.includes('--offline'));
    expect(skipped.map(({ check }) => check)).toEqual(
      expect.arrayContaining(['git-remote', 'login', 'registry', 'free-tags']),
    );
  });

  it('the screen is a line a check, fits 80 columns, and ends with what it came to', async () => {
    const { agent, found } = around;
    const { stdout } = await agent.run(['doctor'], { ...found, ...MAIN, COLUMNS: '80' }, { clock });
    const names = new RegExp(`${agent.repositories.cache.main.split('/')[0]}|warmbake-`);
    const lines = stdout.split('\n').filter((line) => !names.test(line));
    expect(lines.filter((line) => columnsOf(line) > 80)).toEqual([]);
    expect(stdout.trimEnd().split('\n').at(-1)).toMatch(/^this machine can do what is planned: \d+ fine/);
  });
});

describe('what is broken is a line of its own, says what to do, and hides nothing', () => {
  it('no buildx', async () => {
    await rm(path.join(around.agent.dockerConfig, 'cli-plugins/docker-buildx'));
    await around.agent.program('docker', `echo "docker: 'buildx' is not a docker command." >&2; exit 1`);
    const { exitCode, document, of } = await around.doctor(MAIN);
    expect(exitCode).toBe(1);
    expect(of('buildx')).toEqual([expect.stringMatching(/^failed: the docker command has no buildx/)]);
    expect(document.checks.find(({ check }) => check === 'buildx')?.fix).toContain('docker-buildx-plugin');
    expect(of('definition')).toEqual(['skipped: bake cannot be asked without buildx']);
    expect(of('write')).toHaveLength(2);
  });

  it('a dead engine', async () => {
    const { exitCode, of, document } = await around.doctor({ ...MAIN, DOCKER_HOST: 'unix:///nowhere.sock' });
    expect(exitCode).toBe(1);
    expect(of('engine')).toEqual(['warning: no engine answers at unix:///nowhere.sock (ENOENT)']);
    expect(of('builder')).toEqual([
      'failed: no BuildKit socket, no builder and no Docker engine answers at unix:///nowhere.sock',
    ]);
    expect(document.checks.find(({ check }) => check === 'builder')?.fix).toContain('start Docker');
    expect(of('delivery')).toEqual(['skipped: there is no builder']);
    expect(of('definition')).toEqual(['ok: bake resolves test-ci, as planned']);
  });

  it('an engine and a registry that take connections and say nothing: the program ends, and the rest is there', async () => {
    around.engine = 'silent';
    around.registry.interfere = () => 'answered';
    const { agent, found } = around;
    // As a process: whatever was begun must not keep it.
    const ended = await agent.run(['doctor', '--json'], { ...found, ...MAIN });
    const { checks } = (await conforming('doctor', ended.stdout)) as DoctorDocument;
    const failures = checks.filter(({ state }) => state === 'failed').map(({ check }) => check);
    expect([ended.exitCode, failures]).toEqual([1, ['builder', 'registry']]);
    expect(checks.find(({ check }) => check === 'definition')?.state).toBe('ok');
    expect(ended.stderr).not.toContain('defect');
  });

  it('an engine that cannot export caches', async () => {
    around.engine = { DriverStatus: [['Backing Filesystem', 'extfs']], DockerRootDir: '/' };
    const { exitCode, of } = await around.doctor(MAIN);
    expect(exitCode).toBe(1);
    expect(of('builder')).toEqual(["failed: the Docker engine 'default' cannot export a cache"]);
  });

  it('a bake file that bake refuses: what would be read and written is looked at all the same', async () => {
    await writeFile(path.join(around.agent.checkout.path, 'docker-bake.hcl'), 'target "app" {\n');
    const { exitCode, of } = await around.doctor(MAIN);
    expect(exitCode).toBe(1);
    expect(of('definition')).toEqual([expect.stringMatching(/^failed: bake cannot resolve the targets/)]);
    expect(of('context')).toHaveLength(1);
    expect(of('write')).toHaveLength(2);
  });

  it('a registry that refuses writes: which repository, and for what', async () => {
    around.registry.interfere = ({ method, path: asked }, answer) =>
      method === 'POST' && asked.includes('images-main') ? refuse(answer, 403, 'DENIED') : undefined;
    const { exitCode, of, document } = await around.doctor(MAIN);
    expect(exitCode).toBe(1);
    expect(of('write')).toEqual([
      expect.stringMatching(/^ok: caches can be pushed to /),
      expect.stringMatching(
        /^failed: images cannot be pushed to .*images-main \(403 .*DENIED.*a build would end here$/,
      ),
    ]);
    expect(document.checks.find(({ state }) => state === 'failed')?.fix).toContain('warmbake iam');
  });

  it('a registry that denies reading main: builds go on, colder', async () => {
    around.registry.interfere = ({ method, path: asked }, answer) =>
      method === 'GET' && asked.includes('cache-main') ? refuse(answer, 403, 'DENIED') : undefined;
    const { exitCode, of } = await around.doctor(MAIN);
    expect(exitCode).toBe(0);
    expect(of('read')).toEqual([expect.stringMatching(/^warning: 0 of 2 refs found in .*; denied: 403/)]);
  });

  it('a registry that is silent costs seconds and one line', async () => {
    around.registry.interfere = () => 'answered';
    const { exitCode, of } = await around.doctor(MAIN);
    expect(exitCode).toBe(1);
    expect(of('registry')).toEqual([
      expect.stringMatching(new RegExp(`^failed: ${around.registry.host} does not answer: `)),
    ]);
    expect([of('read'), of('write')]).toEqual([[], []]);
    // Two refs and two uploads, and each of them once more at most.
    expect(around.registry.seen.length).toBeLessThanOrEqual(8);
  });

  it('a registry that does not mount layers', async () => {
    const { cache } = around.agent.repositories;
    around.registry.mounts = false;
    // The cache's config counts as a layer, too: a blob that every repository of this registry has.
    const config = '{"of":"latest"}';
    const digest = digestOf(Buffer.from(config));
    around.registry.blobs.set(digest, Buffer.from(config));
    const blob = { digest, size: config.length };
    around.registry.keep(cache.main, 'latest', {
      schemaVersion: 2,
      config: { mediaType: 'application/vnd.buildkit.cacheconfig.v0', ...blob },
      layers: [{ mediaType: 'application/vnd.oci.image.layer.v1.tar+gzip', ...blob }],
    });
    const { exitCode, of } = await around.doctor(pullRequest());
    expect(exitCode).toBe(0);
    expect(of('mount')).toEqual([
      expect.stringMatching(/^warning: the registry does not mount from .*cache-main into .*cache-test/),
      expect.stringMatching(/^warning: the registry does not mount from .*cache-main into .*images-test/),
    ]);
    expect(around.registry.uploads.size).toBe(0);
  });

  it('a clock that is wrong', async () => {
    const late = { ...clock, now: () => new Date(Date.now() - 20 * 60_000) };
    const { exitCode, of } = await around.doctor(MAIN, { clock: late });
    expect(of('clock')).toEqual([
      expect.stringMatching(/^failed: 1[12]\d\d s behind 127\.0\.0\.1:\d+: AWS refuses/),
    ]);
    expect(exitCode).toBe(1);
  });

  it('a shallow clone whose merge base the remote does not tell', async () => {
    const { checkout } = around.agent;
    await checkout.git('switch', '--quiet', '--create', 'work');
    await checkout.commit({ 'source.txt': 'two\n' });
    await checkout.git('push', '--quiet', 'origin', 'work');
    await checkout.git('fetch', '--quiet', '--depth=1', 'origin', 'work');
    await checkout.git('reflog', 'expire', '--expire=now', '--all');
    await checkout.git('update-ref', '-d', 'refs/remotes/origin/main');
    await checkout.git('branch', '--quiet', '-D', 'main');
    await checkout.git('remote', 'set-url', 'origin', 'file:///nowhere.git');
    const { exitCode, of, document } = await around.doctor(pullRequest());
    expect(exitCode).toBe(0);
    expect(of('git-depth')).toEqual([expect.stringMatching(/^ok: the checkout is shallow \(1 commit\)/)]);
    expect(of('git-remote')).toEqual([expect.stringMatching(/^warning: origin does not answer \(fatal: /)]);
    expect(of('merge-base')).toEqual([expect.stringMatching(/^warning: merge base with main is unknown: /)]);
    expect(document.checks.find(({ check }) => check === 'merge-base')?.fix).toContain('--unshallow');
  });

  it('an environment that the CI would not make: what the build is, is not known, and the machine is looked at', async () => {
    const { exitCode, of } = await around.doctor({ ...MAIN, BUILDKITE_PULL_REQUEST: 'yes' });
    expect(exitCode).toBe(1);
    expect(of('context')).toEqual([expect.stringMatching(/^failed: BUILDKITE_PULL_REQUEST is 'yes'/)]);
    expect(of('builder')).toEqual([expect.stringMatching(/^ok: default/)]);
    expect(of('registry')).toEqual(['skipped: what this build is, is not known']);
  });

  it('a configuration that is none: tools, engine and checkout are looked at', async () => {
    const file = path.join(around.agent.checkout.directory, 'broken.yaml');
    await writeFile(file, 'repository: example.com/team/app\ntrustedBrunch: main\n');
    const { exitCode, of } = await around.doctor(MAIN, { args: ['--config', file] });
    expect(exitCode).toBe(1);
    expect(of('configuration')).toEqual([
      expect.stringMatching(/^failed: the configuration has \d+ problems/),
    ]);
    expect(of('buildx')).toHaveLength(1);
    expect(of('engine')).toEqual([expect.stringMatching(/^ok: answers at /)]);
    expect(of('git-depth')).toEqual(['ok: the checkout has its whole history']);
  });

  it('a target that is not configured is a command line that cannot be meant', async () => {
    const { agent, found } = around;
    const { exitCode, stderr } = await agent.run(['doctor', 'nosuch'], { ...found, ...MAIN }, { clock });
    expect([exitCode, stderr]).toEqual([2, expect.stringContaining("'nosuch' is not a configured target")]);
  });
});

describe('the bucket of sccache', () => {
  afterEach(forgetAws);

  it('is elsewhere', async () => {
    await using aws = await startAws((_, answer) => {
      answer.writeHead(301, { 'x-amz-bucket-region': 'eu-west-1', 'content-type': 'application/xml' });
      answer.end('<Error><Code>PermanentRedirect</Code><Message>elsewhere</Message></Error>');
    });
    useAws(around.agent.checkout.directory, aws.endpoint);
    const sccache = { enabled: true, bucket: 'store', region: 'us-west-2' };
    await around.agent.configure((same) => ({ ...same, sccache }));
    const { exitCode, document } = await around.doctor(MAIN);
    expect(exitCode).toBe(1);
    expect(
      document.checks.filter(({ check, state }) => check === 'sccache' && state === 'failed'),
    ).toContainEqual({
      check: 'sccache',
      state: 'failed',
      text: 'region: the bucket is in eu-west-1, configured is us-west-2',
      fix: "set sccache.region to the bucket's own region",
    });
  });
});
