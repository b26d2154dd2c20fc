import { spawnSync } from 'node:child_process';
import { execPath } from 'node:process';
import { expect, it } from 'vitest';
import { spawnProcesses } from '../../src/platform/spawn.ts';

const processes = spawnProcesses();
const env = { PATH: '/usr/bin:/bin', GIVEN: 'yes' };

/** A child that starts a grandchild which keeps the pipes open, and prints its id. */
const FAMILY = 'sleep 3600 & echo $!; wait';

/** A process that has ended and that nobody has waited for is not alive. */
function isAlive(pid: string): boolean {
  const state = spawnSync('ps', ['-o', 'stat=', '-p', pid]).stdout.toString().trim();
  return state !== '' && !state.startsWith('Z');
}

it('gives the child the environment it was given and nothing else', async () => {
  const finished = await processes.run({ argv: [execPath, '-p', 'JSON.stringify(process.env)'], env });
  expect(JSON.parse(finished.stdout)).toEqual(env);
  expect(finished.exitCode).toBe(0);
});

it('hands over whole lines while the child runs, and keeps what it was not told to discard', async () => {
  const lines: string[] = [];
  const finished = await processes.run(
    { argv: ['sh', '-c', 'printf "a\\nb"; echo out >&2'], env },
    { onStdout: (line) => lines.push(line), discard: true },
  );
  expect(lines).toEqual(['a', 'b']);
  expect(finished).toEqual({ exitCode: 0, stdout: '', stderr: 'out\n' });
});

it('hands over lines as they were written, whatever pieces the pipe makes of them', async () => {
  const long = 'é'.repeat(300_000);
  const lines: string[] = [];
  const script = `process.stdout.write('aaa\\r\\n\\n' + 'é'.repeat(300000) + '\\nend')`;
  await processes.run({ argv: [execPath, '-e', script], env }, { onStdout: (line) => lines.push(line) });
  expect(lines).toEqual(['aaa', '', long, 'end']);
});

it.each<[string, readonly [string, ...string[]], object]>([
  ['an exit code', ['sh', '-c', 'exit 7'], { exitCode: 7 }],
  ['a missing program', ['no-such-program'], { failure: 'not-found' }],
  ['a program that nobody may run', ['/etc/passwd'], { failure: 'not-started' }],
  ['a signal', ['sh', '-c', 'kill -9 $$'], { failure: 'killed' }],
  ['more arguments than the system takes', ['true', 'x'.repeat(10_000_000)], { failure: 'not-started' }],
  ['more output than is kept', ['yes'], { failure: 'killed' }],
  ['standard input that nobody reads', ['true'], { exitCode: 0 }],
])('%s is a value, not an exception', async (_, argv, expected) => {
  expect(await processes.run({ argv, env, stdin: 'x'.repeat(1_000_000) })).toMatchObject(expected);
});

it('gives the child what it is to read', async () => {
  const finished = await processes.run({ argv: ['cat'], env, stdin: 'one\ntwo' });
  expect(finished).toEqual({ exitCode: 0, stdout: 'one\ntwo', stderr: '' });
});

it("a defect of who listens to the lines is nobody's exit code, and ends the process", async () => {
  const onStdout = (): never => {
    throw new Error('a defect');
  };
  await expect(processes.run({ argv: ['sh', '-c', FAMILY], env }, { onStdout })).rejects.toThrow('a defect');
});

it('ends the whole family after the time-out', async () => {
  const finished = await processes.run({ argv: ['sh', '-c', FAMILY], env, timeoutMs: 200 });
  expect(finished.failure).toBe('timed-out');
  expect(isAlive(finished.stdout.trim())).toBe(false);
});

it('ends the whole family when the run is aborted, also one that ignores SIGTERM', async () => {
  const abort = new AbortController();
  let child = '';
  const running = processes.run(
    { argv: ['sh', '-c', `trap "" TERM; ${FAMILY}`], env },
    {
      signal: abort.signal,
      onStdout: (line) => {
        child = line;
        abort.abort();
      },
    },
  );
  expect((await running).failure).toBe('killed');
  expect(isAlive(child)).toBe(false);
});

it('kills what still runs when it is told that all is over', async () => {
  const own = spawnProcesses();
  let child = '';
  const running = own.run(
    { argv: ['sh', '-c', FAMILY], env },
    {
      onStdout: (line) => {
        child = line;
        own.killAll();
      },
    },
  );
  expect((await running).failure).toBe('killed');
  expect(isAlive(child)).toBe(false);
});
