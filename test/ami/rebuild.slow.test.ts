import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, expect } from 'vitest';
import { familyPolicy } from '../../src/iam/role.ts';
import { amiRebuildCommand } from '../../src/cli/commands/ami/rebuild.ts';
import type { ImageId } from '../../src/ami/model/ids.ts';
import type { Event } from '../../src/platform/events.ts';
import { clock } from '../../parts/ci-job/clock.ts';
import { playAgent } from '../../parts/agent.ts';
import type { Engine } from '../../parts/engine.ts';
import { MOTO_ACCOUNT, type SeededImage } from '../../parts/moto/server.ts';
import type { Registry } from '../../parts/registry.ts';
import { orSkip } from '../tiers/or-skip.ts';
import { test } from '../tiers/real.ts';
import { authorizationsOf } from '../iam/authorizations.ts';
import { allows } from '../iam/simulate.ts';
import { PACKER_ONLY } from '../iam/unseen.ts';
import { DAY, FAMILY } from './family.ts';
import type { Machine } from '../../parts/instance/machine.ts';
import { warmbake } from '../../parts/moto/run.ts';
import { BUILD, type WarmProject } from './warm/warm-project.ts';
import { openWorkbench, type Workbench } from './build/workbench.ts';

/** Published images of earlier days, newest first; the stacks launch the first. */
const EARLIER = [4, 5, 6, 7].map((daysOld): SeededImage => {
  const created = new Date(Date.now() - daysOld * DAY).toISOString();
  return {
    ami_id: `ami-${String(daysOld).padStart(17, '0')}`,
    name: `${FAMILY.name}-${created.replaceAll(/\D/g, '').slice(0, 14)}`,
    creation_date: created,
    tags: { 'warmbake:family': 'cpu', 'warmbake:state': 'published', 'warmbake:run': `day-${daysOld}` },
  };
});

let opened: Promise<Workbench> | undefined;

/** Four stacks on the newest of {@link EARLIER}, and everything that a rebuild needs. */
async function workbench(engine: Engine, registry: Registry): Promise<Workbench> {
  opened ??= openWorkbench(engine, registry, { repository: 'ami-rebuild', images: EARLIER }).then(
    async (bench) => {
      for (const stack of FAMILY.stacks) await bench.furnish.addStack(stack, EARLIER[0]!.ami_id);
      return bench;
    },
  );
  return await opened;
}

afterAll(async () => {
  await (await opened?.catch(() => undefined))?.[Symbol.asyncDispose]();
});

/** A build's id, as Buildkite makes them. */
const day = (number: number): string => `00000000-0000-4000-8000-00000000000${number}`;

interface Day {
  readonly run: string;
  /** What main's last build has left. */
  readonly project: WarmProject;
  readonly machine: Machine;
}

/** The document that `--json` prints, the titles of the log's sections, and what was asked of AWS. */
interface Rebuilt {
  readonly json: { readonly image: string } & Readonly<Record<string, unknown>>;
  readonly error: unknown;
  readonly sections: readonly string[];
  readonly writes: readonly string[];
}

