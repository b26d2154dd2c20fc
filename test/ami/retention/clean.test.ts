import { describe, expect, test } from 'vitest';
import type { CleanReport } from '../../../src/ami/retention/clean.ts';
import { clean } from '../../../src/ami/retention/clean.ts';
import { holdParameter, printHold } from '../../../src/ami/model/hold.ts';
import type { ImageId, InstanceId, TemplateId } from '../../../src/ami/model/ids.ts';
import type { MachineImage } from '../../../src/ami/model/machine-image.ts';
import { TAG } from '../../../src/ami/model/tags.ts';
import { DAY, FAMILY, HOUR } from '../family.ts';
import { FakeAccount, type FakeOptions } from '../fake/account.ts';
import { conditionOf } from '../fake/condition.ts';
import { addImage, addInstance, addStack, addVersion, setParameter } from '../fake/furnish.ts';
import { hostOf } from '../fake/host.ts';
import { everyKillPoint } from '../fake/kill-points.ts';
import { refused } from '../fake/ports.ts';
import { CONDEMNED } from '../operations.ts';

/** Four stacks on the newest of ten images, one image a day, two volumes each; the four oldest could go, and a run of yesterday has condemned them. */
function tenDays(options?: FakeOptions) {
  const fake = new FakeAccount(options);
  const images = Array.from({ length: 10 }, (_, daysOld) =>
    addImage(fake, {
      daysOld,
      volumes: 2,
      tags: {
        [TAG.family]: 'cpu',
        [TAG.state]: 'published',
        ...(daysOld >= 6 ? CONDEMNED : {}),
      },
    }),
  );
  for (const stack of FAMILY.stacks) addStack(fake, stack, { image: images[0]!.id });
  setParameter(fake, FAMILY.parameter, images[0]!.id);
  return { fake, images };
}

async function cleanUp(fake: FakeAccount, options: { dryRun?: boolean; rollouts?: readonly ImageId[] } = {}) {
  return await clean(fake.ports, hostOf(fake), { family: FAMILY, dryRun: false, rollouts: [], ...options });
}

function deleted({ lines }: CleanReport): readonly string[] {
  return lines.filter(({ outcome }) => outcome === 'deleted').map(({ id }) => id);
}

function becauseOf({ lines }: CleanReport, image: MachineImage): string {
  const line = lines.find(({ id }) => id === image.id);
  return `${line?.outcome}: ${line?.because.join(', ')}`;
}

/** Another version of the template of stack main, which its group does not use. */
function addVersionOfMain(fake: FakeAccount, image: ImageId): TemplateId {
  const template = fake.state.stacks.get('main')!.resources['AgentLaunchTemplate'] as TemplateId;
  addVersion(fake, template, { image });
  return template;
}

const idsOf = (images: readonly MachineImage[]): readonly string[] => images.map(({ id }) => id);

