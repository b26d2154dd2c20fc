import { describe, expect, test } from 'vitest';
import type { PastDrain } from '../../../src/ami/status/past-drain.ts';
import { watchRollout, type WatchLook, type WatchOptions } from '../../../src/ami/status/watch.ts';
import { lookText } from '../../../src/cli/commands/ami/watch.ts';
import type { Event } from '../../../src/platform/events.ts';
import { Interrupted } from '../../../src/platform/errors.ts';
import { setParameter } from '../fake/furnish.ts';
import { hostOf } from '../fake/host.ts';
import { refused } from '../fake/ports.ts';
import { roll } from '../../../src/ami/rollout/roll.ts';
import { largeFleet } from '../large-fleet.ts';

/** Watches; at each look `between` says what has happened since. */
async function watched(
  between: (world: ReturnType<typeof largeFleet>, look: number) => unknown,
  {
    withinMs = 3_600_000,
    signal = new AbortController().signal,
    ...more
  }: { withinMs?: number; signal?: AbortSignal } & Pick<WatchOptions, 'usualDrainMs' | 'note'> = {},
) {
  const world = largeFleet({ desired: 'good' });
  const { fake, family, good, work } = world;
  setParameter(fake, family.parameter, good.id);
  await roll(fake.ports, hostOf(fake), { image: good.id, stacks: family.stacks, dryRun: false });
  fake.gate.revive();
  const looks: WatchLook[] = [];
  const events: Event[] = [];
  const host = { ...hostOf(fake, events), signal };
  const end = watchRollout(fake.ports, host, {
    family,
    withinMs,
    everyMs: 60_000,
    ...more,
    work: async () => {
      await between(world, looks.length);
      return work;
    },
    tell: (look) => void looks.push(look),
  });
  return { world, looks, events, end };
}

/** So many of those on the bad image end. */
function endSome({ fake, bad }: ReturnType<typeof largeFleet>, count: number): void {
  const old = [...fake.state.instances.values()].filter(({ image }) => image === bad.id);
  for (const { id } of old.slice(0, count)) fake.state.instances.delete(id);
}

describe('watch', () => {
  test('ends by itself when the last instance of the old image is gone', async () => {
    const { end, looks, world } = await watched((all, look) => look > 0 && endSome(all, 60));
    expect(await end).toMatchObject({ done: true, instances: 112, old: { instances: 0 } });
    expect(looks.map(({ old }) => old.instances)).toEqual([214, 154, 94, 34, 0]);
    expect(looks.slice(0, 2).map((look) => lookText(look))).toEqual([
      '15:00:00Z  214 of 326 instances run another image, 96 busy, oldest 3.0 h',
      '15:01:00Z  154 of 266 instances run another image, 36 busy, oldest 3.0 h; at this pace until 15:03Z',
    ]);
    expect(world.fake.writes).toEqual([]);
  });

  test('says how long it usually takes until an instance has gone, and then goes by the pace', async () => {
    const { end, looks } = await watched((all, look) => look > 1 && endSome(all, 107), {
      usualDrainMs: 25 * 60_000,
    });
    await end;
    expect(
      looks.slice(0, 3).map((look) => lookText(look, 25 * 60_000).replace(/^.*oldest [^;]*/, '')),
    ).toEqual([
      '; usual drain 25 min, so about 25 min',
      '; usual drain 25 min, so about 24 min',
      '; at this pace until 15:04Z',
    ]);
  });

  test('notes how long it took, where it has seen the end', async () => {
    const notes: PastDrain[] = [];
    const note = async (past: PastDrain) => void notes.push(await Promise.resolve(past));
    const { end, world } = await watched((all, look) => look > 0 && endSome(all, 214), { note });
    await end;
    const { id: image } = world.good;
    const began = new Date('2026-08-21T15:00:00Z');
    expect(notes).toEqual([{ image, instances: 214, began, ended: new Date('2026-08-21T15:01:00Z') }]);
    const late = await watched((all) => endSome(all, 214), { note });
    await late.end;
    expect(notes).toHaveLength(1);
  });

  test('ends with 1 where the time is over first, and says what is left', async () => {
    const { end } = await watched(() => undefined, { withinMs: 600_000 });
    await expect(end).rejects.toMatchObject({
      kind: 'check',
      message: expect.stringContaining('214 of 326 instances run another image'),
    });
  });

  test('ends with 4 where another image is desired by then', async () => {
    const { end } = await watched(({ fake, family, bad }, look) => {
      if (look === 1) setParameter(fake, family.parameter, bad.id);
    });
    await expect(end).rejects.toMatchObject({ kind: 'refused', code: 'desired-changed' });
  });

  test('goes on after a look that fails', async () => {
    const { end, events } = await watched((world, look) => {
      if (look === 1 && world.fake.gate.calls.length > 0) endSome(world, 214);
      let isFailing = look === 0;
      world.fake.gate.before = ({ name }) => {
        if (name !== 'instances.list' || !isFailing) return;
        isFailing = false;
        world.fake.gate.before = () => undefined;
        if (events.length === 0) throw refused('ec2:DescribeInstances', 'InternalError');
      };
    });
    expect((await end).done).toBe(true);
    expect(events).toMatchObject([{ type: 'warning', warning: { code: 'look-failed' } }]);
  });

  test('does not end while a stack launches another image, though no instance runs it', async () => {
    const { end } = await watched(
      (world) => {
        endSome(world, 214);
        const [group] = [...world.fake.state.groups.values()];
        if (group !== undefined && 'use' in group.launch)
          world.fake.state.groups.set(group.name, {
            ...group,
            launch: { ...group.launch, use: { ...group.launch.use, version: '1' } },
          });
      },
      { withinMs: 120_000 },
    );
    await expect(end).rejects.toThrow('1 stacks launch another one');
  });

  test('does not end while a stack cannot be read, and does not say that it launches another image', async () => {
    const { end, looks } = await watched(
      (world, look) => {
        if (look > 0) return;
        endSome(world, 214);
        const [stack = ''] = world.family.stacks;
        const [group = ''] = world.fake.state.groups.keys();
        world.fake.state.stacks.delete(stack);
        world.fake.state.groups.delete(group);
      },
      { withinMs: 120_000 },
    );
    await expect(end).rejects.toThrow(/another image than ami-\w+, and 1 stacks could not be read$/);
    expect(looks[0]).toMatchObject({ behind: looks[0]?.unread, unread: [expect.any(String)] });
    expect(looks.slice(0, 1).map((look) => lookText(look))).toEqual([
      expect.stringMatching(/another image, 0 busy, 1 stacks could not be read: [\w-]+$/),
    ]);
  });

  test('ends with the signal', async () => {
    const stop = new AbortController();
    const { end } = await watched((_, look) => look === 1 && stop.abort(new Interrupted('SIGINT')), {
      signal: stop.signal,
    });
    await expect(end).rejects.toBeInstanceOf(Interrupted);
  });
});
