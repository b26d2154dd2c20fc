import { spawn } from 'node:child_process';
import type { Readable } from 'node:stream';
import { signalGroup, watchGroup } from './process-group.ts';
import type { Command, Finished, Processes } from './process.ts';
import { followLines } from './lines.ts';

/** Collected output ends here, in characters, and so does the process; a build's stream goes to the callbacks instead. */
const KEPT = 16 * 1024 * 1024;

/** {@link Processes} with a way to end what runs, for a process that is about to exit. */
export interface SpawnedProcesses extends Processes {
  /** Kills every process group that is still there. */
  killAll(): void;
}

type Options = NonNullable<Parameters<Processes['run']>[1]>;

/** {@link Processes} on Node's own `spawn`: the one place that starts a process. Each gets a process group of its own. */
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
  const child = start(command);
  if (child === undefined) return { stdout: '', stderr: '', failure: 'not-started' };
  const { pid, stdin, stdout, stderr } = child;
  if (pid !== undefined) running.add(pid);
  const watch = watchGroup(pid, { timeoutMs: command.timeoutMs, signal: options.signal });
  const defects: unknown[] = [];
  const stop = (...defect: readonly unknown[]): void => {
    defects.push(...defect);
    signalGroup(pid, 'SIGTERM');
  };
  const { discard = false, onStdout, onStderr } = options;
  const out = follow(stdout, { tell: onStdout, discard, stop });
  const err = follow(stderr, { tell: onStderr, discard, stop });
  // A program may end without reading what it is given.
  stdin?.on('error', () => undefined).end(command.stdin);
  const ended = await new Promise<{ readonly code?: number | null; readonly failure?: string | undefined }>(
    (resolve) => {
      child.once('error', ({ code }: NodeJS.ErrnoException) => resolve({ failure: code }));
      // Not `exit`: its output may still be on the way.
      child.once('close', (code) => resolve({ code }));
    },
  );
  const stopped = watch.end();
  if (pid !== undefined) running.delete(pid);
  const output = { stdout: out(), stderr: err() };
  // Of a callback: nothing that the process did.
  if (defects.length > 0) throw defects[0];
  if (stopped !== undefined) return { ...output, failure: stopped };
  if (typeof ended.code === 'number') return { ...output, exitCode: ended.code };
  if (ended.code === null) return { ...output, failure: 'killed' };
  return { ...output, failure: ended.failure === 'ENOENT' ? 'not-found' : 'not-started' };
}

/** `undefined` where the system does not even try: more arguments than it takes. */
function start({ argv: [program, ...args], env, cwd, stdin }: Command) {
  try {
    return spawn(program, args, {
      env: { ...env },
      detached: true,
      stdio: [stdin === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'],
      ...(cwd === undefined ? {} : { cwd }),
    });
  } catch {
    return undefined;
  }
}

/** Hands over lines as they come, and answers at the end with what was kept of them. `stop` is called for too much, and for defects. */
function follow(
  stream: Readable | null,
  {
    tell,
    discard,
    stop,
  }: {
    readonly tell: ((line: string) => void) | undefined;
    readonly discard: boolean;
    readonly stop: (...defect: readonly unknown[]) => void;
  },
): () => string {
  const keeps = tell === undefined || !discard;
  const lines = tell === undefined ? undefined : followLines(tell);
  let kept = '';
  const guarded = (work: () => void): void => {
    try {
      work();
    } catch (defect) {
      stop(defect);
    }
  };
  stream?.setEncoding('utf8');
  stream?.on('error', () => undefined);
  stream?.on('data', (text: string) => {
    if (lines !== undefined) guarded(() => lines.text(text));
    if (!keeps || kept.length === KEPT) return;
    kept = (kept + text).slice(0, KEPT);
    if (kept.length === KEPT) stop();
  });
  return () => {
    if (lines !== undefined) guarded(() => lines.end());
    return kept;
  };
}
