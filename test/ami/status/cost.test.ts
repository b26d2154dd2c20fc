import { expect, test } from 'vitest';
import { TAG } from '../../../src/ami/model/tags.ts';
import { costOf, costText } from '../../../src/ami/status/cost.ts';
import { FakeAccount } from '../fake/account.ts';
import { addImage } from '../fake/furnish.ts';

const PRICES = { currency: 'USD', snapshotGibMonth: 0.05, restoreHour: 0.75, builderHour: 0.4 };

/** Noon of 21 August: an image of two days ago, and one of today with fast restore in two zones since six in the morning. */
function images() {
  const fake = new FakeAccount();
  addImage(fake, { daysOld: 2, tags: { [TAG.buildSeconds]: '1800', [TAG.fastRestore]: 'off' } });
  addImage(fake, {
    tags: {
      [TAG.buildSeconds]: '5400',
      [TAG.fastRestore]: 'us-east-1a us-east-1b since 2026-08-21T06:00:00.000Z',
    },
  });
  return { images: [...fake.state.images.values()], now: fake.clock.now() };
}

test('a day is what was there then: snapshots, zones of fast restore, hours of building', () => {
  const { images: all, now } = images();
  expect(costOf(all, { now }).slice(0, 4)).toEqual([
    { day: '2026-08-21', gibibytes: 1024, restoreHours: 36, buildHours: 1.5 },
    { day: '2026-08-20', gibibytes: 512, restoreHours: 0, buildHours: 0 },
    { day: '2026-08-19', gibibytes: 512, restoreHours: 0, buildHours: 0.5 },
    { day: '2026-08-18', gibibytes: 0, restoreHours: 0, buildHours: 0 },
  ]);
});

test('with prices it is also what they make of it', () => {
  const { images: all, now } = images();
  const [today, yesterday] = costOf(all, { prices: PRICES, now });
  expect(today?.price).toEqual({ currency: 'USD', snapshots: 1.71, restore: 27, builds: 0.6, total: 29.31 });
  expect([costText(today!), costText(yesterday!)]).toEqual([
    '2026-08-21: 1024 GiB in snapshots, 36 h of fast restore, 1.5 h of building; at most USD 1.71 + 27.00 + 0.60 = 29.31',
    '2026-08-20: 512 GiB in snapshots, 0 h of building; at most USD 0.85 + 0.00 = 0.85',
  ]);
});

test('without prices nothing is priced, and tags that somebody else wrote count as none', () => {
  const fake = new FakeAccount();
  addImage(fake, { tags: { [TAG.buildSeconds]: 'long', [TAG.fastRestore]: 'everywhere since ever' } });
  const [today] = costOf([...fake.state.images.values()], { now: fake.clock.now() });
  expect(costText(today!)).toBe('2026-08-21: 512 GiB in snapshots, 0 h of building');
});
