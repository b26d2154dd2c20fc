import { describe, expect, test } from 'vitest';
import type { TemplateId } from '../../../src/ami/model/ids.ts';
import { readStacks } from '../../../src/ami/rollout/stack-facts.ts';
import { roll } from '../../../src/ami/rollout/roll.ts';
import { FakeAccount } from '../fake/account.ts';
import { addImage, addStack, addVersion, imageOf, type StackWish } from '../fake/furnish.ts';
import { hostOf } from '../fake/host.ts';
import { refused } from '../fake/ports.ts';

/** So many stacks on an old image, and a new one. */
function fleet(count: number, wish: Partial<StackWish> = {}) {
  const fake = new FakeAccount();
  const old = addImage(fake, { daysOld: 1 });
  const image = addImage(fake);
  const names = Array.from({ length: count }, (_, number) => `queue-${number}`);
  const made = names.map((name) => addStack(fake, name, { image: old.id, ...wish }));
  return { fake, old, image, names, made };
}

/** A template that nobody's stack has made, like that of a group. */
function addTemplate(
  fake: FakeAccount,
  { templateName, group }: { readonly templateName: string; readonly group: string },
): TemplateId {
  const { launch } = fake.state.groups.get(group)!;
  const source = 'use' in launch ? fake.state.templates.get(launch.use.template)! : [];
  const template = 'lt-0000000000000beef' as TemplateId;
  fake.state.templates.set(
    template,
    source.map((version) => ({ ...version, template, templateName })),
  );
  return template;
}

function relaunchFrom(fake: FakeAccount, name: string, template: TemplateId): void {
  const group = fake.state.groups.get(name)!;
  const { launch } = group;
  if (!('use' in launch)) return;
  fake.state.groups.set(name, { ...group, launch: { ...launch, use: { ...launch.use, template } } });
}

function callsOf(fake: FakeAccount): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { name } of fake.gate.calls) counts[name] = (counts[name] ?? 0) + 1;
  return counts;
}

describe('many stacks are read with few requests', () => {
  test('a hundred with three lists', async () => {
    const { fake, image, names } = fleet(100);
    const readings = await readStacks(fake.ports, names, image.id);
    expect(readings.map((one) => one.state === 'read' && one.facts.active?.number)).toEqual(
      names.map(() => 1),
    );
    expect(callsOf(fake)).toEqual({ 'groups.list': 1, 'templates.current': 1, 'stacks.list': 1 });
  });

  test('a few are asked for by name, as nobody needs to see all stacks of the region then', async () => {
    const { fake, image, names } = fleet(4);
    await readStacks(fake.ports, names, image.id);
    expect(callsOf(fake)).toEqual({ 'groups.list': 1, 'templates.current': 1, 'stacks.find': 4 });
  });

  test('CloudFormation is asked for a group that does not say whose it is', async () => {
    const { fake, image, names, made } = fleet(12, { tagged: false });
    const readings = await readStacks(fake.ports, names, image.id);
    expect(readings.map((one) => one.state === 'read' && one.facts.groupName)).toEqual(
      made.map(({ group }) => group),
    );
    expect(callsOf(fake)['stacks.resource']).toBe(12);
  });

  test.each([
    ['another group launches from it too', undefined],
    ['its name is neither the stack’s nor CloudFormation’s', 'experiment'],
  ])('and whose template it is where %s', async (_, templateName) => {
    const { fake, image, names, made } = fleet(12);
    const { group, template } = made[5]!;
    const other = templateName === undefined ? made[6]!.template : addTemplate(fake, { templateName, group });
    relaunchFrom(fake, group, other);
    const readings = await readStacks(fake.ports, names, image.id);
    expect(readings[5]).toMatchObject({
      facts: { template, group: { launch: { use: { template: other } } } },
    });
    expect(callsOf(fake)['stacks.resource']).toBe(templateName === undefined ? 2 : 1);
    const plans = await roll(fake.ports, hostOf(fake), { image: image.id, stacks: names, dryRun: true });
    expect(plans.map((one) => (one.outcome === 'failed' ? one.error.code : one.outcome))).toEqual(
      names.map((name) => (name === names[5] ? 'group-elsewhere' : 'planned')),
    );
  });

  test('a template with the name that CloudFormation gives, or with the stack’s, is the stack’s', async () => {
    const { fake, image, names, made } = fleet(12);
    for (const [index, { template }] of made.entries()) {
      const templateName = index % 2 === 0 ? 'AgentLaunchTemplate_Yzdf3AbcDef' : `${names[index]}-agents`;
      const versions = fake.state.templates.get(template)!;
      fake.state.templates.set(
        template,
        versions.map((version) => ({ ...version, templateName })),
      );
    }
    await readStacks(fake.ports, names, image.id);
    expect(callsOf(fake)['stacks.resource']).toBeUndefined();
  });

  test('and where two say so, as while a stack update replaces one', async () => {
    const { fake, image, names, made } = fleet(12);
    const { group } = made[3]!;
    fake.state.groups.set('old', { ...fake.state.groups.get(group)!, name: 'old' });
    const readings = await readStacks(fake.ports, names, image.id);
    expect(readings.map((one) => one.state === 'read' && one.facts.groupName)).toEqual(
      made.map((one) => one.group),
    );
    expect(callsOf(fake)['stacks.resource']).toBe(1);
  });

  test('a group of the stack that is not the one of its agents is none', async () => {
    const { fake, image, names, made } = fleet(12);
    const other = { name: names[3]!, logicalId: 'OtherGroup' };
    fake.state.groups.set('other', {
      ...fake.state.groups.get(made[3]!.group)!,
      name: 'other',
      stack: other,
    });
    await readStacks(fake.ports, names, image.id);
    expect(callsOf(fake)['stacks.resource']).toBeUndefined();
  });

  test('where the list of stacks is not allowed each is asked for by its name', async () => {
    const { fake, image, names } = fleet(12);
    fake.gate.before = ({ name }) => {
      if (name === 'stacks.list')
        throw refused('cloudformation:DescribeStacks', 'AccessDenied', 'all stacks');
    };
    const readings = await readStacks(fake.ports, names, image.id);
    expect(readings.every((one) => one.state === 'read' && one.facts.stack !== undefined)).toBe(true);
    expect(callsOf(fake)['stacks.find']).toBe(12);
  });

  test('a stack that the list does not have is asked for by its name', async () => {
    const { fake, image, names } = fleet(12);
    await readStacks(fake.ports, [...names, 'gone'], image.id);
    expect(fake.gate.calls.filter(({ name }) => name === 'stacks.find').map(({ args }) => args[0])).toEqual([
      'gone',
    ]);
  });

  test('a version that is neither the latest nor the default is asked for', async () => {
    const { fake, image, names, made, old } = fleet(1, { version: 2 });
    const { template } = made[0]!;
    for (const one of [old, image, old]) addVersion(fake, template, { image: one.id });
    const [reading] = await readStacks(fake.ports, names, image.id);
    expect(reading).toMatchObject({
      facts: { active: { number: 2 }, latest: { number: 4 }, candidates: [{ number: 3 }] },
    });
    expect(callsOf(fake)).toMatchObject({ 'templates.version': 1, 'templates.withImage': 1 });
  });
});

