import { chmod, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { closedEnvironment } from '../../bake/environment.ts';
import { WarmbakeError } from '../../platform/errors.ts';
import type { Host } from '../../platform/host.ts';
import { explainExit, succeeded, type Finished } from '../../platform/process.ts';
import { answerCallbacks, openCallbackFolder, type PackerCallbacks } from './callbacks.ts';
import type { ImageId } from '../model/ids.ts';
import { imageInManifest } from './manifest.ts';
import type { Packer } from './program.ts';

/** Values of the template's variables. None is secret: the machine gets no secret. */
export type PackerVariables = Readonly<
  Record<string, string | number | boolean | readonly string[] | Readonly<Record<string, string>>>
>;

/** Packer's words, the same from 1.6.6 to 1.15 (`communicator/step_connect_ssh.go`). */
const NO_SSH = 'Timeout waiting for SSH';

/** The code of a run in which Packer did not get on to the machine: also that of a tunnel that could not be opened. */
export const PACKER_WITHOUT_SSH = 'packer-without-ssh';

/** One run of Packer. */
export interface PackerRun {
  readonly packer: Packer;
  /** The file to build. */
  readonly template: string;
  readonly region: string;
  /** What `installPlugin` answered. */
  readonly pluginEnvironment: Readonly<Record<string, string>>;
  readonly variables: PackerVariables;
  readonly stages: PackerCallbacks;
  /** Milliseconds for the whole run. */
  readonly deadlineMs: number;
}

/**
 * Runs Packer and answers with the image that it made; its output is told as lines while it runs. Throws what a stage threw, where one
 * did; `outside` where Packer fails, makes no image, or is still running at the deadline.
 */
export async function runPacker(host: Host, run: PackerRun): Promise<ImageId> {
  const directory = path.join(host.scratch, 'packer');
  const manifest = path.join(directory, 'manifest.json');
  const callbacks = path.join(directory, 'callbacks');
  // Answers and manifest of an earlier run would be taken for this one's.
  await rm(directory, { recursive: true, force: true });
  await openCallbackFolder(callbacks);
  const file = path.join(directory, 'variables.pkrvars.json');
  await writeFile(file, JSON.stringify({ ...run.variables, manifest, callbacks }), { mode: 0o600 });
  await chmod(directory, 0o700);

  const ended = new AbortController();
  const answering = answerCallbacks(callbacks, run.stages, { clock: host.clock, over: ended.signal });
  const tell = (line: string): void => host.emit({ type: 'line', text: line });
  const finished = await host.processes.run(
    {
      argv: [
        run.packer.program,
        'build',
        '-color=false',
        '-on-error=cleanup',
        `-var-file=${file}`,
        run.template,
      ],
      env: { ...packerEnvironment(host, directory), ...run.pluginEnvironment },
      cwd: path.dirname(run.template),
      timeoutMs: run.deadlineMs,
    },
    { onStdout: tell, onStderr: tell, signal: host.signal },
  );
  ended.abort();
  const failure = await answering;
  host.signal.throwIfAborted();
  if (failure !== undefined) throw failure.error;
  if (!succeeded(finished)) throw packerFailed(finished, run.deadlineMs);
  const found = imageInManifest(await readFile(manifest, 'utf8').catch(() => ''), run.region);
  if ('image' in found) return found.image;
  throw new WarmbakeError(
    'outside',
    'no-image',
    `Packer ended well, but its manifest names no image: ${found.fault}`,
  );
}

/**
 * Everything that Packer's AWS SDK reads, plumbing, and `PKR_VAR_…` for variables of the template that this tool leaves alone (a
 * larger machine, for one). CHECKPOINT_DISABLE keeps Packer from calling home. Settings and plugins of the user's are not looked at: each
 * plugin that is found there would be started.
 */
export function packerEnvironment(host: Host, directory: string): Readonly<Record<string, string>> {
  const names = Object.keys(host.env).filter((name) => /^(?:AWS_|PKR_VAR_)/.test(name));
  return {
    ...closedEnvironment(host.env, names),
    CHECKPOINT_DISABLE: '1',
    PACKER_NO_COLOR: '1',
    PACKER_CONFIG: path.join(directory, 'none'),
    PACKER_CONFIG_DIR: path.join(directory, 'config'),
    PACKER_CACHE_DIR: path.join(directory, 'cache'),
    TMPDIR: directory,
  };
}

function packerFailed(finished: Finished, deadlineMs: number): WarmbakeError {
  if (finished.failure === 'timed-out') {
    const minutes = Math.round(deadlineMs / 60_000);
    return new WarmbakeError(
      'outside',
      'packer-deadline',
      `Packer was still running after ${minutes} min and was ended`,
    );
  }
  const because = reason(finished);
  const code = because.startsWith(NO_SSH) ? PACKER_WITHOUT_SSH : 'packer-failed';
  return new WarmbakeError('outside', code, `Packer failed: ${because}`, {
    hint: 'its output above says what happened; what it left behind has been taken away',
  });
}

/** Packer's own summary: `--> amazon-ebs.cpu: Script exited with non-zero exit status: 1`. */
function reason(finished: Finished): string {
  const [, summary] = /^--> [^:]+: (.+)$/m.exec(finished.stdout) ?? [];
  const [, error] = /^(?:Error: |==> [^:]+: Error )(.+)$/m.exec(finished.stdout + finished.stderr) ?? [];
  return summary ?? error ?? explainExit(finished);
}
