import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { requireImage } from '../../../src/ami/model/unpublishable.ts';
import { holdParameter, printHold, printRelease } from '../../../src/ami/model/hold.ts';
import { stateOf, type MachineImage } from '../../../src/ami/model/machine-image.ts';
import { publish } from '../../../src/ami/rollout/publish.ts';
import { TAG } from '../../../src/ami/model/tags.ts';
import { DAY, FAMILY, HOUR } from '../family.ts';
import { FakeAccount, type FakeOptions } from '../fake/account.ts';
import { conditionOf } from '../fake/condition.ts';
import { addImage, setParameter } from '../fake/furnish.ts';
import { hostOf } from '../fake/host.ts';
import { everyKillPoint } from '../fake/kill-points.ts';

const CANDIDATE = { [TAG.family]: 'cpu', [TAG.state]: 'candidate', [TAG.run]: 'run-1' };

/** Yesterday's image is desired, today's is a candidate. */
function parameterAndImages(options?: FakeOptions) {
  const fake = new FakeAccount(options);
  const yesterday = addImage(fake, { daysOld: 1, tags: { ...CANDIDATE, [TAG.state]: 'published' } });
  const today = addImage(fake, { tags: CANDIDATE });
  setParameter(fake, FAMILY.parameter, yesterday.id);
  return { fake, yesterday, today };
}

async function publishImage(fake: FakeAccount, image: MachineImage, dryRun = false) {
  return await publish(fake.ports, hostOf(fake), { family: FAMILY, image, dryRun });
}

function valueOf(fake: FakeAccount): string | undefined {
  return fake.state.parameters.get(FAMILY.parameter)?.[0]?.value;
}

function stateIn(fake: FakeAccount, image: MachineImage) {
  return stateOf(fake.state.images.get(image.id)!);
}

describe('publishing', () => {
  test('makes an image the desired one and says so on the image', async () => {
    const { fake, yesterday, today } = parameterAndImages();
    const published = await publishImage(fake, today);
    expect(published).toEqual({
      image: today.id,
      outcome: 'published',
      before: { state: 'image', id: yesterday.id },
    });
    expect([valueOf(fake), stateIn(fake, today)]).toEqual([today.id, 'published']);
  });

  test('twice is once: no second version of the parameter', async () => {
    const { fake, today } = parameterAndImages();
    await publishImage(fake, today);
    const published = await publishImage(fake, fake.state.images.get(today.id)!);
    expect(published.outcome).toBe('unchanged');
    expect(fake.state.parameters.get(FAMILY.parameter)).toHaveLength(2);
  });

  test('planned only, it changes nothing', async () => {
    const { fake, today } = parameterAndImages();
    expect((await publishImage(fake, today, true)).outcome).toBe('planned');
    expect(fake.writes).toEqual([]);
  });

  test('works where the parameter is not there yet, or holds a placeholder', async () => {
    const { fake, today } = parameterAndImages();
    setParameter(fake, FAMILY.parameter, 'placeholder');
    expect((await publishImage(fake, today)).before).toEqual({ state: 'unusable', text: 'placeholder' });
    fake.state.parameters.clear();
    expect((await publishImage(fake, today)).before).toEqual({ state: 'absent' });
  });

  test('an image whose publication was never finished is published when its successor is', async () => {
    const fake = new FakeAccount();
    const unfinished = addImage(fake, { daysOld: 1, tags: CANDIDATE });
    setParameter(fake, FAMILY.parameter, unfinished.id);
    await publishImage(fake, addImage(fake, { tags: CANDIDATE }));
    expect(stateIn(fake, unfinished)).toBe('published');
  });

  test('says so when somebody else wrote the parameter at the same moment', async () => {
    const { fake, yesterday, today } = parameterAndImages();
    let written = false;
    fake.gate.before = ({ name }) => {
      if (name === 'parameters.get' && written) setParameter(fake, FAMILY.parameter, yesterday.id);
      if (name === 'parameters.put') written = true;
    };
    await expect(publishImage(fake, today)).rejects.toMatchObject({
      kind: 'outside',
      code: 'parameter-differs',
    });
    expect(stateIn(fake, today)).toBe('candidate');
  });

  test.each([{}, { staleMs: 5_000 }])(
    'L6: killed at any call and run again, it ends like an undisturbed one (%o)',
    async (options) => {
      const fake = new FakeAccount(options);
      const before = addImage(fake, { daysOld: 1, tags: CANDIDATE });
      const today = addImage(fake, { tags: CANDIDATE });
      setParameter(fake, FAMILY.parameter, before.id);
      const points = await everyKillPoint(fake, options, {
        run: async (account) => void (await publishImage(account, account.state.images.get(today.id)!)),
        condition: conditionOf,
      });
      expect(points).toBeGreaterThanOrEqual(14);
    },
  );
});

