import { describe, expect, test } from 'vitest';
import { roll, type RollOptions, type StackResult } from '../../../src/ami/rollout/roll.ts';
import type { Event } from '../../../src/platform/events.ts';
import type { ImageId, TemplateId } from '../../../src/ami/model/ids.ts';
import type { JsonObject } from '../../../src/ami/model/json.ts';
import { withVersion } from '../../../src/ami/model/launch.ts';
import { FAMILY } from '../family.ts';
import { FakeAccount, type FakeOptions } from '../fake/account.ts';
import { addImage, addInstance, addStack, addVersion, imageOf } from '../fake/furnish.ts';
import { everyKillPoint } from '../fake/kill-points.ts';
import { hostOf } from '../fake/host.ts';
import { refused } from '../fake/ports.ts';
import { conditionOf } from '../fake/condition.ts';

/** Four stacks on an old image, and a new one. */
function fleet(options?: FakeOptions) {
  const fake = new FakeAccount(options);
  const old = addImage(fake, { daysOld: 1 });
  const image = addImage(fake);
  const stacks = new Map(FAMILY.stacks.map((name) => [name, addStack(fake, name, { image: old.id })]));
  return { fake, old, image, stacks };
}

async function rollAll(fake: FakeAccount, options: Pick<RollOptions, 'image'> & Partial<RollOptions>) {
  const events: Event[] = [];
  const host = hostOf(fake, events);
  return await roll(fake.ports, host, { stacks: FAMILY.stacks, dryRun: false, ...options });
}

function outcomes(results: readonly StackResult[]): Record<string, string> {
  return Object.fromEntries(
    results.map((result) => [
      result.stack,
      result.outcome === 'failed' ? `${result.error.code}: ${result.error.message}` : result.outcome,
    ]),
  );
}

