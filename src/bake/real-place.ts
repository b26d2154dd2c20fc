import { lstatSync, readlinkSync } from 'node:fs';
import path from 'node:path';

/** As many links as Linux follows in one path. */
const LINKS = 40;

/**
 * Where a path leads, relative ones below `root`. Tools differ: some drop `..` with the name before it and then follow links, the
 * system follows links first; both are told. What does not exist yet is told as it is spelled. `undefined`: it cannot be followed
 * (a circle, a file where a folder must be, a folder that may not be read), or it leads through /proc, which shows each process another thing.
 */
export function whereabouts(root: string, text: string): readonly string[] | undefined {
  const ways = [path.resolve(root, text), path.isAbsolute(text) ? text : `${root}/${text}`];
  const ends = ways.map(follow);
  const found = ends.filter((end) => end !== undefined);
  if (found.length < ends.length) return undefined;
  return [...new Set(found)];
}

function follow(file: string): string | undefined {
  let place: string = path.sep;
  let there = true;
  let links = 0;
  const names = file.split(path.sep);
  for (let name = names.shift(); name !== undefined; name = names.shift()) {
    const next = path.join(place, name);
    if (next === '/proc') return undefined;
    const target: Looked = there ? look(next) : 'plain';
    if (target === 'unreadable') return undefined;
    if (typeof target === 'string') {
      place = next;
      there &&= target !== 'missing';
      continue;
    }
    links += 1;
    if (links > LINKS) return undefined;
    if (path.isAbsolute(target.link)) place = path.sep;
    names.unshift(...target.link.split(path.sep));
  }
  return place;
}

type Looked = 'plain' | 'missing' | 'unreadable' | { readonly link: string };

function look(file: string): Looked {
  try {
    const stat = lstatSync(file, { throwIfNoEntry: false });
    if (stat === undefined) return 'missing';
    return stat.isSymbolicLink() ? { link: readlinkSync(file) } : 'plain';
  } catch {
    return 'unreadable';
  }
}