describe('what was read together is read again right before a stack is changed', () => {
  const rollAll = async ({ fake, image, names }: ReturnType<typeof fleet>, before?: () => Promise<void>) =>
    await roll(fake.ports, hostOf(fake), {
      image: image.id,
      stacks: names,
      dryRun: false,
      ...(before === undefined ? {} : { before }),
    });

  test('a stack whose update begins meanwhile stays as it is', async () => {
    const world = fleet(12);
    const { fake, names, old } = world;
    fake.gate.before = ({ name, args }) => {
      if (name !== 'stacks.find' || args[0] !== names[5]) return;
      fake.state.stacks.set(names[5]!, {
        ...fake.state.stacks.get(names[5]!)!,
        status: 'UPDATE_IN_PROGRESS',
      });
    };
    const results = await rollAll(world);
    expect(results.filter(({ outcome }) => outcome === 'failed')).toMatchObject([
      { stack: names[5], error: { code: 'stack-in-progress' } },
    ]);
    expect(imageOf(fake, names[5]!)).toBe(old.id);
  });

  test('a policy that changes meanwhile is not written over', async () => {
    const world = fleet(12);
    const { fake, names, made } = world;
    const { group } = made[5]!;
    const seen = { once: false };
    // All have been read together by then.
    fake.gate.before = ({ name }) => {
      if (seen.once || !['stacks.find', 'templates.create'].includes(name)) return;
      seen.once = true;
      const had = fake.state.groups.get(group)!;
      if (had.launch.kind !== 'mixed') return;
      const policy = { ...had.launch.policy, InstancesDistribution: { OnDemandBaseCapacity: 7 } };
      fake.state.groups.set(group, { ...had, launch: { ...had.launch, policy } });
    };
    await rollAll(world);
    expect(fake.state.groups.get(group)?.launch).toMatchObject({
      policy: { InstancesDistribution: { OnDemandBaseCapacity: 7 } },
    });
    expect(imageOf(fake, names[5]!)).toBe(world.image.id);
  });

  test('a template that is not the stack’s own gets no version', async () => {
    const world = fleet(12);
    const { fake, names, made } = world;
    const stranger = addStack(fake, 'stranger', { image: world.old.id });
    fake.state.groups.set(made[5]!.group, {
      ...fake.state.groups.get(stranger.group)!,
      name: made[5]!.group,
      stack: { name: names[5]!, logicalId: 'AgentAutoScaleGroup' },
    });
    const results = await rollAll(world);
    expect(results.filter(({ outcome }) => outcome === 'failed')).toMatchObject([
      { error: { code: 'group-elsewhere' } },
    ]);
    expect(fake.state.templates.get(stranger.template)).toHaveLength(1);
  });

  test('the look at hold and image comes after that, and nothing but writes between it and the change', async () => {
    const world = fleet(1);
    const { fake } = world;
    const looked: number[] = [];
    await rollAll(world, async () => void looked.push(fake.gate.calls.length));
    expect(fake.gate.calls.slice(looked[0]).map(({ name }) => name)).toEqual([
      'templates.create',
      'templates.version',
      'groups.relaunch',
      'groups.find',
    ]);
  });
});
