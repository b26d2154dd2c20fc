import { execa } from 'execa';
import { existsSync, readFileSync } from 'node:fs';
import { readFile, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, describe, expect } from 'vitest';
import {
  buildImage,
  imageOfRun,
  type MachineImageBuild,
} from '../../../src/ami/build/machine-image-build.ts';
import { planImage } from '../../../src/ami/build/image-plan.ts';
import { amiBuildCommand } from '../../../src/cli/commands/ami/build.ts';
import { sha256Of } from '../../../src/ami/packer/pinned-file.ts';
import { keepGroups } from '../../../src/bake/kept-groups.ts';
import { layeredTarget } from '../../../src/config/layered-target.ts';
import type { Event } from '../../../src/platform/events.ts';
import type { Engine } from '../../../parts/engine.ts';
import { findParts } from '../../../parts/find.ts';
import { findNewest } from '../../../parts/newest.ts';
import { need } from '../../../parts/part.ts';
import type { Registry } from '../../../parts/registry.ts';
import { manifestOf, putManifest } from '../../image-step/registry-content.ts';
import { orSkip } from '../../tiers/or-skip.ts';
import { test } from '../../tiers/real.ts';
import { pageText } from '../../cli/page-text.ts';
import { BUILD, SOURCE_TEXT, TARGET } from '../warm/warm-project.ts';
import { BASE_AMI, openWorkbench, SECRET, type Workbench } from './workbench.ts';

/** The program, what it says of its version, and the plugin that is installed for it. */
async function expectedPrograms(which: string) {
  const own = { plugin: undefined, version: 'Packer v' };
  if (which === 'the Packer of the machine')
    return { ...own, program: need('packer', (await findParts(process.env)).packer) };
  const newest = need('the newest Packer', (await findNewest(process.env)).packer);
  const sha256 = sha256Of(await readFile(newest.plugin));
  const plugin = { version: newest.pluginVersion, sha256 };
  return { program: newest.packer, version: `Packer v${newest.version}`, plugin };
}