describe('a roll', () => {
  test('moves every stack to the new image, by one new version each', async () => {
    const { fake, image } = fleet();
    const results = await rollAll(fake, { image: image.id });
    expect(new Set(Object.values(outcomes(results)))).toEqual(new Set(['updated']));
    expect(FAMILY.stacks.map((stack) => imageOf(fake, stack))).toEqual(FAMILY.stacks.map(() => image.id));
    expect([...fake.state.templates.values()].map((versions) => versions.length)).toEqual([2, 2, 2, 2]);
  });

  test('done twice is done once', async () => {
    const { fake, image } = fleet();
    await rollAll(fake, { image: image.id });
    fake.gate.revive();
    const results = await rollAll(fake, { image: image.id });
    expect(new Set(Object.values(outcomes(results)))).toEqual(new Set(['unchanged']));
    expect(fake.writes).toEqual([]);
  });

  test('planned only, it says what it would do and changes nothing', async () => {
    const { fake, image, old } = fleet();
    const results = await rollAll(fake, { image: image.id, dryRun: true });
    expect(results[0]).toEqual({
      stack: 'pull-requests',
      outcome: 'planned',
      group: 'pull-requests-AgentAutoScaleGroup-1',
      template: 'lt-00000000000000001',
      from: { version: 1, image: old.id },
      to: { image: image.id },
    });
    expect(fake.writes).toEqual([]);
  });

  test('L10: touches no instance and no stack, only versions and groups (incident 028322e: running jobs were killed)', async () => {
    const { fake, image, old } = fleet();
    addInstance(fake, { image: old.id, group: 'pull-requests-AgentAutoScaleGroup-1' });
    const before = [...fake.state.instances.values()];
    await rollAll(fake, { image: image.id });
    expect(new Set(fake.writes)).toEqual(new Set(['templates.create', 'groups.relaunch']));
    expect([...fake.state.instances.values()]).toEqual(before);
  });

  test('B-29: a version that an interrupted run left unused is taken, not mistaken for the active one', async () => {
    const { fake, image, stacks } = fleet();
    addVersion(fake, stacks.get('main')!.template, { image: image.id });
    const results = await rollAll(fake, { image: image.id, stacks: ['main'] });
    expect(results[0]).toMatchObject({ outcome: 'updated', from: { version: 1 }, to: { version: 2 } });
    expect(fake.writes).toEqual(['groups.relaunch']);
    expect(imageOf(fake, 'main')).toBe(image.id);
  });

  test('a version with the image that was changed by hand is left alone, and the active one is the source', async () => {
    const { fake, image, stacks } = fleet();
    const { template } = stacks.get('main')!;
    addVersion(fake, template, { image: image.id, data: { UserData: 'ZXhwZXJpbWVudA==' } });
    const results = await rollAll(fake, { image: image.id, stacks: ['main'] });
    expect(results[0]).toMatchObject({ from: { version: 1 }, to: { version: 3 } });
    expect(fake.state.templates.get(template)?.at(-1)?.data['UserData']).toBe('IyEvYmluL3NoCg==');
  });

  test.each(['mixed', 'template'] as const)(
    'a group of shape %s is moved (incident a1addd3: no template was found)',
    async (shape) => {
      const fake = new FakeAccount();
      const image = addImage(fake);
      addStack(fake, 'main', { image: addImage(fake).id, shape });
      expect(outcomes(await rollAll(fake, { image: image.id, stacks: ['main'] }))).toEqual({
        main: 'updated',
      });
      expect(imageOf(fake, 'main')).toBe(image.id);
    },
  );

  test.each(['$Latest', '$Default'] as const)(
    'a group that follows %s is pinned to the version that was made',
    async (version) => {
      const fake = new FakeAccount();
      const image = addImage(fake);
      const { group } = addStack(fake, 'main', { image: addImage(fake).id, version });
      await rollAll(fake, { image: image.id, stacks: ['main'] });
      expect(fake.state.groups.get(group)?.launch).toMatchObject({ use: { version: '2' } });
    },
  );

  test.each(['$Latest', '$Default'] as const)(
    'a group that follows %s is pinned where it launches the image already, once',
    async (version) => {
      const fake = new FakeAccount();
      const image = addImage(fake);
      const { group, template } = addStack(fake, 'main', { image: image.id, version });
      expect(outcomes(await rollAll(fake, { image: image.id, stacks: ['main'] }))).toEqual({
        main: 'updated',
      });
      expect(fake.state.groups.get(group)?.launch).toMatchObject({ use: { version: '1' } });
      expect(fake.state.templates.get(template)).toHaveLength(1);
      expect(outcomes(await rollAll(fake, { image: image.id, stacks: ['main'] }))).toEqual({
        main: 'unchanged',
      });
    },
  );

  describe('a newest version that no group launches and no roll has made', () => {
    const warnedOf = async (fake: FakeAccount, image: ImageId) => {
      const events: Event[] = [];
      const host = hostOf(fake, events);
      await roll(fake.ports, host, { image, stacks: ['main'], dryRun: false });
      return events.flatMap((event) => (event.type === 'warning' ? [event.warning] : []));
    };
    const withNewest = (data: JsonObject, imageOfNewest?: ImageId) => {
      const fake = new FakeAccount();
      const [old, wanted] = [addImage(fake), addImage(fake)];
      const { template } = addStack(fake, 'main', { image: old.id });
      addVersion(fake, template, { image: imageOfNewest ?? old.id, data });
      return { fake, old, wanted, template };
    };

    test('is told with what to do, and neither built upon nor launched', async () => {
      const { fake, wanted, template } = withNewest({ InstanceType: 'm7i.large' });
      const [warning] = await warnedOf(fake, wanted.id);
      expect(warning).toMatchObject({ code: 'newest-version-foreign' });
      expect(warning!.message).toContain(`the newest version 2 of ${template}, of 'main', was made by hand`);
      expect(warning!.message).toContain(
        `aws ec2 delete-launch-template-versions --launch-template-id ${template} --versions 2`,
      );
      const [made, foreign, active] = fake.state.templates.get(template)!.toReversed();
      expect(made).toMatchObject({ number: 3, image: wanted.id });
      expect(made!.data['InstanceType']).toEqual(active!.data['InstanceType']);
      expect(foreign!.data['InstanceType']).toBe('m7i.large');
    });

    test('is told where the stack is in sync as well', async () => {
      const { fake, old } = withNewest({ InstanceType: 'm7i.large' });
      expect(await warnedOf(fake, old.id)).toMatchObject([{ code: 'newest-version-foreign' }]);
      expect(fake.writes).toEqual([]);
    });

    test('is nothing to tell where it is what a roll would make', async () => {
      const { fake, wanted } = withNewest({});
      expect(await warnedOf(fake, wanted.id)).toEqual([]);
    });

    test('is nothing to tell of one that an interrupted roll has made', async () => {
      const { fake, wanted, old } = withNewest({});
      await warnedOf(fake, wanted.id);
      const group = [...fake.state.groups.keys()][0]!;
      const { launch } = fake.state.groups.get(group)!;
      if (launch.kind !== 'mixed' && launch.kind !== 'template') throw new Error('no template');
      await fake.ports.groups.relaunch(group, withVersion(launch, 1));
      expect(await warnedOf(fake, old.id)).toEqual([]);
    });
  });

  test('a version that resolves its image by itself is replaced by one that names it (incident f25c688: the new image was never used)', async () => {
    const fake = new FakeAccount();
    const image = addImage(fake);
    addStack(fake, 'main', { image: 'resolve:ssm:/ci/app-image' });
    expect(outcomes(await rollAll(fake, { image: image.id, stacks: ['main'] }))).toEqual({ main: 'updated' });
  });

  test.each(['replace', 'merge-leaves'] as const)(
    'the rest of the policy stays, whether an update means to %s',
    async (policyUpdate) => {
      const { fake, image, stacks } = fleet({ policyUpdate });
      const { group, template } = stacks.get('main')!;
      await rollAll(fake, { image: image.id });
      expect(fake.state.groups.get(group)?.launch).toMatchObject({
        policy: {
          InstancesDistribution: {
            OnDemandPercentageAboveBaseCapacity: 100,
            SpotAllocationStrategy: 'capacity-optimized',
          },
          LaunchTemplate: {
            LaunchTemplateSpecification: { LaunchTemplateId: template, Version: '2' },
            Overrides: [{ InstanceType: 'r6in.large' }, { InstanceType: 'r6i.large' }],
          },
        },
      });
    },
  );
});

