import { setMaxListeners } from 'node:events';
import { rmSync } from 'node:fs';
import os from 'node:os';
import { isSea } from 'node:sea';
import { setTimeout as delay } from 'node:timers/promises';
import { EXIT_CODE, Interrupted, WarmbakeError } from './platform/errors.ts';
import { openScratch, sweepScratch } from './platform/scratch.ts';
import { spawnProcesses } from './platform/spawn.ts';

/** The composition root: the only reader of `process.*`. Sets the exit code; leaves nothing behind, however it ends. */
export async function main(): Promise<void> {
  // Until the program says otherwise: were what it waits for to vanish, the process would end with 0.
  process.exitCode = EXIT_CODE.defect;
  const interrupt = new AbortController();
  // Every request and process listens to it: a dozen sources asked at once are no leak.
  setMaxListeners(0, interrupt.signal);
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.on(signal, () => {
      // A second signal from somebody who does not want to wait for children to end.
      if (interrupt.signal.aborted) process.exit(signal === 'SIGINT' ? 130 : 143);
      interrupt.abort(new Interrupted(signal));
    });
  }
  const begun = await begin();
  const { scratch } = begun;
  // Beside the work: what killed runs left there are logins and secrets.
  void sweepScratch(os.tmpdir(), { uid: process.getuid?.(), now: new Date() }).catch(() => undefined);
  for (const stream of [process.stdout, process.stderr]) {
    stream.on('error', (error: NodeJS.ErrnoException) => {
      // Whoever read it has gone (`| head`): the work goes on to its end, and says so by its exit code.
      if (error.code !== 'EPIPE') throw error;
    });
  }
  const processes = spawnProcesses();
  process.on('exit', () => {
    processes.killAll();
    if (begun.unfit === undefined) rmSync(scratch, { recursive: true, force: true });
  });
  // The AWS SDK announces the end of Node 20 on every start; for the users of this tool that is noise.
  process.env['AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED'] ??= 'true';
  const { readSchemasOnce } = await import('./platform/schemas-read-once.ts');
  readSchemasOnce();
  const { plainHttp } = await import('./platform/plain-http.ts');
  const { runProgram } = await import('./cli/program.ts');
  process.exitCode = await runProgram(process.argv.slice(2), {
    env: process.env,
    ...begun,
    // Docker's name of x64; its images are for Linux, whatever this machine runs.
    platform: `linux/${process.arch === 'x64' ? 'amd64' : process.arch}`,
    ...(isSea() ? { executable: process.execPath } : {}),
    processes,
    clock: { now: () => new Date(), sleep: async (ms, signal) => await delay(ms, undefined, { signal }) },
    random: Math.random,
    signal: interrupt.signal,
    ...(process.stdin.isTTY && process.stderr.isTTY
      ? { ask: async (question) => await ask(question, interrupt.signal) }
      : {}),
    fetch,
    ...(proxyNames().length > 0 ? {} : { http: plainHttp() }),
    streams: {
      out: (text) => process.stdout.write(text),
      err: (text) => process.stderr.write(text),
      ...(process.stderr.isTTY
        ? { terminal: { columns: () => process.stderr.columns, rows: () => process.stderr.rows } }
        : {}),
      ...(process.stdout.isTTY ? { outTerminal: { columns: () => process.stdout.columns } } : {}),
    },
  });
}

/** What every run needs of this machine; `unfit` is why it cannot be had, for the command that was called to say. */
interface Begun {
  readonly cwd: string;
  readonly scratch: string;
  readonly unfit?: WarmbakeError;
}

async function begin(): Promise<Begun> {
  try {
    const cwd = workingDirectory();
    if (proxyNames().length > 0) await honourProxies();
    return { cwd, scratch: await openScratch(os.tmpdir()) };
  } catch (error) {
    if (!(error instanceof WarmbakeError)) throw error;
    return { cwd: '/', scratch: '/', unfit: error };
  }
}

function workingDirectory(): string {
  try {
    return process.cwd();
  } catch (cause) {
    const message = 'the working directory is not there any more';
    throw new WarmbakeError('config', 'working-directory-gone', message, { cause });
  }
}

function proxyNames(): readonly string[] {
  return Object.keys(process.env).filter((name) => /^https?_proxy$/i.test(name));
}

async function ask(question: string, signal: AbortSignal): Promise<string | undefined> {
  const { askAt } = await import('./platform/ask.ts');
  const interrupt = () => process.kill(process.pid, 'SIGINT');
  return await askAt({ input: process.stdin, output: process.stderr }, question, { signal, interrupt });
}

/**
 * Makes Node's own fetch honour HTTP_PROXY, HTTPS_PROXY and NO_PROXY: it uses undici's dispatcher, they share a global
 * symbol. This machine is never asked through a proxy, as in Docker's own tools.
 */
async function honourProxies(): Promise<void> {
  const { EnvHttpProxyAgent, setGlobalDispatcher } = await import('undici');
  const own = process.env['no_proxy'] ?? process.env['NO_PROXY'] ?? '';
  try {
    setGlobalDispatcher(new EnvHttpProxyAgent({ noProxy: `localhost,127.0.0.1,::1,${own}` }));
  } catch {
    // Without the value, and without the cause, which has it: it can hold a password.
    throw new WarmbakeError('config', 'proxy-unusable', `no proxy's address: ${proxyNames().join(', ')}`, {
      hint: 'an address is like http://proxy.example.com:3128; unset what is not needed',
    });
  }
}
