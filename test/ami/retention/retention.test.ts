import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { ImageId } from '../../../src/ami/model/ids.ts';
import { belongsTo, stateOf, type MachineImage } from '../../../src/ami/model/machine-image.ts';
import { decideRetention } from '../../../src/ami/retention/retention.ts';
import { TAG } from '../../../src/ami/model/tags.ts';
import { DAY, FAMILY } from '../family.ts';

const NOW = new Date('2026-08-21T12:00:00Z');

function image(number: number, change: Partial<MachineImage> & { daysOld?: number } = {}): MachineImage {
  const { daysOld = 10, ...rest } = change;
  return {
    id: `ami-${String(number).padStart(17, '0')}`,
    name: `app-build-202608${String(number).padStart(8, '0')}`,
    owner: '111122223333',
    createdAt: new Date(NOW.getTime() - daysOld * DAY),
    availability: 'available',
    snapshots: [],
    tags: {},
    ...rest,
  };
}

function decide(
  images: readonly MachineImage[],
  uses = new Map<ImageId, readonly string[]>(),
  keep = FAMILY.keep,
) {
  return decideRetention(images, uses, { settings: keep, now: NOW });
}

const WORDS = { condemn: 'is condemned', wait: 'waits', delete: 'goes' };

function table(verdicts: ReturnType<typeof decide>): Record<string, string> {
  return Object.fromEntries(
    verdicts.map((verdict) => [
      verdict.image.id.slice(-2),
      verdict.keep ? verdict.because.join(', ') : WORDS[verdict.turn.step],
    ]),
  );
}

describe('what stays', () => {
  test('everything younger than three days, and the three newest of the rest', () => {
    const images = [0, 1, 2.9, 3, 4, 5, 6, 7].map((daysOld, number) => image(number, { daysOld }));
    expect(table(decide(images))).toEqual({
      '00': 'young',
      '01': 'young',
      '02': 'young',
      '03': 'one of the newest 3 published that are not young',
      '04': 'one of the newest 3 published that are not young',
      '05': 'one of the newest 3 published that are not young',
      '06': 'is condemned',
      '07': 'is condemned',
    });
  });

  test('good images, however many bad ones came after them: candidates, revoked and failed ones take no place', () => {
    const bad = [
      { [TAG.state]: 'candidate', [TAG.run]: 'a' },
      { [TAG.state]: 'revoked' },
      { [TAG.run]: 'killed before it was tagged' },
    ].map((tags, number) => image(number, { daysOld: 4, tags }));
    const failed = image(3, { daysOld: 4, availability: 'failed' });
    const good = [4, 5, 6].map((number) => image(number, { daysOld: number }));
    const verdicts = decide([...bad, failed, ...good], undefined, { ...FAMILY.keep, deletePerRun: 9 });
    expect(table(verdicts)).toMatchObject({
      '04': 'one of the newest 3 published',
      '06': 'one of the newest 3 published',
    });
    expect(verdicts.filter(({ keep }) => !keep)).toHaveLength(4);
  });

  test('what is in use, with all the reasons', () => {
    const images = [1, 2, 3, 4, 5].map((number) => image(number, { daysOld: number + 3 }));
    const uses = new Map([[images[4]!.id, ['group a, version 7 of lt-1', 'instance i-1 (running)']]]);
    expect(table(decide(images, uses))['05']).toBe('group a, version 7 of lt-1, instance i-1 (running)');
  });

  test('what a run may not delete any more: the oldest go first', () => {
    const tags = { [TAG.condemned]: '2026-08-20T12:00:00.000Z' };
    const images = [1, 2, 3, 4, 5, 6, 7, 8, 9].map((number) => image(number, { daysOld: number + 3, tags }));
    expect(table(decide(images))).toMatchObject({
      '04': 'a run deletes at most 3',
      '06': 'a run deletes at most 3',
      '07': 'goes',
      '09': 'goes',
    });
  });

  test.each([
    [undefined, 'is condemned'],
    ['2026-08-21T11:00:00.000Z', 'goes'],
    ['2026-08-21T11:00:01.000Z', 'waits'],
    ['2026-08-21T12:00:00.000Z', 'waits'],
    // Nobody can tell when that was.
    ['yesterday', 'is condemned'],
    ['', 'is condemned'],
    ['2026-08-21T12:00:01.000Z', 'is condemned'],
  ])('what nobody needs goes an hour after it was condemned: %s, at 12:00, %s', (mark, what) => {
    const tags = mark === undefined ? {} : { [TAG.condemned]: mark };
    const images = [4, 5, 6, 7].map((daysOld) => image(daysOld, { daysOld, tags }));
    expect(table(decide(images))['07']).toBe(what);
  });

  test('a run condemns as many as the next one may delete, and none while so many wait', () => {
    const waits = { [TAG.condemned]: '2026-08-21T11:30:00.000Z' };
    const images = [1, 2, 3, 4, 5, 6, 7, 8, 9].map((number) =>
      image(number, { daysOld: number + 3, tags: number >= 8 ? waits : {} }),
    );
    expect(table(decide(images))).toMatchObject({
      '09': 'waits',
      '08': 'waits',
      '07': 'is condemned',
      '06': 'a run condemns at most 3',
    });
  });

  test('an image that is still being made, however old', () => {
    expect(table(decide([image(1, { availability: 'pending' })]))).toEqual({ '01': 'still being made' });
  });
});

