import { describe, expect, test } from 'vitest';
import { clean } from '../../src/ami/retention/clean.ts';
import { roll } from '../../src/ami/rollout/roll.ts';
import type { ImageId } from '../../src/ami/model/ids.ts';
import { FAMILY } from './family.ts';
import type { FakeAccount } from './fake/account.ts';
import type { Call } from './fake/gate.ts';
import { addInstance, addStack, imageOf } from './fake/furnish.ts';
import { hostOf } from './fake/host.ts';
import { refused } from './fake/ports.ts';
import { fleetOf, goBack } from './operations.ts';

/** What CloudFormation does to a stack in an update: another group, under another name, and a new version of its own. */
function replaceGroup(fake: FakeAccount, stack: string, image: ImageId): void {
  const before = fake.state.stacks.get(stack)!;
  fake.state.groups.delete(before.resources['AgentAutoScaleGroup']!);
  addStack(fake, stack, { image });
}

const rollMain = async (fake: FakeAccount, image: ImageId) =>
  await roll(fake.ports, hostOf(fake), { image, stacks: ['main'], dryRun: false });

describe('hostile timing', () => {
  test('a stack that is replaced at any moment of a roll: nothing wrong is launched, and the next roll puts it right', async () => {
    const { fake, bad, good } = fleetOf(4);
    const undisturbed = fake.copy();
    await rollMain(undisturbed, good.id);
    const { calls } = undisturbed.gate;
    expect(calls.length).toBeGreaterThanOrEqual(9);
    for (const { number: at } of calls) {
      const account = fake.copy();
      account.gate.before = ({ number }: Call) => {
        if (number === at) replaceGroup(account, 'main', bad.id);
      };
      const [result] = await rollMain(account, good.id);
      const launched = imageOf(account, 'main');
      // Either it says that it failed, or what it says is true; what comes after its last look it cannot know.
      const isWrong = result?.outcome !== 'failed' && at < calls.length && launched !== good.id;
      expect({ at, isWrong }).toEqual({ at, isWrong: false });
      account.gate.before = () => undefined;
      await rollMain(account, good.id);
      expect(imageOf(account, 'main')).toBe(good.id);
    }
  });

  test('throttling of every seventh request: what fails says so, and running it until it works ends right', async () => {
    const { fake, good } = fleetOf(4);
    let count = 0;
    const storm = ({ name }: Call): void => {
      count += 1;
      if (count % 7 === 0) throw refused(name, 'RequestLimitExceeded');
    };
    fake.gate.before = storm;
    for (let tries = 0; tries < 30; tries += 1) await goBack(fake).catch(() => undefined);
    fake.gate.before = () => undefined;
    await goBack(fake);
    expect(FAMILY.stacks.map((stack) => imageOf(fake, stack))).toEqual(FAMILY.stacks.map(() => good.id));
    const versions = [...fake.state.templates.values()].map(
      (all) => all.filter(({ image }) => image === good.id).length,
    );
    expect(versions).toEqual([1, 1, 1, 1]);
  });

  test('L7: an image that comes into use at any moment of a cleanup before its own deletion is asked for is not deleted', async () => {
    const { fake, images } = fleetOf(10);
    const oldest = images[9]!;
    const undisturbed = fake.copy();
    const cleanUp = async (account: FakeAccount) =>
      await clean(account.ports, hostOf(account), { family: FAMILY, dryRun: false, rollouts: [] });
    await cleanUp(undisturbed);
    const last = undisturbed.gate.calls.find(
      ({ name, args }) => name === 'images.deregister' && args[0] === oldest.id,
    )!;
    // The lookups of use right before the deletion run side by side; what comes after one of them is not seen by it.
    const mark = undisturbed.gate.calls.find(
      ({ name, args }) => name === 'tagging.set' && (args[0] as string[]).includes(oldest.id),
    )!;
    expect(last.number).toBeGreaterThan(mark.number);
    for (let at = 1; at <= mark.number; at += 1) {
      const account = fake.copy();
      account.gate.before = ({ number }: Call) => {
        if (number === at) addInstance(account, { image: oldest.id });
      };
      await cleanUp(account);
      expect({ at, kept: account.state.images.has(oldest.id) }).toEqual({ at, kept: true });
    }
  });

  test('a rollback on stale reads, twice: what is held is what is desired', async () => {
    const { fake, good } = fleetOf(4, { staleMs: 3_000 });
    await goBack(fake);
    fake.clock.advance(10_000);
    await goBack(fake);
    expect(fake.state.parameters.get(FAMILY.parameter)?.[0]?.value).toBe(good.id);
  });
});