describe('the rate at which disks are loaded', () => {
  const disk = { kind: 'rate', mebibytes: 300 } as const;

  function devicesOf(fake: FakeAccount, template: TemplateId) {
    return fake.state.templates.get(template)?.at(-1)?.data['BlockDeviceMappings'];
  }

  test('is written into the versions that are made, beside all that the device was', async () => {
    const { fake, image, stacks } = fleet();
    const results = await rollAll(fake, { image: image.id, disk });
    expect(new Set(Object.values(outcomes(results)))).toEqual(new Set(['updated']));
    expect(devicesOf(fake, stacks.get('main')!.template)).toEqual([
      {
        DeviceName: '/dev/xvda',
        Ebs: { VolumeSize: 512, VolumeType: 'gp3', VolumeInitializationRate: 300 },
      },
    ]);
    fake.gate.revive();
    expect(new Set(Object.values(outcomes(await rollAll(fake, { image: image.id, disk }))))).toEqual(
      new Set(['unchanged']),
    );
    expect(fake.writes).toEqual([]);
  });

  test('comes to stacks that have the image already, and goes again', async () => {
    const { fake, image, stacks } = fleet();
    const { template } = stacks.get('main')!;
    await rollAll(fake, { image: image.id });
    await rollAll(fake, { image: image.id, disk });
    expect(imageOf(fake, 'main')).toBe(image.id);
    expect(JSON.stringify(devicesOf(fake, template))).toContain('"VolumeInitializationRate":300');
    expect(outcomes(await rollAll(fake, { image: image.id }))).toMatchObject({ main: 'updated' });
    const { launch } = fake.state.groups.get(stacks.get('main')!.group)!;
    // Version 2 had the image and no rate: it is taken again.
    expect(launch).toMatchObject({ use: { version: '2' } });
  });

  test('goes with an earlier image as with a newer one', async () => {
    const { fake, image, old, stacks } = fleet();
    await rollAll(fake, { image: image.id, disk });
    await rollAll(fake, { image: old.id, disk });
    expect(FAMILY.stacks.map((stack) => imageOf(fake, stack))).toEqual(FAMILY.stacks.map(() => old.id));
    expect(JSON.stringify(devicesOf(fake, stacks.get('main')!.template))).toContain(
      '"VolumeInitializationRate":300',
    );
  });

  test('is not written where EC2 gives the version another one: the group stays', async () => {
    const { fake, image, stacks } = fleet();
    const { template } = stacks.get('main')!;
    fake.gate.before = ({ name, args }) => {
      if (name !== 'templates.version' || args[0] !== template || args[1] !== '2') return;
      const [first, second] = fake.state.templates.get(template)!;
      const { BlockDeviceMappings } = first!.data;
      const data = { ...second!.data, BlockDeviceMappings: BlockDeviceMappings! };
      fake.state.templates.set(template, [first!, { ...second!, data }]);
    };
    const results = await rollAll(fake, { image: image.id, disk });
    expect(outcomes(results)['main']).toMatch(
      /^version-differs: .* more than the image and the rate of its disk/,
    );
    expect(imageOf(fake, 'main')).not.toBe(image.id);
  });

  test('is told of where a template names no device of the image', async () => {
    const { fake, image, stacks } = fleet();
    const { template } = stacks.get('main')!;
    const [first] = fake.state.templates.get(template)!;
    const { BlockDeviceMappings: _, ...data } = first!.data;
    fake.state.templates.set(template, [{ ...first!, data }]);
    const events: Event[] = [];
    const host = hostOf(fake, events);
    await roll(fake.ports, host, { image: image.id, stacks: FAMILY.stacks, dryRun: false, disk });
    expect(imageOf(fake, 'main')).toBe(image.id);
    expect(events).toMatchObject([{ type: 'warning', warning: { code: 'rate-not-written' } }]);
  });

  test('L6: killed at any call and run again, each stack has it in one version', async () => {
    const { fake, image } = fleet();
    const points = await everyKillPoint(
      fake,
      {},
      {
        run: async (account) => void (await rollAll(account, { image: image.id, disk })),
        condition: conditionOf,
      },
    );
    expect(points).toBeGreaterThanOrEqual(2 * 4 * 8);
  });
});

