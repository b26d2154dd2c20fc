import { describe, expect, test } from 'vitest';
import { readFleet } from '../../../src/ami/status/fleet.ts';
import { placeHold } from '../../../src/ami/rollback/place-hold.ts';
import type { Launch } from '../../../src/ami/model/launch.ts';
import { roll } from '../../../src/ami/rollout/roll.ts';
import { statusOf, type FamilyStatus } from '../../../src/ami/status/status.ts';
import { TAG } from '../../../src/ami/model/tags.ts';
import { FAMILY } from '../family.ts';
import type { FakeAccount } from '../fake/account.ts';
import { addInstance, addStack, addVersion, imageOf, setParameter } from '../fake/furnish.ts';
import { hostOf } from '../fake/host.ts';
import { refused } from '../fake/ports.ts';
import { fleetOf, goBack, TERMS } from '../operations.ts';

async function statusIn(fake: FakeAccount): Promise<FamilyStatus> {
  return statusOf(await readFleet(fake.ports, hostOf(fake), { family: FAMILY, rollouts: [] }));
}

/** Drift as lines: `!` alarms, `-` does not. */
async function driftIn(fake: FakeAccount): Promise<readonly string[]> {
  return (await statusIn(fake)).drift.map(({ message, alarming }) => `${alarming ? '!' : '-'} ${message}`);
}

describe('status', () => {
  test('of a fleet in order says what runs and finds no drift', async () => {
    const { fake, bad, stacks } = fleetOf(4);
    fake.state.images.set(bad.id, { ...bad, tags: { ...bad.tags, [TAG.commit]: 'c0ffee' } });
    const id = addInstance(fake, { image: bad.id, group: stacks.get('main')!.group });
    const status = await statusIn(fake);
    expect(status.desired).toMatchObject({
      id: bad.id,
      image: { state: 'published', commit: 'c0ffee', ageMs: 0 },
    });
    expect(status.stacks[1]).toEqual({
      name: 'main',
      template: stacks.get('main')!.template,
      group: stacks.get('main')!.group,
      activeVersion: 1,
      activeImage: bad.id,
      latestVersion: 1,
      latestImage: bad.id,
      ageMs: 0,
      commit: 'c0ffee',
      inSync: true,
    });
    expect(status.instances).toMatchObject([{ id, image: bad.id, stack: 'main', state: 'running' }]);
    expect([status.drift, status.missing]).toEqual([[], []]);
    expect(fake.writes).toEqual([]);
  });

  test('of a stack that launches the right image with another disk is in sync, and says so', async () => {
    const { fake } = fleetOf(4);
    const family = { ...FAMILY, disk: { kind: 'rate', mebibytes: 300 } } as const;
    const status = statusOf(await readFleet(fake.ports, hostOf(fake), { family, rollouts: [] }));
    expect(status.stacks.map(({ inSync }) => inSync)).toEqual([true, true, true, true]);
    expect(status.drift.map(({ kind, alarming }) => [kind, alarming])).toEqual(
      FAMILY.stacks.map(() => ['stack', false]),
    );
    expect(status.drift[0]?.message).toMatch(/ \(version 1\) with another disk than is configured$/);
  });

  test('says for every image who uses it and what a cleanup would do', async () => {
    const { fake, images } = fleetOf(8);
    const status = await statusIn(fake);
    expect(status.images.map(({ id, keep, because }) => [id, keep, because[0]])).toEqual([
      [images[0]!.id, true, 'desired'],
      ...[1, 2].map((index) => [images[index]!.id, true, 'young']),
      ...[3, 4, 5].map((index) => [
        images[index]!.id,
        true,
        'one of the newest 3 published that are not young',
      ]),
      ...[6, 7].map((index) => [images[index]!.id, false, 'not needed any more']),
    ]);
  });

  test('promises no deletion where use cannot be read', async () => {
    const { fake } = fleetOf(8);
    fake.gate.before = ({ name }) => {
      if (name === 'templates.current')
        throw refused('ec2:DescribeLaunchTemplateVersions', 'UnauthorizedOperation');
    };
    const status = await statusIn(fake);
    expect(status.images.every(({ keep }) => keep)).toBe(true);
    expect(status.missing[0]).toContain('ec2:DescribeLaunchTemplateVersions');
  });
});