test('L7: for all images, uses and settings: what is in use or young stays, and no run deletes more than it may', () => {
  const images = fc.uniqueArray(
    fc.record({
      number: fc.nat(999),
      daysOld: fc.double({ min: -1, max: 30, noNaN: true }),
      state: fc.constantFrom(undefined, 'candidate', 'published', 'revoked', '?'),
      availability: fc.constantFrom('available', 'pending', 'failed', 'disabled'),
      used: fc.boolean(),
    }),
    { selector: ({ number }) => number, maxLength: 30 },
  );
  const settings = fc.record({
    newest: fc.nat(5),
    minimumAgeMs: fc.nat(10).map((days) => days * DAY),
    deletePerRun: fc.nat(5),
  });
  fc.assert(
    fc.property(images, settings, (desiredState, keep) => {
      const made = desiredState.map(({ number, daysOld, state, availability }) =>
        image(number, { daysOld, availability, tags: state === undefined ? {} : { [TAG.state]: state } }),
      );
      const uses = new Map(made.filter((_, index) => desiredState[index]!.used).map(({ id }) => [id, ['x']]));
      const verdicts = decide(made, uses, keep);
      const going = verdicts.filter((verdict) => !verdict.keep).map((verdict) => verdict.image);

      expect(verdicts.map((verdict) => verdict.image.id).toSorted()).toEqual(
        made.map(({ id }) => id).toSorted(),
      );
      expect(going.length).toBeLessThanOrEqual(keep.deletePerRun);
      for (const gone of going) {
        expect(uses.has(gone.id)).toBe(false);
        expect(NOW.getTime() - gone.createdAt.getTime()).toBeGreaterThanOrEqual(keep.minimumAgeMs);
      }
      const isGood = (one: MachineImage) => stateOf(one) === 'published' && one.availability === 'available';
      const left = made.filter((one) => isGood(one) && !going.includes(one)).length;
      expect(left).toBeGreaterThanOrEqual(Math.min(keep.newest, made.filter(isGood).length));
    }),
  );
});

test.each([
  ['app-build-20260821110342', {}, true],
  ['app-build-2026082111034', {}, false],
  ['app-build-arm64-20260821110342', {}, false],
  ['app-build-20260821110342-copy', {}, false],
  ['app-buildx20260821110342', {}, false],
  ['my-app-build-20260821110342', {}, false],
  ['app-build-20260821110342', { [TAG.family]: 'cpu' }, true],
  ['app-build-20260821110342', { [TAG.family]: 'gpu' }, false],
])('B-32: %s with tags %o is one of the family: %s', (name, tags, expected) => {
  expect(belongsTo(image(1, { name, tags }), FAMILY)).toBe(expected);
});