describe('a stack that cannot be moved is an error of its own, and the others go on', () => {
  type Fleet = ReturnType<typeof fleet>;
  const CASES: readonly (readonly [string, (fleet: Fleet) => void, string])[] = [
    [
      'is not there (incident d86ec1b: another group was chosen)',
      ({ fake }) => void fake.state.stacks.delete('main'),
      "stack-missing: there is no stack 'main'",
    ],
    [
      'is being updated',
      ({ fake }) => changeStack(fake, { status: 'UPDATE_COMPLETE_CLEANUP_IN_PROGRESS' }),
      "stack-in-progress: stack 'main' is UPDATE_COMPLETE_CLEANUP_IN_PROGRESS; run this again when it has ended",
    ],
    [
      'has no template',
      ({ fake, stacks }) =>
        changeStack(fake, { resources: { AgentAutoScaleGroup: stacks.get('main')!.group } }),
      "template-missing: stack 'main' has no resource AgentLaunchTemplate",
    ],
    [
      'has no group',
      ({ fake, stacks }) => {
        const { group, template } = stacks.get('main')!;
        fake.state.groups.delete(group);
        changeStack(fake, { resources: { AgentLaunchTemplate: template } });
      },
      "group-missing: stack 'main' has no resource AgentAutoScaleGroup",
    ],
    [
      'has lost its group',
      ({ fake, stacks }) => void fake.state.groups.delete(stacks.get('main')!.group),
      "group-missing: group 'main-AgentAutoScaleGroup-2' of stack 'main' is not there",
    ],
    [
      'launches from a launch configuration',
      ({ fake, stacks }) => {
        const { group } = stacks.get('main')!;
        fake.state.groups.set(group, { name: group, launch: { kind: 'configuration', name: 'old' } });
      },
      "group-without-template: stack 'main': group 'main-AgentAutoScaleGroup-2' launches from no launch template",
    ],
    [
      'launches from another template',
      ({ fake, stacks }) => {
        const { group } = stacks.get('main')!;
        fake.state.groups.set(group, {
          ...fake.state.groups.get(stacks.get('release')!.group)!,
          name: group,
        });
      },
      "group-elsewhere: stack 'main': group 'main-AgentAutoScaleGroup-2' launches from lt-00000000000000004, not from the stack's lt-00000000000000002",
    ],
    [
      'has overrides with an image of their own',
      ({ fake, old }) => void addStack(fake, 'main', { image: old.id, overrides: [{ image: old.id }] }),
      "group-overrides: stack 'main': group 'main-AgentAutoScaleGroup-5' has overrides with a template or image of their own: they would not get the new image",
    ],
    [
      'uses a version that is not there',
      ({ fake, stacks }) => void fake.state.templates.set(stacks.get('main')!.template, []),
      "version-missing: stack 'main': version 1 of lt-00000000000000002, in use by 'main-AgentAutoScaleGroup-2', is not there",
    ],
    [
      'may not be updated',
      ({ fake }) => {
        fake.gate.before = ({ name, args }) => {
          if (name === 'groups.relaunch' && String(args[0]).startsWith('main'))
            throw refused('autoscaling:UpdateAutoScalingGroup', 'AccessDenied', 'main-AgentAutoScaleGroup-2');
        };
      },
      "aws-denied: stack 'main': autoscaling:UpdateAutoScalingGroup (main-AgentAutoScaleGroup-2) is not allowed: said by the fake",
    ],
  ];

  test.each(CASES)('one that %s', async (_, spoil, message) => {
    const world = fleet();
    spoil(world);
    const results = await rollAll(world.fake, { image: world.image.id });
    expect(outcomes(results)).toEqual({
      'pull-requests': 'updated',
      main: message,
      'small-release': 'updated',
      release: 'updated',
    });
  });

  test('one whose group keeps something else than it was told (incident 0d9f220: the old image again)', async () => {
    const { fake, image, stacks } = fleet();
    const { group } = stacks.get('main')!;
    const before = fake.state.groups.get(group)!;
    fake.gate.before = ({ name }) => {
      if (name === 'groups.find') fake.state.groups.set(group, before);
    };
    const results = await rollAll(fake, { image: image.id });
    expect(outcomes(results)['main']).toMatch(
      /^group-differs: stack 'main': group 'main-AgentAutoScaleGroup-2' does not launch/,
    );
  });

  test('one whose new version differs in more than the image', async () => {
    const { fake, image, stacks } = fleet();
    const { template } = stacks.get('main')!;
    fake.gate.before = ({ name, args }) => {
      if (name !== 'templates.version' || args[0] !== template || args[1] !== '2') return;
      const versions = fake.state.templates.get(template)!;
      fake.state.templates.set(template, [versions[0]!, { ...versions[1]!, data: { ImageId: image.id } }]);
    };
    const results = await rollAll(fake, { image: image.id });
    expect(outcomes(results)['main']).toMatch(
      /^version-differs: stack 'main': version 2 of lt-00000000000000002/,
    );
    expect(imageOf(fake, 'main')).not.toBe(image.id);
  });
});

function changeStack(
  fake: FakeAccount,
  change: Partial<{ status: string; resources: Record<string, string> }>,
): void {
  fake.state.stacks.set('main', { ...fake.state.stacks.get('main')!, ...change });
}

describe('L6: a roll that is killed', () => {
  test.each([{}, { staleMs: 5_000 }, { policyUpdate: 'merge-leaves' }] as const)(
    'at any call, run again, ends like one that was not (%o)',
    async (options) => {
      const { fake, image } = fleet(options);
      const points = await everyKillPoint(fake, options, {
        run: async (account) => void (await rollAll(account, { image: image.id })),
        condition: conditionOf,
      });
      expect(points).toBeGreaterThanOrEqual(2 * 4 * 8);
    },
  );
});
