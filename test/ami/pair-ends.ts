import { WarmbakeError } from '../../src/platform/errors.ts';
import type { StateStore } from '../../src/state/store.ts';
import { FAMILY } from './family.ts';
import { conditionOf } from './fake/condition.ts';
import type { Call } from './fake/gate.ts';
import { imageOf } from './fake/furnish.ts';
import { openMeeting, runCommand, wrongsOf, type Command } from './two-at-once.ts';

/** What came of a pair of commands over all calls of the one that is stopped. */
export interface PairEnds {
  readonly stops: number;
  /** How often each pair of exit codes came: `4 after 0` is that of the stopped one after that of the other. */
  readonly ends: Readonly<Record<string, number>>;
  /** What was wrong, and where; empty where nothing was. */
  readonly wrongs: readonly string[];
}

/**
 * Stops `stopped` at each of its calls, the call being on its way; runs `whole` from beginning to end; lets the first one go on; and
 * looks at what is left. Then the first one is run again, twice: it ends well, or is refused for a reason, and the second time changes nothing.
 */
export async function pairEnds(
  stopped: Command,
  whole: Command,
  { openStore }: { readonly openStore: () => Promise<StateStore | undefined> },
): Promise<PairEnds> {
  const wrongs: string[] = [];
  const ends: Record<string, number> = {};
  const rolledBack = stopped.needsRollback ?? whole.needsRollback ?? false;
  const held = stopped.needsHold === true || whole.needsHold === true;
  let at = 1;
  for (; ; at += 1) {
    const met = openMeeting({ held, rolledBack });
    const store = await openStore();
    const first = met.fake.beside();
    let other: Promise<{ readonly code: number; readonly lie?: string }> | undefined;
    const excused = new Set<string>();
    // Two stacks have not seen the rollback yet.
    if (rolledBack !== false)
      for (const stack of FAMILY.stacks) excused.add(`${stack} ${imageOf(met.fake, stack)}`);
    const meanwhile = async () => {
      const end = await runCommand(whole, met, { process: met.fake.beside(), store });
      // Whoever revokes an image leaves it where it is launched.
      if (whole.name.startsWith('revoke'))
        for (const stack of FAMILY.stacks) excused.add(`${stack} ${imageOf(met.fake, stack)}`);
      return end;
    };
    first.gate.before = async ({ number }: Call) => {
      if (number >= at) await (other ??= meanwhile());
    };
    const end = await runCommand(stopped, met, { process: first, store });
    if (other === undefined) break;
    const otherEnd = await other;
    if (stopped.name.startsWith('revoke'))
      for (const stack of FAMILY.stacks) excused.add(`${stack} ${imageOf(met.fake, stack)}`);
    const key = `${end.code} after ${otherEnd.code}`;
    ends[key] = (ends[key] ?? 0) + 1;
    const call = first.gate.calls[at - 1]?.name;
    const say = (what: string) => wrongs.push(`stopped at call ${at}, ${call} (${key}): ${what}`);
    const codes = new Set([0, 4]);
    // A group that somebody else rolled at the same moment, to what may run as well.
    const isGroup = end.error instanceof WarmbakeError && end.error.code === 'group-differs';
    if (!codes.has(end.code) && !isGroup) say(`ended with ${end.code}: ${String(end.error)}`);
    if (!codes.has(otherEnd.code)) say(`the other one ended with ${otherEnd.code}`);
    for (const lie of [end.lie, otherEnd.lie]) if (lie !== undefined) say(lie);
    for (const wrong of wrongsOf(met, { excused })) say(wrong);

    await runCommand(stopped, met, { process: met.fake.beside(), store });
    for (const stack of FAMILY.stacks) {
      if (stopped.name.startsWith('revoke')) excused.add(`${stack} ${imageOf(met.fake, stack)}`);
    }
    const condition = JSON.stringify(conditionOf(met.fake));
    const again = await runCommand(stopped, met, { process: met.fake.beside(), store });
    if (!codes.has(again.code)) say(`run again, it ended with ${again.code}: ${String(again.error)}`);
    if (again.lie !== undefined) say(`run again: ${again.lie}`);
    // Each undo takes back one rollback more.
    if (
      stopped.name !== 'clean' &&
      stopped.name !== 'undo' &&
      JSON.stringify(conditionOf(met.fake)) !== condition
    )
      say('run again, it changed something once more');
    for (const wrong of wrongsOf(met, { excused })) say(`run again: ${wrong}`);
  }
  return { stops: at - 1, ends, wrongs };
}
