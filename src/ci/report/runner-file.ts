import { constants } from 'node:fs';
import { open, realpath } from 'node:fs/promises';
import path from 'node:path';

/**
 * Appends to a file that the CI's runner has made for this step and named in the environment: a plain file outside of the checkout, whose
 * content a pull request writes. Throws where it is anything else: no link is followed, and nothing is made or waited for. `text` gets
 * the size of what is there, in bytes.
 */
export async function appendToRunnerFile(
  file: string,
  text: (taken: number) => string,
  { workspace }: { readonly workspace: string | undefined },
): Promise<void> {
  if (!path.isAbsolute(file)) throw new Error(`'${file}' is no absolute path`);
  const folder = await realpath(path.dirname(file));
  if (workspace !== undefined && isBelow(folder, await realpath(workspace).catch(() => workspace)))
    throw new Error(`'${file}' is in the checkout`);
  // A pipe without a reader is an error then, where it would be waited for.
  const flags = constants.O_WRONLY | constants.O_APPEND | constants.O_NOFOLLOW | constants.O_NONBLOCK;
  const opened = await open(path.join(folder, path.basename(file)), flags);
  try {
    const found = await opened.stat();
    if (!found.isFile()) throw new Error(`'${file}' is not a file`);
    await opened.writeFile(text(found.size));
  } finally {
    await opened.close();
  }
}

function isBelow(folder: string, top: string): boolean {
  return folder === top || folder.startsWith(`${top}${path.sep}`);
}