describe('an image that must not run is refused by name', () => {
  const CASES: readonly (readonly [string, Parameters<typeof addImage>[1], string])[] = [
    ['of another account', { owner: '999900001111' }, 'belongs to account 999900001111, not to 111122223333'],
    [
      'of another family by name',
      { name: 'base-20260821000000' },
      "('base-20260821000000') is not of family 'cpu'",
    ],
    [
      'of a family with a longer name (B-32)',
      { name: `${FAMILY.name}-arm64-20260821000000` },
      "('app-build-arm64-20260821000000') is not of family 'cpu'",
    ],
    ['of another family by tag', { tags: { [TAG.family]: 'gpu' } }, "is not of family 'cpu'"],
    [
      'that was revoked (L8)',
      { tags: { [TAG.state]: 'revoked', [TAG.revokedBy]: 'ann', [TAG.reason]: 'agents do not start' } },
      'was revoked by ann: agents do not start',
    ],
    ['that is not ready', { availability: 'pending' }, 'is pending, not available'],
    ['that failed', { availability: 'failed' }, 'is failed, not available'],
  ];

  test.each(CASES)('one %s', async (_, terms, because) => {
    const fake = new FakeAccount();
    const { id } = addImage(fake, terms);
    const refused = requireImage(fake.ports, FAMILY, { written: id });
    await expect(refused).rejects.toMatchObject({
      kind: 'refused',
      message: expect.stringContaining(`${id} `),
    });
    await expect(refused).rejects.toThrow(because);
  });

  test('one that everybody may launch', async () => {
    const fake = new FakeAccount();
    const { id } = addImage(fake, { tags: CANDIDATE });
    fake.state.images.set(id, { ...fake.state.images.get(id)!, isPublic: true });
    const refused = requireImage(fake.ports, FAMILY, { written: id });
    await expect(refused).rejects.toMatchObject({ kind: 'refused', code: 'image-public' });
  });

  test('one that is not there', async () => {
    const refused = requireImage(new FakeAccount().ports, FAMILY, { written: 'ami-00000000000000009' });
    await expect(refused).rejects.toThrow('there is no image ami-00000000000000009 in us-east-1');
  });

  test.each(['placeholder', 'None', '"ami-00000000000000001"', 'ami-0000', 'AMI-00000000000000001', ''])(
    'what is no id: %j (incident fa78a34: garbage in the parameter)',
    async (written) => {
      const refused = requireImage(new FakeAccount().ports, FAMILY, { written });
      await expect(refused).rejects.toMatchObject({ kind: 'usage', code: 'image-malformed' });
    },
  );

  test('images from before this tool are published ones', async () => {
    const fake = new FakeAccount();
    const { id } = addImage(fake, { tags: { Name: 'by hand' } });
    expect(stateOf(await requireImage(fake.ports, FAMILY, { written: id }))).toBe('published');
  });
});

describe('under a hold', () => {
  const NOW = new Date('2026-08-21T12:00:00Z');
  const hold = { by: 'ann', reason: 'agents do not start', since: NOW };

  test('nothing is published, and the refusal says who holds it and why', async () => {
    const { fake, today } = parameterAndImages();
    setParameter(fake, holdParameter(FAMILY), printHold(hold));
    await expect(publishImage(fake, today)).rejects.toMatchObject({
      kind: 'refused',
      code: 'held',
      message: '/ci/app-image is held by ann since 2026-08-21T12:00:00.000Z: agents do not start',
    });
    expect(fake.writes).toEqual([]);
  });

  test('the desired image stays desired', async () => {
    const { fake, yesterday } = parameterAndImages();
    setParameter(fake, holdParameter(FAMILY), printHold(hold));
    expect((await publishImage(fake, yesterday)).outcome).toBe('unchanged');
  });

  test('one that cannot be read counts', async () => {
    const { fake, today } = parameterAndImages();
    setParameter(fake, holdParameter(FAMILY), 'please do not roll today');
    await expect(publishImage(fake, today)).rejects.toThrow(
      "the hold cannot be read: 'please do not roll today'",
    );
  });

  test.each([
    ['has expired', printHold({ ...hold, until: new Date(NOW.getTime() - 1) })],
    ['was released', printRelease({ by: 'bob', at: NOW })],
  ])('one that %s does not count', async (_, text) => {
    const { fake, today } = parameterAndImages();
    setParameter(fake, holdParameter(FAMILY), text);
    expect((await publishImage(fake, today)).outcome).toBe('published');
  });

  test('L8: whatever the hold says, it stands until it ends, and the parameter stays', async () => {
    const holds = fc.record({
      by: fc.string(),
      reason: fc.string(),
      since: fc.date({ noInvalidDate: true, min: new Date(0), max: NOW }),
      until: fc.option(
        fc.integer({ min: 1, max: 400 * DAY }).map((ms) => new Date(NOW.getTime() + ms)),
        { nil: undefined },
      ),
    });
    await fc.assert(
      fc.asyncProperty(holds, async ({ until, ...written }) => {
        const { fake, yesterday, today } = parameterAndImages();
        setParameter(
          fake,
          holdParameter(FAMILY),
          printHold({ ...written, ...(until === undefined ? {} : { until }) }),
        );
        await expect(publishImage(fake, today)).rejects.toMatchObject({ code: 'held' });
        expect(valueOf(fake)).toBe(yesterday.id);
        if (until === undefined) return;
        fake.clock.advance(until.getTime() - NOW.getTime());
        expect((await publishImage(fake, today)).outcome).toBe('published');
      }),
      { numRuns: 50 },
    );
  });

  test('one that begins while the image is being looked at is seen', async () => {
    const { fake, today } = parameterAndImages();
    fake.clock.advance(HOUR);
    const image = await requireImage(fake.ports, FAMILY, { written: today.id });
    setParameter(fake, holdParameter(FAMILY), printHold(hold));
    await expect(publishImage(fake, image)).rejects.toMatchObject({ code: 'held' });
  });
});