/** `warmbake ami rebuild` in a Buildkite job; the job that it adds runs on the machine that was made into the image. */
async function rebuild(
  { host, config, build, front }: Workbench,
  { run, project, machine }: Day,
): Promise<Rebuilt> {
  const store = join(host.home, 'buildkite');
  await mkdir(join(store, project.build.id), { recursive: true });
  await writeFile(
    join(store, project.build.id, `bake-config-build-${project.build.number}.json`),
    project.artifact,
  );
  const agent = playAgent(store, host.env['PATH'] ?? '');
  const env = { ...host.env, ...agent.env({ id: run, number: '1' }) };
  const sections: string[] = [];
  const asked = front.calls.length;
  const job = {
    ...host,
    env,
    scratch: join(host.home, run),
    // Nobody wants to wait for the next look at the canary.
    clock: {
      ...clock,
      sleep: async (ms: number, signal?: AbortSignal) => await clock.sleep(Math.min(ms, 500), signal),
    },
    emit: (event: Event) => {
      if (event.type === 'section') sections.push(event.title);
    },
  };
  await mkdir(job.scratch, { recursive: true });
  const over = new AbortController();
  const probing = agent.addedStep(run, over.signal).then(async (step) => {
    if (step === undefined) return undefined;
    const argv = [...step.command.split(' ').slice(1), '--source', project.source];
    const onInstance = { ...env, ...machine.engine.env, PATH: env['PATH'] ?? '' };
    return await warmbake(argv, {
      env: { ...onInstance, WARMBAKE_CONFIG: await configOn(machine, host.home, config) },
    });
  });
  try {
    const options = {
      config,
      source: project.source,
      packer: build.packer.own?.program,
      packerChecksum: build.packer.own?.sha256,
    };
    const outcome = await amiRebuildCommand.run(job, { args: [], options });
    const writes = front.calls.slice(asked).filter(({ action }) => !/:(?:Describe|Get|List)/.test(action));
    return {
      json: outcome.json as Rebuilt['json'],
      error: outcome.error,
      sections,
      writes: writes.map(({ action }) => action),
    };
  } finally {
    over.abort();
    await probing;
  }
}

/** The configuration for a job on an instance of the image: its socket and its marker file are elsewhere than on a real one. */
async function configOn({ instance, socket }: Machine, home: string, config: string): Promise<string> {
  const marker = join(home, 'marker');
  await writeFile(marker, (await instance.read('/etc/app-image')) ?? '');
  const text = await readFile(config, 'utf8');
  const there = text.replace('/etc/app-image', marker).replace('builder: {', `builder: { socket: ${socket},`);
  await writeFile(join(home, 'on-instance.yaml'), there);
  return join(home, 'on-instance.yaml');
}

/** What the groups of all stacks launch, and the parameter. */
async function fleet({ host, config, build }: Workbench): Promise<readonly unknown[]> {
  const argv = ['ami', 'roll', '--dry-run', '--json', '--config', config];
  const { out } = await warmbake(argv, { env: { PATH: host.env['PATH'] ?? '' } });
  const { stacks } = JSON.parse(out) as { stacks: { from: { image: string } }[] };
  return [
    ...stacks.map(({ from }) => from.image),
    (await build.account.parameters.get(FAMILY.parameter))?.value,
  ];
}

test('one command brings main into an image, proves it on the canary, and ends with the whole fleet on it', async ({
  engine,
  registry,
  skip,
}) => {
  const bench = await orSkip(workbench(engine, registry), skip);
  const { project, machine } = bench;
  const { json, error, sections, writes } = await rebuild(bench, { run: day(0), project, machine });
  expect(error).toBeUndefined();
  expect(json).toMatchObject({
    reused: false,
    warmth: { warmed: { executed: 0, loaded: 8 }, proved: { loaded: 8 } },
    outcome: 'rolled',
    canary: { verdict: 'proven', because: expect.stringMatching(/^8 steps loaded in \d+ s/) },
    published: { outcome: 'published', before: { state: 'absent' } },
    stacks: FAMILY.stacks.map((name, i) => ({ name, outcome: i === 0 ? 'unchanged' : 'updated' })),
  });
  expect(await fleet(bench)).toEqual(Array.from({ length: 5 }, () => json.image));
  expect(json['cleaned']).toMatchObject({
    images: [
      { id: json.image, keep: true },
      { id: EARLIER[0]?.ami_id, keep: true },
      { id: EARLIER[1]?.ami_id, keep: true },
      { id: EARLIER[2]?.ami_id, keep: true },
      { id: EARLIER[3]?.ami_id, outcome: 'condemned' },
    ],
  });
  expect(sections.slice(-5)).toEqual([
    `Finishing ${json.image}`,
    `Trying ${json.image} on pull-requests`,
    `Publishing ${json.image}`,
    'Rolling the stacks',
    'Cleaning up',
  ]);
  const gates = /CreateImage|UpdateAutoScalingGroup|PutParameter|DeregisterImage/;
  expect(writes.filter((action) => gates.test(action))).toEqual([
    'ec2:CreateImage',
    'autoscaling:UpdateAutoScalingGroup',
    'ssm:PutParameter',
    'autoscaling:UpdateAutoScalingGroup',
    'autoscaling:UpdateAutoScalingGroup',
    'autoscaling:UpdateAutoScalingGroup',
  ]);
});

