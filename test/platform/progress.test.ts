import { expect, test } from 'vitest';
import type { Event } from '../../src/platform/events.ts';
import { startProgress } from '../../src/platform/progress.ts';
import { fakeClock } from '../ami/fake/clock.ts';

test('work of more than two seconds says how far it is and how long the rest takes, every five seconds', () => {
  const clock = fakeClock();
  const events: Event[] = [];
  const progress = startProgress(
    { clock, emit: (event) => void events.push(event) },
    { what: 'stacks', total: 100 },
  );
  for (let second = 1; second <= 100; second += 1) {
    clock.advance(1_000);
    progress.done();
  }
  const lines = events.map((event) => (event.type === 'line' ? event.text : ''));
  expect(lines[0]).toBe('… 2 of 100 stacks, about 98 s left');
  expect(lines[1]).toBe('… 7 of 100 stacks, about 93 s left');
  expect(lines).toHaveLength(20);
});

test('quick work says nothing', () => {
  const clock = fakeClock();
  const events: Event[] = [];
  const progress = startProgress(
    { clock, emit: (event) => void events.push(event) },
    { what: 'stacks', total: 3 },
  );
  for (let stack = 0; stack < 3; stack += 1) progress.done();
  expect(events).toEqual([]);
});
