import type { Event } from '../../../src/platform/events.ts';
import type { Host } from '../../../src/platform/host.ts';
import type { FakeAccount } from './account.ts';

/** What a job needs of the world besides AWS: the account's clock, and a list for what it says. */
export function hostOf(fake: FakeAccount, events: Event[] = []): Pick<Host, 'clock' | 'signal' | 'emit'> {
  return {
    clock: fake.clock,
    signal: new AbortController().signal,
    emit: (event) => void events.push(event),
  };
}