describe.each(['the Packer of the machine', 'the newest Packer'])('%s', (which) => {
  /** One for all tests: the last one is the one after which nobody gets on to the instance any more. */
  let opened: Promise<Workbench> | undefined;

  async function workbench(engine: Engine, registry: Registry): Promise<Workbench> {
    const newest = which === 'the newest Packer';
    return await (opened ??= openWorkbench(engine, registry, {
      repository: newest ? 'ami-newest' : 'ami-packer',
      newest,
    }));
  }

  afterAll(async () => {
    await (await opened?.catch(() => undefined))?.[Symbol.asyncDispose]();
  });

  test('is what these tests run on', async ({ engine, registry, skip }) => {
    const { build } = await orSkip(workbench(engine, registry), skip);
    const program = build.packer.own?.program ?? '';
    const { stdout } = await execa(program, ['version'], { env: { CHECKPOINT_DISABLE: '1' } });
    const expected = await expectedPrograms(which);
    expect(stdout).toContain(expected.version);
    expect([program, build.plugin]).toMatchObject([expected.program, expected.plugin]);
  });

  test('a dry run says what would be built, and from what, and changes nothing', async ({
    engine,
    registry,
    skip,
  }) => {
    const { host, config, project, front } = await orSkip(workbench(engine, registry), skip);
    const asked = front.calls.length;
    const options = { config, run: 'trial', dryRun: true };
    // A run of its own has a scratch folder of its own.
    const command = { ...host, scratch: join(host.home, 'dry-run') };
    const { json, page } = await amiBuildCommand.run(command, { args: [], options });
    expect(json).toMatchObject({
      family: 'cpu',
      plan: {
        base: { image: BASE_AMI },
        subject: { commit: project.commit, buildNumber: BUILD.number, buildId: BUILD.id },
        imports: { [TARGET]: [project.cache] },
      },
    });
    expect(pageText(page)).toMatch(/^image {5}app-build-\d{14}, run trial\n/);
    const actions = front.calls.slice(asked).map(({ action }) => action.split(':')[1] ?? '');
    expect(actions.filter((action) => !/^(?:Get|Describe)/.test(action))).toEqual([]);
    await expect(amiBuildCommand.run(command, { args: [], options: { config } })).rejects.toMatchObject({
      kind: 'usage',
      message: 'this run has no id',
    });
  });

  test('when Packer is killed while the store is warmed, what it has launched is taken away', async ({
    engine,
    registry,
    skip,
  }) => {
    const { host, build, planning, front } = await orSkip(workbench(engine, registry), skip);
    const killing = {
      ...host,
      emit: (event: Event) => {
        if (event.type === 'section' && event.title.startsWith('Warming')) void killPacker(host.scratch);
      },
    };
    const plan = await planImage(host, { ...planning, run: 'killed' });
    await expect(buildImage(killing, plan, build)).rejects.toMatchObject({ code: 'packer-failed' });
    expect(await build.imageBuilder.leftovers('cpu')).toEqual([]);
    expect(front.calls.map(({ action }) => action)).toContain('ec2:TerminateInstances');
    expect(await build.account.images.list('app-build-')).toEqual([]);
  });

  test('a store below the bar makes no image: Packer is told, and takes the instance down', async ({
    engine,
    registry,
    skip,
  }) => {
    const { host, build, planning } = await orSkip(workbench(engine, registry), skip);
    const plan = await planImage(host, { ...planning, run: 'too-small' });
    const family = { ...build.family, warm: { ...build.family.warm, minimumBytes: 1e12 } };
    await expect(buildImage(host, plan, { ...build, family })).rejects.toThrow(
      /^the store is not warm: the store holds \d+\.\d MB, at least 1000\.0 GB are expected$/,
    );
    expect(await build.imageBuilder.leftovers('cpu')).toEqual([]);
    expect(await build.account.images.list('app-build-')).toEqual([]);
  });

  test('where the machine refuses reverse tunnels, Packer tries again without, and the image is warmed from one cache', async ({
    engine,
    registry,
    skip,
  }) => {
    const bench = await orSkip(workbench(engine, registry), skip);
    const { host, build, planning } = bench;
    const usual = { ...host.env };
    await bench.nextMachine({ reverseTunnels: false });
    Object.assign(host.env, { PKR_VAR_gateway_patience: '8s' });
    host.warnings.length = 0;
    const plan = await planImage(host, { ...planning, run: 'no-tunnel' });
    const { warmth } = await buildImage(host, plan, build);
    expect(warmth).toMatchObject({ warmed: { executed: 0, loaded: 8 }, proved: { loaded: 8 } });
    expect(host.warnings.map(({ code }) => code)).toEqual(['cache-not-merged']);
    Object.assign(host.env, usual, { PKR_VAR_gateway_patience: '5m' });
  });

  test('B-26: a real Packer makes a warm, proved and tagged image, and leaves no secret and nothing of its making on it', async ({
    engine,
    registry,
    skip,
  }) => {
    const bench = await orSkip(workbench(engine, registry), skip);
    const { host, planning, project, front } = bench;
    const build = await withGroup(bench, registry.host);
    // The store of the machine before is warm already.
    const { instance } = await bench.nextMachine();
    host.warnings.length = 0;
    const plan = await planImage(host, { ...planning, run: 'run-1' });
    const told: Event[] = [];
    let secret = '';
    const watched = {
      ...host,
      emit: (event: Event) => {
        told.push(event);
        secret ||= secretIn(join(host.scratch, 'warm-filling.json'));
      },
    };
    const { image, reused, warmth } = await buildImage(watched, plan, build);
    expect(secret).toMatch(/^[0-9a-f]{32}$/);
    expect(JSON.stringify(told)).not.toContain(secret);
    expect(host.warnings).toEqual([]);
    const titles = told.flatMap((event) => (event.type === 'section' ? event.title : ''));
    expect(titles.filter((text) => text.startsWith('Warming'))).toEqual([
      'Warming 5 stages',
      'Warming 4 stages of further',
    ]);
    const loaded = told.flatMap((event) => (event.type === 'line' ? event.text : ''));
    expect(loaded.filter((text) => text.startsWith('loaded'))).toEqual([
      expect.stringMatching(`^loaded   [0-9]+ layers, [0-9.]+ MB from ${project.cache}$`),
    ]);

    expect(reused).toBe(false);
    expect(warmth).toMatchObject({ warmed: { executed: 0, loaded: 8 }, proved: { loaded: 8 } });
    const stored = await build.account.images.find(image.id);
    expect(stored?.name).toMatch(/^app-build-\d{14}$/);
    expect(stored?.tags).toMatchObject({
      'warmbake:family': 'cpu',
      'warmbake:state': 'candidate',
      'warmbake:run': 'run-1',
      'warmbake:commit': project.commit,
      'warmbake:build': BUILD.number,
      'warmbake:base': BASE_AMI,
      'warmbake:warmth': expect.stringMatching(/^executed=0 loaded=8 bytes=\d{8} seconds=\d+ /),
    });
    expect(await build.account.snapshots.tagged('warmbake:run', 'run-1')).toHaveLength(1);
    expect(front.calls.map(({ action }) => action)).toContain('ec2:EnableImageDeprecation');

    const calls = (await instance.calls()).join('\n');
    expect(calls.slice(calls.lastIndexOf('dnf ')).match(/^systemctl (?:restart|stop) .*/gm)).toEqual([
      'systemctl restart buildkitd.service',
      'systemctl restart buildx-builder.service',
      'systemctl restart buildkitd.service',
      'systemctl stop buildkitd.service docker.socket docker.service',
    ]);
    expect(calls).toMatch(/^systemctl stop buildkitd\.service [^]*^fstrim --all --verbose$/m);
    // No record of the builds that warmed it: forgotten by BuildKit, then by its file.
    expect(calls).toMatch(/^buildctl prune-histories\nsystemctl stop buildkitd\.service /m);
    expect(await instance.read('/var/lib/buildkit/history.db')).toBeUndefined();
    expect(await instance.read('/etc/app-image')).toMatch(
      new RegExp(
        `^AMI_BUILD_TIME=2.*Z\nBUILDKIT_CACHE=.+\nAMI_COMMIT=${project.commit}\nAMI_BUILD=812\nAMI_BASE=${BASE_AMI}\nAMI_RUN=run-1\n$`,
      ),
    );
    expect(await instance.read('/var/lib/buildkite-agent/.docker/buildx/instances/warm-builder')).toContain(
      'unix:///run/buildkit/buildkitd.sock',
    );
    expect(await instance.read('/run/warmbake/buildkitd.env')).toBeUndefined();
    expect(await instance.read('/root/.ssh/authorized_keys')).toBeUndefined();
    const places = [
      '/etc',
      '/home',
      '/root',
      '/run',
      '/tmp',
      '/usr/local/bin',
      '/var/lib/buildkite-agent',
      '/var/log',
    ];
    for (const text of [SECRET, SOURCE_TEXT, secret])
      expect(await instance.filesWith(text, places)).toEqual([]);
    for (const file of ['/etc/app-image', '/etc/buildkit', '/usr/local/bin/buildkitd'])
      expect(existsSync(file)).toBe(false);

    // The step again, as after a lost agent.
    expect(await imageOfRun(host, build, 'run-1')).toMatchObject({ reused: true, image: { id: image.id } });
  });
});

