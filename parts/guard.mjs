// Runs one program and outlives whoever asked for it, just long enough to clean up. Started with a pipe as standard input:
// when that ends (the asker stopped, crashed or was killed, SIGKILL included), the program's process group is ended, the
// `afterwards` commands run and the directory is removed. Plain JavaScript since it must run uncompiled.
//
// node guard.mjs '{"directory": …, "argv": […], "afterwards": [[…]…]}'; the program's output is in <directory>/log.
// Standard output closes when the program has ended.
import { spawn, spawnSync } from 'node:child_process';
import { openSync, rmSync } from 'node:fs';
import { join } from 'node:path';

const GRACE_MS = 5000;

const { directory, argv, afterwards } = JSON.parse(process.argv[2]);
const log = openSync(join(directory, 'log'), 'a');
const child = spawn(argv[0], argv.slice(1), { detached: true, stdio: ['ignore', log, log] });

let programEnded = false;
let askerGone = false;

function signalGroup(signal) {
  try {
    if (child.pid !== undefined) process.kill(-child.pid, signal);
  } catch {
    // Nobody left in the group.
  }
}

function cleanUpWhenOver() {
  if (!programEnded || !askerGone) return;
  for (const [program, ...args] of afterwards) spawnSync(program, args, { stdio: 'ignore' });
  rmSync(directory, { recursive: true, force: true, maxRetries: 5 });
  process.exit(0);
}

function onProgramEnd() {
  programEnded = true;
  signalGroup('SIGKILL');
  process.stdout.end();
  cleanUpWhenOver();
}

function onAskerGone() {
  askerGone = true;
  signalGroup('SIGTERM');
  setTimeout(() => signalGroup('SIGKILL'), GRACE_MS).unref();
  cleanUpWhenOver();
}

child.once('exit', onProgramEnd).once('error', onProgramEnd);
process.stdin.once('close', onAskerGone).resume();
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, onAskerGone);