test('run again after a lost agent, it finds everything done', async ({ engine, registry, skip }) => {
  const bench = await orSkip(workbench(engine, registry), skip);
  const { project, machine } = bench;
  const before = await fleet(bench);
  const { json, writes } = await rebuild(bench, { run: day(0), project, machine });
  expect(json).toMatchObject({
    reused: true,
    canary: { verdict: 'proven' },
    published: { outcome: 'unchanged' },
    stacks: FAMILY.stacks.map((name) => ({ name, outcome: 'unchanged' })),
  });
  expect(writes).toEqual([]);
  expect(await fleet(bench)).toEqual(before);
});

test('the next day main has moved: another image, the one of yesterday stays, and what was marked then goes', async ({
  engine,
  registry,
  skip,
}) => {
  const bench = await orSkip(workbench(engine, registry), skip);
  const [yesterday] = await fleet(bench);
  const project = await bench.project.moved({ number: '813', id: BUILD.id.replace('0199', '0200') });
  const machine = await bench.nextMachine();
  const marked = EARLIER[3]?.ami_id as ImageId;
  await bench.build.account.tagging.set([marked], { 'warmbake:condemned': yesterdayText() });
  const { json, error } = await rebuild(bench, { run: day(1), project, machine });
  expect(error).toBeUndefined();
  expect(json).toMatchObject({ reused: false, canary: { verdict: 'proven' }, cleaned: { missing: [] } });
  expect(json.image).not.toBe(yesterday);
  expect(await fleet(bench)).toEqual(Array.from({ length: 5 }, () => json.image));
  const images = await bench.build.account.images.list(`${FAMILY.name}-`);
  const commits = images.map(({ id, tags }) => [id, tags['warmbake:state'], tags['warmbake:commit']]);
  expect(commits).toEqual(
    expect.arrayContaining([
      [json.image, 'published', project.commit],
      [yesterday, 'published', bench.project.commit],
    ]),
  );
  expect(images.map(({ id }) => id)).not.toContain(marked);
  expect(images).toHaveLength(5);
});

/** Of a mark that was made when the job ran the last time. */
function yesterdayText(): string {
  return new Date(Date.now() - 86_400_000).toISOString();
}

/** Packer 1.6.6, which these tests may have, makes tags after the image: what later ones, and the pinned plugin, say in the same request. */
const TAGS_LATER = new Set(['ec2:CreateImage', 'ec2:CreateTags']);

test("the job's policy allows everything that all of this asked of AWS, Packer included (incident 945829a), and nothing else", async ({
  engine,
  registry,
  skip,
}) => {
  const { front, build } = await orSkip(workbench(engine, registry), skip);
  const { family, services } = build;
  const scope = { settings: services.settings, family, account: MOTO_ACCOUNT, templates: [] };
  const policy = familyPolicy('machine-image', scope);
  const tags = { 'warmbake:family': family.key };
  const asked = front.calls.flatMap((call) => authorizationsOf(call, { account: MOTO_ACCOUNT, tags }));
  const refused = asked.filter((one) => !allows(policy, one));
  expect(refused.filter(({ action }) => !TAGS_LATER.has(action))).toEqual([]);
  const seen = new Set(front.calls.map(({ action }) => action));
  expect(PACKER_ONLY.filter((action) => !seen.has(action))).toEqual([]);
});