describe('a cleanup', () => {
  test('deletes the oldest images with all their snapshots (B-30)', async () => {
    const { fake, images } = tenDays();
    const report = await cleanUp(fake);
    const gone = images.slice(7);
    expect(deleted(report)).toEqual(idsOf(gone));
    expect([...fake.state.images.keys()]).toEqual(idsOf(images.slice(0, 7)));
    expect([...fake.state.snapshots.keys()]).toEqual(
      images.slice(0, 7).flatMap(({ snapshots }) => snapshots.map(({ id }) => id)),
    );
  });

  test('goes on where it stopped, and ends with what is kept', async () => {
    const { fake, images } = tenDays();
    await cleanUp(fake);
    expect(deleted(await cleanUp(fake))).toEqual([images[6]!.id]);
    fake.gate.revive();
    expect(deleted(await cleanUp(fake))).toEqual([]);
    expect(fake.writes).toEqual([]);
  });

  test('says for every image what becomes of it and why', async () => {
    const { fake, images } = tenDays();
    addInstance(fake, { image: images[9]!.id, state: 'stopped' });
    const report = await cleanUp(fake, { dryRun: true });
    expect(
      report.lines.map(({ id, outcome, because }) => [id.slice(-2), outcome, because.join('; ')]),
    ).toEqual([
      ['01', 'kept', expect.stringMatching(/^desired; group .*; young$/)],
      ['02', 'kept', 'young'],
      ['03', 'kept', 'young'],
      ['04', 'kept', 'one of the newest 3 published that are not young'],
      ['05', 'kept', 'one of the newest 3 published that are not young'],
      ['06', 'kept', 'one of the newest 3 published that are not young'],
      ['07', 'planned', 'not needed any more'],
      ['08', 'planned', 'not needed any more'],
      ['09', 'planned', 'not needed any more'],
      ['0a', 'kept', 'instance i-00000000000000001 (stopped)'],
    ]);
    expect(fake.writes).toEqual([]);
  });

  test('B-32: leaves images of families with longer names, foreign tags and other accounts alone', async () => {
    const { fake } = tenDays();
    const others = [
      addImage(fake, { daysOld: 40, name: 'app-build-arm64-20260701000000' }),
      addImage(fake, { daysOld: 40, name: 'app-build-backup' }),
      addImage(fake, { daysOld: 40, tags: { [TAG.family]: 'gpu' } }),
      addImage(fake, { daysOld: 40, owner: '999900001111' }),
    ];
    await cleanUp(fake);
    expect([...fake.state.images.keys()]).toEqual(expect.arrayContaining([...idsOf(others)]));
  });

  test('goes on when one image cannot be deleted, and says which', async () => {
    const { fake, images } = tenDays();
    fake.gate.before = ({ name, args }) => {
      if (name === 'images.deregister' && args[0] === images[8]!.id)
        throw refused('ec2:DeregisterImage', 'OperationNotPermitted', images[8]!.id);
    };
    const report = await cleanUp(fake);
    expect(deleted(report)).toEqual(idsOf([images[6]!, images[7]!, images[9]!]));
    expect(becauseOf(report, images[8]!)).toMatch(
      /^failed: ec2:DeregisterImage \(ami-00000000000000009\) failed/,
    );
  });

  test('keeps a snapshot that another image has', async () => {
    const { fake, images } = tenDays();
    const twin = addImage(fake, { name: 'rescue' });
    fake.state.images.set(twin.id, { ...twin, snapshots: images[9]!.snapshots });
    const report = await cleanUp(fake);
    expect(becauseOf(report, images[9]!)).toContain('stays: an image has it');
    expect(fake.state.snapshots.has(images[9]!.snapshots[0]!.id)).toBe(true);
  });

  test('keeps a snapshot that a launch template names', async () => {
    const { fake, images } = tenDays();
    const { template } = addStack(fake, 'elsewhere', { image: images[0]!.id });
    const [snapshot] = images[9]!.snapshots;
    const mappings = [{ DeviceName: '/dev/sdb', Ebs: { SnapshotId: snapshot!.id } }];
    addVersion(fake, template, { image: images[0]!.id, data: { BlockDeviceMappings: mappings } });
    expect(becauseOf(await cleanUp(fake), images[9]!)).toContain('stays: a launch template names it');
    expect(fake.state.snapshots.has(snapshot!.id)).toBe(true);
  });

  test('deletes images from before this tool, and finds their snapshots again after a kill', async () => {
    const fake = new FakeAccount();
    addStack(fake, 'main', { image: addImage(fake).id });
    const family = { ...FAMILY, stacks: ['main'] };
    const old = Array.from({ length: 4 }, (_, days) =>
      addImage(fake, { daysOld: 10 + days, tags: CONDEMNED }),
    );
    fake.gate.before = ({ name }) => {
      if (name === 'snapshots.remove') throw refused('ec2:DeleteSnapshot', 'InternalError');
    };
    await clean(fake.ports, hostOf(fake), { family, dryRun: false, rollouts: [] });
    expect(fake.state.images.has(old[3]!.id)).toBe(false);
    fake.gate.before = () => undefined;
    const report = await clean(fake.ports, hostOf(fake), { family, dryRun: false, rollouts: [] });
    expect(deleted(report)).toEqual([old[3]!.snapshots[0]!.id]);
  });
});