describe('drift', () => {
  type World = ReturnType<typeof fleetOf>;
  const change = (fake: FakeAccount, stack: string, to: object): void =>
    void fake.state.stacks.set(stack, { ...fake.state.stacks.get(stack)!, ...to });

  const CASES: readonly (readonly [string, (world: World) => unknown, readonly string[]])[] = [
    [
      'a stack that launches something else',
      async ({ fake, good }) =>
        await roll(fake.ports, hostOf(fake), { image: good.id, stacks: ['main'], dryRun: false }),
      ['! main launches ami-00000000000000002 (version 2), not ami-00000000000000001'],
    ],
    [
      'a stack that is being updated',
      ({ fake }) => change(fake, 'main', { status: 'UPDATE_IN_PROGRESS' }),
      ["! stack 'main' is UPDATE_IN_PROGRESS; run this again when it has ended"],
    ],
    ['no parameter', ({ fake }) => fake.state.parameters.clear(), ['! /ci/app-image is not there']],
    [
      'a placeholder',
      ({ fake }) => setParameter(fake, FAMILY.parameter, 'placeholder'),
      ["! /ci/app-image says 'placeholder', which is not an image"],
    ],
    [
      'a desired image that is revoked',
      ({ fake, bad }) =>
        fake.state.images.set(bad.id, {
          ...bad,
          tags: { ...bad.tags, [TAG.state]: 'revoked', [TAG.revokedBy]: 'ann', [TAG.reason]: 'bad' },
        }),
      ['! /ci/app-image names an image that must not run: ami-00000000000000001 was revoked by ann: bad'],
    ],
    [
      'a hold of another image: a rollback that died, or a hand that wrote',
      async ({ fake, good }) => {
        await placeHold(fake.ports, hostOf(fake), { family: FAMILY, terms: TERMS });
        setParameter(fake, FAMILY.parameter, good.id);
        await roll(fake.ports, hostOf(fake), { image: good.id, stacks: FAMILY.stacks, dryRun: false });
      },
      [
        '! /ci/app-image is ami-00000000000000002, but ami-00000000000000001 is held: a rollback was interrupted, or somebody wrote it by hand',
      ],
    ],
    [
      'a latest version that a stack update may take',
      ({ fake, stacks, good }) => addVersion(fake, stacks.get('main')!.template, { image: good.id }),
      [
        "- main's newest version 2 has ami-00000000000000002, was made by hand or by a stack update that failed, and its group does not launch it: a roll passes it over, a stack update that changes nothing else may launch it",
      ],
    ],
    [
      'a newest version by hand that changes something else than the image',
      ({ fake, stacks, bad }) =>
        addVersion(fake, stacks.get('main')!.template, {
          image: bad.id,
          data: { InstanceType: 'm7i.large' },
        }),
      [expect.stringMatching(/^- main's newest version 2 has ami-00000000000000001, was made by hand/)],
    ],
    [
      'a latest version of a roll that was interrupted',
      async ({ fake, bad, good, stacks }) => {
        const { group } = stacks.get('main')!;
        const { launch } = fake.state.groups.get(group)!;
        await roll(fake.ports, hostOf(fake), { image: good.id, stacks: ['main'], dryRun: false });
        expect(launch).toMatchObject({ kind: 'mixed' });
        await fake.ports.groups.relaunch(group, launch as Launch);
        expect(imageOf(fake, 'main')).toBe(bad.id);
      },
      [
        "- main's latest version 2 has ami-00000000000000002: a stack update that changes nothing else may launch it",
      ],
    ],
    [
      'a stack whose next operation would pin another image',
      ({ fake, good }) => change(fake, 'main', { parameters: { ImageId: good.id, ImageIdParameter: '' } }),
      ['! the next operation on main would launch ami-00000000000000002, not ami-00000000000000001'],
    ],
    [
      'a stack whose next operation would read another parameter',
      ({ fake }) => change(fake, 'main', { parameters: { ImageId: '', ImageIdParameter: '/other' } }),
      ['! the next operation on main would launch what /other says, not ami-00000000000000001'],
    ],
    [
      'a stack whose next operation would take its own image',
      ({ fake }) => change(fake, 'main', { parameters: { ImageId: '', ImageIdParameter: '' } }),
      [
        '! the next operation on main would launch the image of its Elastic CI version, not ami-00000000000000001',
      ],
    ],
    [
      'no drift, where the next operation reads our parameter',
      ({ fake }) => change(fake, 'main', { parameters: { ImageId: '', ImageIdParameter: FAMILY.parameter } }),
      [],
    ],
    [
      'instances from before',
      ({ fake, good, stacks }) => addInstance(fake, { image: good.id, group: stacks.get('main')!.group }),
      ['- 1 instance of main runs another image until the job is done'],
    ],
    [
      'a stack that cannot be read, and the others are',
      ({ fake }) => {
        fake.gate.before = ({ name, args }) => {
          if (name === 'stacks.find' && args[0] === 'main')
            throw refused('cloudformation:DescribeStacks', 'AccessDenied', 'main');
        };
      },
      ['! main could not be read: cloudformation:DescribeStacks (main) is not allowed: said by the fake'],
    ],
    [
      'a group that follows $Latest is told by what it launches',
      ({ fake, good }) => addStack(fake, 'main', { image: good.id, version: '$Latest' }),
      ['! main launches ami-00000000000000002 (version 1), not ami-00000000000000001'],
    ],
    [
      'a group that follows $Latest and launches the image',
      ({ fake, bad }) => addStack(fake, 'main', { image: bad.id, version: '$Latest' }),
      [
        '- main launches ami-00000000000000001, but its group follows $Latest: whoever makes a version changes what it launches',
      ],
    ],
  ];

  test.each(CASES)('%s', async (_, spoil, expected) => {
    const world = fleetOf(4);
    await spoil(world);
    expect(await driftIn(world.fake)).toEqual(expected);
  });

  test('after a rollback there is none that alarms', async () => {
    const { fake } = fleetOf(4);
    await goBack(fake);
    expect((await driftIn(fake)).filter((line) => line.startsWith('!'))).toEqual([]);
  });

  test('a rollback that was killed after its hold is seen, with the command that finishes it', async () => {
    const { fake, good } = fleetOf(4);
    fake.gate.before = ({ name, args }) => {
      if (name === 'parameters.put' && args[0] === FAMILY.parameter)
        throw refused('ssm:PutParameter', 'InternalError');
    };
    await expect(goBack(fake)).rejects.toMatchObject({ kind: 'outside' });
    const { drift } = await statusIn(fake);
    expect(drift[0]?.fix).toBe(`warmbake ami rollback --family cpu --to ${good.id} --reason …`);
  });
});