/** Main built a group beside the target, and one target by that: a stage of the same Dockerfile, with a cache of its own. */
async function withGroup({ host, build, project }: Workbench, registry: string): Promise<MachineImageBuild> {
  const { settings } = build.services;
  const group = layeredTarget('all', [{}], settings.written);
  const { target } = JSON.parse(project.artifact) as { readonly target: Record<string, object> };
  const further = { ...target[TARGET], target: 'build' };
  const artifact = { target: { ...target, further } };
  const bakeConfig = join(host.home, 'with-group.json');
  await writeFile(bakeConfig, JSON.stringify(keepGroups(artifact, new Map([['all', ['further']]]))));
  const cache = project.cache.slice(registry.length + 1);
  await putManifest(registry, `${cache}-further`, await manifestOf(registry, cache));
  const targets = [...settings.targets, group];
  return { ...build, bakeConfig, services: { ...build.services, settings: { ...settings, targets } } };
}

/** The path of the merged cache, while it is being loaded. */
function secretIn(file: string): string {
  return existsSync(file) ? (/:\d+\/([0-9a-f]{32})\//.exec(readFileSync(file, 'utf8'))?.[1] ?? '') : '';
}

/** The whole family: Packer's program is several processes. */
async function killPacker(scratch: string): Promise<void> {
  const ids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  for (const id of ids) {
    const environment = await readFile(`/proc/${id}/environ`, 'utf8').catch(() => '');
    if (environment.includes(`TMPDIR=${scratch}/packer`))
      await execa('kill', ['-KILL', id], { reject: false });
  }
}
