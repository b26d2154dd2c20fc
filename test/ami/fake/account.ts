import type { Account } from '../../../src/ami/account.ts';
import { fakeClock, type FakeClock } from './clock.ts';
import { Gate } from './gate.ts';
import { ANSWERS, WRITES, type Semantics } from './ports.ts';
import { copyOf, emptyState, type State } from './state.ts';

/** The account that fakes are. */
export const ACCOUNT = '111122223333';

/** Options of {@link FakeAccount}. */
export interface FakeOptions extends Partial<Semantics> {
  /** How many reads after a write still see what was there before it. Default: 0. */
  readonly staleReads?: number;
}

/** One AWS account in one region, in memory. What it promises is in CONTRACT.md. */
export class FakeAccount {
  readonly clock: FakeClock = fakeClock();
  readonly gate = new Gate();
  readonly state: State;
  /** The ports that jobs get. */
  readonly ports: Account;
  #seen: State;
  #stale = 0;

  constructor(options: FakeOptions = {}, state: State = emptyState()) {
    this.state = state;
    this.#seen = state;
    const semantics = { policyUpdate: options.policyUpdate ?? 'replace' } as const;
    const answer = (port: string, method: string, answered: (...args: unknown[]) => unknown) => {
      const name = `${port}.${method}`;
      const writes = WRITES.has(name);
      return async (...args: unknown[]) =>
        await this.gate.pass({ name, writes, args }, () => {
          if (writes && (options.staleReads ?? 0) > 0) {
            this.#seen = copyOf(this.state);
            this.#stale = options.staleReads ?? 0;
          }
          const stale = !writes && this.#stale > 0;
          if (stale) this.#stale -= 1;
          const context = {
            state: stale ? this.#seen : this.state,
            now: this.clock.now(),
            account: ACCOUNT,
            semantics,
          };
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

  /** Calls that change something, by name and in order. */
  get writes(): readonly string[] {
    return this.gate.calls.filter(({ writes }) => writes).map(({ name }) => name);
  }
}