describe('leftover snapshots', () => {
  const GONE = 'ami-0000000000000dead';
  const TAGS = { [TAG.family]: 'cpu', [TAG.run]: 'r' };
  const MARKED = { ...TAGS, [TAG.image]: GONE };
  const FOR_GONE = `Created by CreateImage(i-0000000000000beef) for ${GONE}`;

  /** A snapshot in an account of ten images, and whether it is still there after a cleanup. */
  async function isLeft({ daysOld, tags, description }: Wish): Promise<boolean> {
    const { fake } = tenDays();
    const startedAt = new Date(fake.clock.now().getTime() - daysOld * DAY);
    fake.state.snapshots.set('snap-left', {
      id: 'snap-left',
      startedAt,
      tags,
      description: description ?? FOR_GONE,
    });
    await cleanUp(fake);
    return fake.state.snapshots.has('snap-left');
  }
  interface Wish {
    readonly daysOld: number;
    readonly tags: Record<string, string>;
    readonly description?: string;
  }

  test.each<[string, Wish]>([
    ['marked for an image that is gone', { daysOld: 0.1, tags: MARKED }],
    ['of a run whose image never came to be, days ago', { daysOld: 4, tags: TAGS }],
    [
      'of an image that was copied to be encrypted',
      {
        daysOld: 4,
        tags: TAGS,
        description: `Copied for DestinationAmi ${GONE} from SourceAmi ami-0000000000000f00d for SourceSnapshot snap-1`,
      },
    ],
  ])('go: %s', async (_, wish) => {
    expect(await isLeft(wish)).toBe(false);
  });

  test('stay where their image, of whatever name, came while the cleanup was at work', async () => {
    const { fake, images } = tenDays();
    const startedAt = new Date(0);
    fake.state.snapshots.set('snap-left', {
      id: 'snap-left',
      startedAt,
      tags: MARKED,
      description: FOR_GONE,
    });
    fake.gate.before = ({ name }) => {
      if (name !== 'snapshots.tagged') return;
      fake.state.images.set(GONE, { ...images[0]!, id: GONE, name: 'other', snapshots: [] });
    };
    const { lines } = await cleanUp(fake);
    expect(fake.state.snapshots.has('snap-left')).toBe(true);
    expect(lines.at(-1)).toMatchObject({ outcome: 'kept', because: [`its image ${GONE} is there`] });
  });

  test('images are listed once for it all', async () => {
    const { fake } = tenDays();
    await cleanUp(fake);
    expect(fake.gate.calls.filter(({ name }) => name === 'images.list')).toHaveLength(1);
  });

  test.each<[string, Wish]>([
    ['of a run, but young', { daysOld: 1, tags: TAGS }],
    ['of another family', { daysOld: 40, tags: { ...TAGS, [TAG.family]: 'gpu' } }],
    ['without tags', { daysOld: 40, tags: {} }],
    ['with the tag of the family and nothing else of ours', { daysOld: 40, tags: { [TAG.family]: 'cpu' } }],
    ['made by hand', { daysOld: 40, tags: MARKED, description: 'before the upgrade' }],
    ['without a description', { daysOld: 40, tags: MARKED, description: '' }],
    [
      'marked for another image than it was made for',
      { daysOld: 40, tags: { ...TAGS, [TAG.image]: 'ami-other' } },
    ],
    [
      'made for an image that is there',
      { daysOld: 40, tags: TAGS, description: FOR_GONE.replace(GONE, 'ami-00000000000000001') },
    ],
    ['with a tag that says to keep it', { daysOld: 40, tags: { ...MARKED, [TAG.keep]: 'evidence' } }],
  ])('stay: %s', async (_, wish) => {
    expect(await isLeft(wish)).toBe(true);
  });
});

