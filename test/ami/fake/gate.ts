/** What the process that calls sees when it is killed: nothing after it counts. */
export class Killed extends Error {
  constructor() {
    super('killed');
    this.name = 'Killed';
  }
}

/** One request as it went out. */
export interface Call {
  /** Counts from 1. */
  readonly number: number;
  /** Port and method: `groups.relaunch`. */
  readonly name: string;
  readonly writes: boolean;
  readonly args: readonly unknown[];
}

/** Where the caller dies: the request is never sent, or it is done and the answer is lost. */
export interface KillPoint {
  readonly call: number;
  readonly when: 'not-sent' | 'answer-lost';
}

/** Every call passes here: it is written down, delayed, refused, or the end of its process. */
export class Gate {
  readonly calls: Call[] = [];
  kill: KillPoint | undefined;
  /** Called before each call; what it throws is the call's answer, what it changes is what the call finds. */
  before: (call: Call) => void | Promise<void> = () => undefined;
  #dead = false;

  /** A new process: whatever was to come is forgotten. */
  revive(): void {
    this.calls.length = 0;
    this.kill = undefined;
    this.#dead = false;
  }

  async pass<T>(request: Omit<Call, 'number'>, work: () => T): Promise<T> {
    await Promise.resolve();
    if (this.#dead) throw new Killed();
    const call = { ...request, number: this.calls.length + 1 };
    this.calls.push(call);
    const dies = this.kill?.call === call.number ? this.kill.when : undefined;
    if (dies === 'not-sent') this.#die();
    await this.before(call);
    const answer = work();
    if (dies === 'answer-lost') this.#die();
    return answer;
  }

  #die(): never {
    this.#dead = true;
    throw new Killed();
  }
}
