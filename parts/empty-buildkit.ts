import { setTimeout as sleep } from 'node:timers/promises';

/** It lets go of a build's results a moment after its client has ended; of what it has from elsewhere sometimes never. */
const TRIES = 10;

/** Empties the store of the BuildKit that `buildctl` asks; of base images and layers that it only knows of it may keep some. */
export async function emptyBuildkit(
  buildctl: (...args: readonly string[]) => Promise<string>,
): Promise<void> {
  for (let tries = 0; ; tries += 1) {
    await buildctl('prune', '--all');
    const left = await buildctl('du', '--verbose');
    const records = [...left.matchAll(/^Description:\s*(.*)$/gm)].map(([, what = '']) => what);
    if (tries < TRIES && records.length > 0) await sleep(100);
    else if (records.every((what) => /^(?:imported|pulled from) /.test(what))) return;
    else throw new Error(`the store cannot be emptied:\n${left}`);
  }
}
