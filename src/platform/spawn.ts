import { signalGroup, watchGroup } from './process-group.ts';
import type { Command, Finished, Processes } from './process.ts';

/** Collected output is cut here, in characters; a build's stream goes to the callbacks instead. */
const KEPT = 16 * 1024 * 1024;

/** {@link Processes} with a way to end what runs, for a process that is about to exit. */
export interface SpawnedProcesses extends Processes {
  /** Kills every process group that is still there. */
  killAll(): void;
}

type Options = NonNullable<Parameters<Processes['run']>[1]>;

/** {@link Processes} on execa: the one place that starts a process. Each gets a process group of its own. */
export function spawnProcesses(): SpawnedProcesses {
  const running = new Set<number>();
  return {
    run: async (command, options = {}) => await run(command, options, running),
    killAll: () => {
      for (const pid of running) signalGroup(pid, 'SIGKILL');
    },
  };
}

async function run(command: Command, options: Options, running: Set<number>): Promise<Finished> {
  // Loaded for the first process: it is most of what there is to load at start-up.
  const { execa } = await import('execa');
  const [program, ...args] = command.argv;
  const child = execa(program, args, {
    env: { ...command.env },
    extendEnv: false,
    reject: false,
    detached: true,
    stripFinalNewline: false,
    maxBuffer: KEPT,
    buffer: {
      stdout: !(options.discard === true && options.onStdout !== undefined),
      stderr: !(options.discard === true && options.onStderr !== undefined),
    },
    ...(command.stdin === undefined ? { stdin: 'ignore' as const } : { input: command.stdin }),
    ...(command.cwd === undefined ? {} : { cwd: command.cwd }),
  });
  const { pid } = child;
  if (pid !== undefined) running.add(pid);
  const watch = watchGroup(pid, { timeoutMs: command.timeoutMs, signal: options.signal });
  const defects: unknown[] = [];
  const follow = async (
    from: 'stdout' | 'stderr',
    tell: ((line: string) => void) | undefined,
  ): Promise<void> => {
    if (tell === undefined) return;
    for await (const line of child.iterable({ from })) {
      try {
        tell(line);
      } catch (defect) {
        defects.push(defect);
        signalGroup(pid, 'SIGTERM');
      }
    }
  };
  // A process that dies early makes its streams fail; how it ended is told by the result below.
  await Promise.allSettled([follow('stdout', options.onStdout), follow('stderr', options.onStderr)]);
  const result = await child;
  const stopped = watch.end();
  if (pid !== undefined) running.delete(pid);
  // Of who listens: nothing that the process did.
  if (defects.length > 0) throw defects[0];
  const output = { stdout: textOf(result.stdout), stderr: textOf(result.stderr) };
  if (stopped !== undefined) return { ...output, failure: stopped };
  // It may have ended well, with half of its output lost.
  if (result.isMaxBuffer) return { ...output, failure: 'killed' };
  if (result.exitCode !== undefined) return { ...output, exitCode: result.exitCode };
  if (result.isTerminated) return { ...output, failure: 'killed' };
  return { ...output, failure: result.code === 'ENOENT' ? 'not-found' : 'not-started' };
}

function textOf(output: unknown): string {
  return typeof output === 'string' ? output : '';
}
