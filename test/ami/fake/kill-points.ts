import { expect } from 'vitest';
import type { FakeAccount, FakeOptions } from './account.ts';
import { Killed } from './gate.ts';

/** A job, and what to compare at its end. */
export interface KilledJob {
  /** Runs the job to its end, in the account that it gets. */
  run(account: FakeAccount): Promise<void>;
  condition(account: FakeAccount): unknown;
}

/**
 * Kills the job at every call, both before it is sent and with its answer lost; runs it again; and expects
 * what an undisturbed run leaves. The answer is the number of points tried.
 */
export async function everyKillPoint(
  fake: FakeAccount,
  options: FakeOptions,
  job: KilledJob,
): Promise<number> {
  const undisturbed = fake.copy(options);
  await job.run(undisturbed);
  const expected = job.condition(undisturbed);
  const calls = undisturbed.gate.calls.length;
  for (let call = 1; call <= calls; call += 1) {
    for (const when of ['not-sent', 'answer-lost'] as const) {
      const account = fake.copy(options);
      account.gate.kill = { call, when };
      await expect(job.run(account)).rejects.toBeInstanceOf(Killed);
      account.gate.revive();
      await job.run(account);
      // However it is repeated: it looks at what there is and does the rest.
      expect(account.gate.calls.length, `calls of a rerun, killed at call ${call}`).toBeLessThanOrEqual(
        2 * calls,
      );
      expect(job.condition(account), `killed at call ${call}, ${when}`).toEqual(expected);
    }
  }
  return 2 * calls;
}
