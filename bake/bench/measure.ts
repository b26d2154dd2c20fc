import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { execa } from 'execa';

/** A program as it is measured. */
export interface Subject {
  readonly argv: readonly [string, ...string[]];
  readonly cwd: string;
  /** The complete environment. */
  readonly env: Readonly<Record<string, string>>;
}

/** What one run took, in seconds: until it ended, and of the processors with all that it started. */
export interface Cost {
  readonly wall: number;
  readonly cpu: number;
}

/** Node does not tell what the processes of a process have used; the shell does. */
const TIMED = 'TIMEFORMAT="%3R %3U %3S"; { time "$@" > /dev/null 2> "$LOG" 3>&-; } 2> "$COST"';

/** Runs the subject once; `scratch` takes what it says. Throws with that where it does not end with 0. */
async function timed({ argv, cwd, env }: Subject, scratch: string): Promise<Cost> {
  const [LOG, COST] = [path.join(scratch, 'log'), path.join(scratch, 'cost')];
  const ended = await execa('bash', ['-c', TIMED, 'bash', ...argv], {
    cwd,
    env: { ...env, LOG, COST },
    extendEnv: false,
    reject: false,
  });
  if (ended.exitCode !== 0) throw new Error(`${argv.join(' ')}\n${await readFile(LOG, 'utf8')}`);
  const [wall = 0, user = 0, system = 0] = (await readFile(COST, 'utf8')).trim().split(' ').map(Number);
  return { wall, cpu: user + system };
}

/**
 * Runs the subjects in turns, A B A B, so that whatever else this machine does falls on all of them, and answers with each
 * one's medians over `rounds`. A first round that fills caches is not counted.
 */
export async function inTurns(
  subjects: readonly Subject[],
  { rounds, scratch }: { readonly rounds: number; readonly scratch: string },
): Promise<readonly Cost[]> {
  const costs: Cost[][] = subjects.map(() => []);
  for (let round = 0; round <= rounds; round++) {
    for (const [i, subject] of subjects.entries()) {
      const cost = await timed(subject, scratch);
      if (round > 0) costs[i]?.push(cost);
    }
  }
  return costs.map((each) => ({
    wall: median(each.map((c) => c.wall)),
    cpu: median(each.map((c) => c.cpu)),
  }));
}

/** The middle of an odd number of values, the upper one of the two middle ones else. */
export function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}
