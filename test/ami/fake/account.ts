import type { Account } from '../../../src/ami/model/account.ts';
import { fakeClock, type FakeClock } from './clock.ts';
import { Gate } from './gate.ts';
import { ANSWERS, WRITES, type Semantics } from './ports.ts';
import { copyOf, emptyState, type State } from './state.ts';

/** The account that fakes are. */
export const ACCOUNT = '111122223333';

/** Options of {@link FakeAccount}. */
export interface FakeOptions extends Partial<Semantics> {
  /** For how long after a write reads see what was there before it, in milliseconds. Default: 0. */
  readonly staleMs?: number;
}

/** One AWS account in one region, in memory. What it promises is in CONTRACT.md. */
export class FakeAccount {
  readonly clock: FakeClock;
  readonly gate = new Gate();
  readonly state: State;
  /** The ports that jobs get. */
  readonly ports: Account;
  #seen: State;
  #staleUntil = 0;

  constructor(options: FakeOptions = {}, state: State = emptyState(), clock: FakeClock = fakeClock()) {
    this.clock = clock;
    this.state = state;
    this.#seen = state;
    const semantics = { policyUpdate: options.policyUpdate ?? 'replace' } as const;
    const answer = (port: string, method: string, answered: (...args: unknown[]) => unknown) => {
      const name = `${port}.${method}`;
      const writes = WRITES.has(name);
      return async (...args: unknown[]) =>
        await this.gate.pass({ name, writes, args }, () => {
          const now = this.clock.now();
          const isStale = now.getTime() < this.#staleUntil;
          if (writes) {
            if (!isStale) this.#seen = copyOf(this.state);
            this.#staleUntil = now.getTime() + (options.staleMs ?? 0);
          }
          const seen = isStale && !writes ? this.#seen : this.state;
          const context = { state: seen, now, account: ACCOUNT, semantics };
          return answered(context, ...args);
        });
    };
    this.ports = Object.fromEntries(
      Object.entries(ANSWERS).map(([port, methods]) => [
        port,
        Object.fromEntries(
          Object.entries(methods as Record<string, (...args: unknown[]) => unknown>).map(
            ([method, answered]) => [method, answer(port, method, answered)],
          ),
        ),
      ]),
    ) as unknown as Account;
  }

  /** The same account in the same condition, for another process or another try. */
  copy(options: FakeOptions = {}): FakeAccount {
    return new FakeAccount(options, copyOf(this.state));
  }

  /** The same account as another process sees it at the same time: its calls pass a gate of their own. */
  beside(): FakeAccount {
    return new FakeAccount({}, this.state, this.clock);
  }

  /** Calls that change something, by name and in order. */
  get writes(): readonly string[] {
    return this.gate.calls.filter(({ writes }) => writes).map(({ name }) => name);
  }
}
