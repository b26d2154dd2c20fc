import { execa } from 'execa';
import type { Command, Finished, Processes } from './process.ts';

/** Time between SIGTERM and SIGKILL; shorter than the 10 s that Buildkite's agent gives a cancelled job. */
const GRACE_MS = 5_000;

/** Collected output is cut here, in characters; a build's stream goes to the callbacks instead. */
const KEPT = 16 * 1024 * 1024;

/** {@link Processes} on execa: the one place that starts a process. */
export function spawnProcesses(): Processes {
  return { run };
}

type Options = Parameters<Processes['run']>[1];

async function run(command: Command, options: Options = {}): Promise<Finished> {
  const [program, ...args] = command.argv;
  const child = execa(program, args, {
    env: { ...command.env },
    extendEnv: false,
    reject: false,
    stripFinalNewline: false,
    forceKillAfterDelay: GRACE_MS,
    maxBuffer: KEPT,
    buffer: {
      stdout: !(options.discard === true && options.onStdout !== undefined),
      stderr: !(options.discard === true && options.onStderr !== undefined),
    },
    ...(command.stdin === undefined ? { stdin: 'ignore' as const } : { input: command.stdin }),
    ...(command.cwd === undefined ? {} : { cwd: command.cwd }),
    ...(command.timeoutMs === undefined ? {} : { timeout: command.timeoutMs }),
    ...(options.signal === undefined ? {} : { cancelSignal: options.signal }),
  });
  const follow = async (
    from: 'stdout' | 'stderr',
    tell: ((line: string) => void) | undefined,
  ): Promise<void> => {
    if (tell === undefined) return;
    for await (const line of child.iterable({ from })) tell(line);
  };
  // A process that dies early makes its streams fail; how it ended is told by the result below.
  await Promise.allSettled([follow('stdout', options.onStdout), follow('stderr', options.onStderr)]);
  const result = await child;
  const output = { stdout: textOf(result.stdout), stderr: textOf(result.stderr) };
  if (result.exitCode !== undefined && !result.timedOut && !result.isCanceled) {
    return { ...output, exitCode: result.exitCode };
  }
  return { ...output, failure: failureOf(result) };
}

function failureOf(result: {
  readonly timedOut: boolean;
  readonly isTerminated: boolean;
  readonly isCanceled: boolean;
  readonly code?: string | undefined;
}): NonNullable<Finished['failure']> {
  if (result.timedOut) return 'timed-out';
  if (result.isTerminated || result.isCanceled) return 'killed';
  return result.code === 'ENOENT' ? 'not-found' : 'not-started';
}

function textOf(output: unknown): string {
  return typeof output === 'string' ? output : '';
}
