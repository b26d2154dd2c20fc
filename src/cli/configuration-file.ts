import { readFile, realpath } from 'node:fs/promises';
import path from 'node:path';
import { WarmbakeError } from '../platform/errors.ts';

/** Where a configuration file lies, seen from a checkout. */
export interface FilePlace {
  /** `unknown`: nobody knows where the checkout is. */
  readonly at: 'inside' | 'outside' | 'unknown';
  /** From the checkout's root, with `/`; absent where it lies outside, links followed or not. */
  readonly inside?: string;
  /** A name in the checkout that leads out of it. */
  readonly leadsOut: boolean;
}

/** Looks where `file` lies: inside where one of the `roots` has it. One that is not there lies where its name says. */
export async function placeOfFile(roots: readonly (string | undefined)[], file: string): Promise<FilePlace> {
  const known = roots.filter((root) => root !== undefined);
  const seen = await Promise.all(known.map(async (root) => await seenFrom(root, file)));
  const at = known.length === 0 ? 'unknown' : 'outside';
  return seen.find(({ inside }) => inside !== undefined) ?? { at, leadsOut: false };
}

async function seenFrom(root: string, file: string): Promise<FilePlace> {
  const written = wayTo(root, file);
  const led = wayTo(await real(root), await real(file));
  const inside = written ?? led;
  if (inside === undefined) return { at: 'outside', leadsOut: false };
  return { at: 'inside', inside, leadsOut: led === undefined };
}

/** Its place in the checkout. Throws `config` where nobody knows whether it is one of a pull request's files. */
export function requireKnownPlace(file: string, { inside }: FilePlace): string {
  if (inside !== undefined) return inside;
  const message = `git sees no checkout here, so '${file}' may be a file of the pull request that is built`;
  throw new WarmbakeError('config', 'checkout-unknown', message, {
    hint: 'work in the checkout with git, or pin the file: --config-from sha256:…',
  });
}

/** Throws `refused` for a file that is another's: messages about it would show its lines. */
export function requireNoWayOut(file: string, { leadsOut }: FilePlace): void {
  if (!leadsOut) return;
  throw new WarmbakeError('refused', 'configuration-leads-out', `'${file}' is a link out of the checkout`, {
    hint: 'commit the file itself, or name the file that it leads to',
  });
}

/** The checkout's file, to be compared with another; `undefined` where it is not there, or leads out. */
export async function textInCheckout(root: string, file: string): Promise<string | undefined> {
  const { leadsOut } = await placeOfFile([root], file);
  return leadsOut ? undefined : await readFile(file, 'utf8').catch(() => undefined);
}

function wayTo(folder: string, file: string): string | undefined {
  const way = path.relative(folder, file);
  const isOut = way === '..' || way.startsWith(`..${path.sep}`) || path.isAbsolute(way);
  return isOut ? undefined : way.split(path.sep).join('/');
}

async function real(name: string): Promise<string> {
  return await realpath(name).catch(() => name);
}
