import { type ChildProcess, spawn } from 'node:child_process';
import type { Readable } from 'node:stream';
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

/** {@link Processes} on Node's own: the one place that starts a process. Each gets a process group of its own. */
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
  const { pid } = child;
  if (pid !== undefined) running.add(pid);
  const watch = watchGroup(pid, { timeoutMs: command.timeoutMs, signal: options.signal });
  const ending = endOf(child);
  const { discard, onStdout, onStderr } = options;
  const tooMuch = (): void => signalGroup(pid, 'SIGTERM');
  const [out, err, ended] = await Promise.all([
    textOf(child.stdout, { discard, tell: onStdout, tooMuch }),
    textOf(child.stderr, { discard, tell: onStderr, tooMuch }),
    ending,
  ]);
  const stopped = watch.end();
  if (pid !== undefined) running.delete(pid);
  return { stdout: out, stderr: err, ...(stopped === undefined ? ended : { failure: stopped }) };
}

/** `undefined` for what no process can be started with: a zero byte in an argument. */
function start({ argv: [program, ...args], env, cwd, stdin }: Command): ChildProcess | undefined {
  try {
    const child = spawn(program, args, {
      env: { ...env },
      detached: true,
      stdio: [stdin === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'],
      ...(cwd === undefined ? {} : { cwd }),
    });
    // Who does not read what he is given is no failure; how he ended is.
    child.stdin?.on('error', () => undefined).end(stdin);
    return child;
  } catch {
    return undefined;
  }
}

/** After its output has ended, too. */
async function endOf(child: ChildProcess): Promise<Pick<Finished, 'exitCode' | 'failure'>> {
  return await new Promise((resolve) => {
    child.once('error', (error: NodeJS.ErrnoException) =>
      resolve({ failure: error.code === 'ENOENT' ? 'not-found' : 'not-started' }),
    );
    child.once('close', (exitCode) => resolve(exitCode === null ? { failure: 'killed' } : { exitCode }));
  });
}

interface Reader {
  readonly tell: ((line: string) => void) | undefined;
  readonly discard: boolean | undefined;
  /** Called when more was said than is kept. */
  readonly tooMuch: () => void;
}

/** Hands over the lines of a stream; answers with what is kept of it. */
async function textOf(stream: Readable | null, { tell, discard = false, tooMuch }: Reader): Promise<string> {
  const keeps = tell === undefined || !discard;
  let kept = '';
  let rest = '';
  const hear = (text: string): void => {
    if (keeps) kept += text.slice(0, KEPT - kept.length);
    if (keeps && kept.length === KEPT) tooMuch();
    if (tell === undefined) return;
    const lines = text.split('\n');
    // A line can come in thousands of pieces, which are not looked through again with each.
    const last = lines.pop() ?? '';
    for (const line of lines) {
      tell(withoutReturn(rest + line));
      rest = '';
    }
    rest += last;
  };
  try {
    for await (const text of stream?.setEncoding('utf8') ?? []) hear(String(text));
    if (rest !== '') tell?.(withoutReturn(rest));
  } catch {
    // A process that dies early makes its streams fail; how it ended is told by its end.
  }
  return kept;
}

function withoutReturn(line: string): string {
  return line.endsWith('\r') ? line.slice(0, -1) : line;
}