describe('L7: nothing in use is deleted', () => {
  type World = ReturnType<typeof tenDays>;
  /** Each makes the oldest image used. */
  const USES: readonly (readonly [string, (world: World, oldest: MachineImage) => void])[] = [
    ['the desired one', ({ fake }, { id }) => setParameter(fake, FAMILY.parameter, id)],
    [
      'a held one',
      ({ fake }, { id }) =>
        setParameter(
          fake,
          holdParameter(FAMILY),
          printHold({ image: id, by: 'a', reason: 'b', since: new Date(0) }),
        ),
    ],
    ['one that an instance runs', ({ fake }, { id }) => void addInstance(fake, { image: id })],
    [
      'one that a stopped instance has',
      ({ fake }, { id }) => void addInstance(fake, { image: id, state: 'stopped' }),
    ],
    [
      'B-31: the active one of a stack (incident 4a4eb08: nothing could be launched)',
      ({ fake }, { id }) => void addStack(fake, 'main', { image: id }),
    ],
    [
      'the active one of a group in no list',
      ({ fake }, { id }) => void addStack(fake, 'elsewhere', { image: id }),
    ],
    [
      'one that a group is pinned to, neither latest nor default',
      ({ fake, images }, { id }) => {
        const { template, group } = addStack(fake, 'elsewhere', { image: images[0]!.id });
        addVersion(fake, template, { image: id });
        addVersion(fake, template, { image: images[0]!.id });
        const found = fake.state.groups.get(group)!;
        fake.state.groups.set(group, {
          ...found,
          launch: { kind: 'template', use: { template, version: '2' } },
        });
      },
    ],
    [
      'the latest one of a template that no group uses',
      ({ fake, images }, { id }) =>
        void addVersion(fake, addStack(fake, 'x', { image: images[0]!.id }).template, { image: id }),
    ],
    [
      'the default one of a template',
      ({ fake, images }, { id }) =>
        void addVersion(fake, addStack(fake, 'x', { image: id }).template, { image: images[0]!.id }),
    ],
    [
      'one that a template finds through a parameter',
      ({ fake }, { id }) => {
        setParameter(fake, '/other/image', id);
        addStack(fake, 'elsewhere', { image: 'resolve:ssm:/other/image' });
      },
    ],
    [
      'one that a template finds through a parameter with a line break after the id',
      ({ fake }, { id }) => {
        setParameter(fake, '/other/image', `${id}\n`);
        addStack(fake, 'elsewhere', { image: 'resolve:ssm:/other/image' });
      },
    ],
    [
      'one in an override',
      ({ fake, images }, { id }) =>
        void addStack(fake, 'elsewhere', { image: images[0]!.id, overrides: [{ image: id }] }),
    ],
    [
      'one behind the template of an override',
      ({ fake, images }, { id }) => {
        const { template } = addStack(fake, 'other', { image: images[0]!.id });
        addVersion(fake, template, { image: id });
        addVersion(fake, template, { image: images[0]!.id });
        addStack(fake, 'elsewhere', {
          image: images[0]!.id,
          overrides: [{ use: { template, version: '2' } }],
        });
      },
    ],
    [
      'one of a launch configuration',
      ({ fake }, { id }) => {
        fake.state.configurations.set('conf', id);
        fake.state.groups.set('old', { name: 'old', launch: { kind: 'configuration', name: 'conf' } });
      },
    ],
    [
      'one of a launch configuration that no group uses',
      ({ fake }, { id }) => void fake.state.configurations.set('x', id),
    ],
    [
      'one of a version that nobody uses, of a template that is not the family’s',
      ({ fake, images }, { id }) => {
        const { template, group } = addStack(fake, 'elsewhere', { image: images[0]!.id });
        fake.state.groups.delete(group);
        addVersion(fake, template, { image: id });
        addVersion(fake, template, { image: images[0]!.id });
      },
    ],
    [
      'one that the stack’s own ImageId names: its next operation fails without it',
      ({ fake }, { id }) => {
        const stack = fake.state.stacks.get('main')!;
        fake.state.stacks.set('main', { ...stack, parameters: { ...stack.parameters, ImageId: id } });
      },
    ],
    [
      'one that a parameter of the stack’s led to at its last operation',
      ({ fake }, { id }) =>
        void fake.state.stacks.set('main', { ...fake.state.stacks.get('main')!, resolved: [id] }),
    ],
    [
      'one that a fleet names',
      ({ fake }, { id }) => void fake.state.fleets.set('sfr-1', { id: 'sfr-1', uses: [], images: [id] }),
    ],
    [
      'one behind a template that a fleet names by its name, neither latest nor default',
      ({ fake, images }, { id }) => {
        const { template } = addStack(fake, 'elsewhere', { image: images[0]!.id });
        addVersion(fake, template, { image: id });
        addVersion(fake, template, { image: images[0]!.id });
        const named = fake.state.templates.get(template)!.map((one) => ({ ...one, templateName: 'agents' }));
        fake.state.templates.set(template, named);
        const uses = [{ template: 'agents', version: '2' as const }];
        fake.state.fleets.set('fleet-1', { id: 'fleet-1', uses, images: [] });
      },
    ],
    [
      'one that an instance refresh is bringing',
      ({ fake }, { id }) => {
        const [group] = fake.state.groups.keys();
        const template = addVersionOfMain(fake, id);
        fake.state.refreshes.set(group!, [{ kind: 'template', use: { template, version: '2' } }]);
      },
    ],
    [
      'one that any other parameter names, in the middle of a text too',
      ({ fake }, { id }) => setParameter(fake, '/gpu/spare', `last good: ${id}, by hand`),
    ],
    [
      'one of a labelled version of the parameter',
      ({ fake, images }, { id }) => {
        setParameter(fake, FAMILY.parameter, id);
        const [past] = fake.state.parameters.get(FAMILY.parameter)!;
        setParameter(fake, FAMILY.parameter, images[0]!.id);
        const [now] = fake.state.parameters.get(FAMILY.parameter)!;
        fake.state.parameters.set(FAMILY.parameter, [now!, { ...past!, labels: ['fallback'] }]);
      },
    ],
  ];

  /** Each marks the oldest image as one to keep. */
  const MARKS: readonly (readonly [string, (world: World, oldest: MachineImage) => void])[] = [
    [
      'one that carries a tag to keep it',
      ({ fake }, image) =>
        void fake.state.images.set(image.id, { ...image, tags: { ...image.tags, [TAG.keep]: 'audit' } }),
    ],
    [
      'one that is protected against deregistration',
      ({ fake }, image) => void fake.state.images.set(image.id, { ...image, isProtected: true }),
    ],
    [
      'one that is shared with another account',
      ({ fake }, { id }) => void fake.state.shared.set(id, { accounts: ['999900001111'], organizations: [] }),
    ],
    [
      'one that is shared with an organization',
      ({ fake }, { id }) =>
        void fake.state.shared.set(id, {
          accounts: [],
          organizations: ['arn:aws:organizations::1:organization/o-1'],
        }),
    ],
  ];

  test('one that is shared with those whom the configuration names goes: they know that images go', async () => {
    const { fake, images } = tenDays();
    fake.state.shared.set(images[9]!.id, { accounts: ['999900001111'], organizations: [] });
    const family = { ...FAMILY, shareWith: { accounts: ['999900001111'], organizations: [] } };
    await clean(fake.ports, hostOf(fake), { family, dryRun: false, rollouts: [] });
    expect(fake.state.images.has(images[9]!.id)).toBe(false);
  });

  test('a past version of a stack’s own template keeps nothing: every roll leaves one', async () => {
    const { fake, images } = tenDays();
    addVersionOfMain(fake, images[9]!.id);
    addVersionOfMain(fake, images[0]!.id);
    await cleanUp(fake);
    expect(fake.state.images.has(images[9]!.id)).toBe(false);
  });

  test('versions of other templates are read once in a run', async () => {
    const { fake, images } = tenDays();
    const { template } = addStack(fake, 'elsewhere', { image: images[0]!.id });
    for (let number = 2; number <= 4; number += 1) addVersion(fake, template, { image: images[0]!.id });
    await cleanUp(fake);
    expect(fake.gate.calls.filter(({ name }) => name === 'templates.all')).toHaveLength(1);
  });

  test.each([...USES, ...MARKS])('%s', async (_, use) => {
    const world = tenDays();
    const oldest = world.images[9]!;
    use(world, oldest);
    const report = await cleanUp(world.fake);
    expect(world.fake.state.images.has(oldest.id)).toBe(true);
    expect(world.fake.state.snapshots.has(oldest.snapshots[0]!.id)).toBe(true);
    expect(deleted(report).length).toBe(3);
  });

  test('one that a rollout is bringing', async () => {
    const { fake, images } = tenDays();
    await cleanUp(fake, { rollouts: [images[9]!.id] });
    expect(fake.state.images.has(images[9]!.id)).toBe(true);
  });

  test.each(USES)('%s, since the moment before the deletion', async (_, use) => {
    const world = tenDays();
    const oldest = world.images[9]!;
    world.fake.gate.before = ({ name }) => {
      if (name !== 'tagging.set') return;
      world.fake.gate.before = () => undefined;
      use(world, oldest);
    };
    await cleanUp(world.fake);
    expect(world.fake.state.images.has(oldest.id)).toBe(true);
  });

  test('an inventory that shrank is read twice, and what either reading shows is in use', async () => {
    const { fake, images } = tenDays();
    // One image comes into use after the first reading; of the second one, right before its deletion, half is missing.
    const others = images.slice(0, 6).map(({ id }) => addInstance(fake, { image: id }));
    const late = addInstance(fake, { image: images[9]!.id });
    const all = [...fake.state.instances];
    const missing: readonly (readonly InstanceId[])[] = [[late], [late, ...others]];
    let readings = 0;
    fake.gate.before = ({ name }) => {
      if (name !== 'instances.list') return;
      const left = all.filter(([id]) => !missing[readings]?.includes(id));
      fake.state.instances.clear();
      for (const [id, instance] of left) fake.state.instances.set(id, instance);
      readings += 1;
    };
    const report = await cleanUp(fake);
    expect(becauseOf(report, images[9]!)).toMatch(/^kept: instance /);
    expect(fake.state.images.has(images[9]!.id)).toBe(true);
  });

  test('when any single lookup fails, nothing goes from then on', async () => {
    const { fake } = tenDays();
    const undisturbed = fake.copy();
    await cleanUp(undisturbed);
    const readNames = new Set(undisturbed.gate.calls.filter(({ writes }) => !writes).map(({ name }) => name));
    readNames.delete('snapshots.tagged');
    // Looks at one image, after the cleanup said that it deletes it.
    readNames.delete('images.find');
    for (const failing of readNames) {
      const account = fake.copy();
      account.gate.before = ({ name }) => {
        if (name === failing) throw refused(name, 'RequestLimitExceeded');
      };
      const report = await cleanUp(account).catch((error: unknown) => error);
      const isSaid =
        report instanceof Error ||
        (report as CleanReport).missing.length > 0 ||
        (report as CleanReport).lines.some(({ outcome }) => outcome === 'failed');
      expect({ failing, isSaid, writes: account.writes }).toEqual({ failing, isSaid: true, writes: [] });
    }
  });

  test('when a lookup fails at any moment, nothing goes from then on, and what went before was not in use', async () => {
    const { fake, images } = tenDays();
    const undisturbed = fake.copy();
    await cleanUp(undisturbed);
    for (const failing of undisturbed.gate.calls) {
      const account = fake.copy();
      account.gate.before = ({ number }) => {
        if (number === failing.number) throw refused(failing.name, 'InternalError');
      };
      await cleanUp(account).catch(() => undefined);
      const later = account.gate.calls.slice(failing.number).map(({ name }) => name);
      // With whom an image is shared, what it is and whether it was wanted at the end is about that one only.
      const isLastLook = undisturbed.gate.calls
        .slice(Math.max(0, failing.number - 3), failing.number)
        .some(({ name }) => name === 'images.deregister');
      const isAboutOne = failing.writes || isLastLook || /^images\.(?:sharedWith|find)$/.test(failing.name);
      expect(isAboutOne || !later.includes('images.deregister')).toBe(true);
      expect([...account.state.images.keys()]).toEqual(
        expect.arrayContaining([...idsOf(images.slice(0, 6))]),
      );
    }
  });

  test.each([
    [
      'a stack has no group',
      (fake: FakeAccount) => void fake.state.stacks.delete('main'),
      'the group of stack main',
    ],
    [
      'the group of a stack is not among the groups',
      (fake: FakeAccount) => void fake.state.groups.delete('main-AgentAutoScaleGroup-2'),
      'group main-AgentAutoScaleGroup-2 of stack main',
    ],
    [
      'a group uses a version that is not there',
      (fake: FakeAccount) => void fake.state.templates.set('lt-00000000000000002', []),
      'version 1 of lt-00000000000000002, used by group main-AgentAutoScaleGroup-2',
    ],
    [
      'a group launches nothing that can be read',
      (fake: FakeAccount) => void fake.state.groups.set('odd', { name: 'odd', launch: { kind: 'unknown' } }),
      'what group odd launches',
    ],
    [
      'the hold cannot be read',
      (fake: FakeAccount) => setParameter(fake, holdParameter(FAMILY), 'hm'),
      'which image is held',
    ],
    [
      'the parameter says something else than an id',
      (fake: FakeAccount) => setParameter(fake, FAMILY.parameter, 'ami-0000000000000000a\n'),
      "which image is desired: 'ami-0000000000000000a ' is no id",
    ],
    [
      'the hold names its image with a line break',
      (fake: FakeAccount) =>
        setParameter(
          fake,
          holdParameter(FAMILY),
          JSON.stringify({
            held: true,
            image: 'ami-0000000000000000a\n',
            by: 'a',
            reason: 'b',
            since: new Date(0),
          }),
        ),
      'which image is held',
    ],
    [
      'a group has an instance that is not among the instances, also when asked again',
      (fake: FakeAccount) => {
        const [name, group] = [...fake.state.groups][0]!;
        fake.state.groups.set(name, { ...group, inService: ['i-0000000000000000a'] });
      },
      'instance i-0000000000000000a of group pull-requests-AgentAutoScaleGroup-1',
    ],
    [
      'a template names its image in a way that is not known',
      (fake: FakeAccount) => void addStack(fake, 'odd', { image: 'resolve:other:x' }),
      "what 'resolve:other:x' is, used by group odd-AgentAutoScaleGroup-5, version 1 of lt-00000000000000005",
    ],
  ])('nothing goes where %s', async (_, spoil, missing) => {
    const { fake } = tenDays();
    spoil(fake);
    const report = await cleanUp(fake);
    expect(report.missing).toContain(missing);
    expect(fake.writes).toEqual([]);
  });
});

