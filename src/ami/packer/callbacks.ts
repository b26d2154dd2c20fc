import { access, mkdir, rename, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { WarmbakeError, messageOf } from '../../platform/errors.ts';
import type { Clock } from '../../platform/clock.ts';

/**
 * What Packer hands over to this process in the middle of its run (`packer/cpu/scripts/callback.sh` asks): filling the store,
 * and, after BuildKit's restart, proving it.
 */
export const CALLBACKS = ['fill', 'prove'] as const;
export type PackerCallback = (typeof CALLBACKS)[number];

/** How often questions are looked for, and how often this process shows that it lives, in milliseconds. */
const LOOK_MS = 500;

/** What a stage does; `over` is aborted when Packer has ended, and nobody waits any more. */
export type PackerCallbacks = Readonly<Record<PackerCallback, (over: AbortSignal) => Promise<void>>>;

/** Makes the directory that Packer is given. */
export async function openCallbackFolder(directory: string): Promise<void> {
  await mkdir(directory, { recursive: true, mode: 0o700 });
  await writeFile(path.join(directory, 'alive'), '');
}

/**
 * Answers Packer's questions in `directory` until `over` is aborted. A stage that throws is answered with `failed`, on which
 * Packer takes the instance down; what it threw is the result. Files serve: a shell can wait for them, and when
 * this process is gone its file `alive` gets old, which ends the wait too. So it does where the directory is taken away; an answer that
 * cannot be written then is the result.
 */
export async function answerCallbacks(
  directory: string,
  stages: PackerCallbacks,
  { clock, over }: { readonly clock: Clock; readonly over: AbortSignal },
): Promise<{ readonly error: unknown } | undefined> {
  const isOver = (): boolean => over.aborted;
  const pause = async (): Promise<void> => await clock.sleep(LOOK_MS, over).catch(() => undefined);
  const beating = (async () => {
    for (; !isOver(); await pause()) await beat(directory);
  })();
  let failure: { readonly error: unknown } | undefined;
  for (const stage of CALLBACKS) {
    while (!isOver() && !(await exists(path.join(directory, `${stage}.asked`)))) await pause();
    if (isOver()) break;
    try {
      await stages[stage](over);
    } catch (error) {
      // Work that was broken off because Packer has ended is not why it has ended.
      if (!isOver()) failure = { error };
    }
    const word = failure === undefined && !isOver() ? 'ok' : 'failed';
    const lost = await answer(directory, stage, word).then(() => undefined, lostBecause);
    if (!isOver()) failure ??= lost;
    if (isOver() || failure !== undefined) break;
  }
  await beating;
  return failure;
}

/** What could not be written is tried again with the next beat; where it stays so, `alive` gets old, and Packer ends. */
async function beat(directory: string): Promise<void> {
  await writeFile(path.join(directory, 'alive'), '').catch(() => undefined);
}

function lostBecause(error: unknown): { readonly error: WarmbakeError } {
  const message = `Packer cannot be answered: ${messageOf(error)}`;
  return { error: new WarmbakeError('outside', 'answer-lost', message, { cause: error }) };
}

/** In one step, since the reader looks for the file and then reads it. */
async function answer(directory: string, stage: PackerCallback, text: string): Promise<void> {
  const file = path.join(directory, `${stage}.answer`);
  await writeFile(`${file}.next`, `${text}\n`);
  await rename(`${file}.next`, file);
}

async function exists(file: string): Promise<boolean> {
  return await access(file).then(
    () => true,
    () => false,
  );
}