describe('a cleanup cannot be blocked', () => {
  test('what cannot be deleted makes room: others go in its place in the same run, and it is tried last in the next', async () => {
    const { fake, images } = tenDays();
    const stuck = images.slice(7);
    fake.gate.before = ({ name, args }) => {
      if (name === 'images.deregister' && idsOf(stuck).includes(args[0] as string))
        throw refused('ec2:DeregisterImage', 'OperationNotPermitted');
    };
    const report = await cleanUp(fake);
    expect(stuck.map((image) => becauseOf(report, image).split(':')[0])).toEqual([
      'failed',
      'failed',
      'failed',
    ]);
    expect(deleted(report)).toEqual([images[6]!.id]);
    fake.clock.advance(30 * DAY);
    await cleanUp(fake);
    fake.clock.advance(HOUR);
    fake.gate.revive();
    const next = await cleanUp(fake);
    const tried = fake.gate.calls
      .filter(({ name }) => name === 'images.deregister')
      .map(({ args }) => args[0]);
    expect(deleted(next).length).toBe(FAMILY.keep.deletePerRun);
    expect(tried.slice(0, 3)).not.toEqual(expect.arrayContaining([stuck[0]!.id]));
  });

  test('by however many: a run tries ten more than it may delete, and all get their turn', async () => {
    const { fake } = tenDays();
    const good = Array.from({ length: 3 }, (_, number) =>
      addImage(fake, { daysOld: 20 + number, tags: CONDEMNED }),
    );
    const stuck = Array.from({ length: 40 }, (_, number) =>
      addImage(fake, { daysOld: 100 + number, tags: CONDEMNED }),
    );
    const isStuck = new Set<unknown>(idsOf(stuck));
    let tries = 0;
    fake.gate.before = ({ name, args }) => {
      if (name !== 'images.deregister') return;
      tries += 1;
      if (isStuck.has(args[0])) throw refused('ec2:DeregisterImage', 'OperationNotPermitted');
    };
    for (let run = 1; run <= 5; run += 1) {
      tries = 0;
      fake.clock.advance(1);
      await cleanUp(fake);
      expect(tries).toBeLessThanOrEqual(13);
    }
    expect(good.filter(({ id }) => fake.state.images.has(id))).toEqual([]);
  });
});

describe('L6: a cleanup that is killed', () => {
  test('at any call, run again, ends like one that was not', async () => {
    const { fake } = tenDays();
    // Runs on until there is nothing left to do: a run that was killed may have deleted its share already.
    const run = async (account: FakeAccount) => {
      await cleanUp(account);
      await cleanUp(account);
      await cleanUp(account);
    };
    const points = await everyKillPoint(fake, {}, { run, condition: conditionOf });
    expect(points).toBeGreaterThanOrEqual(100);
  });
});
