import { readdir, stat } from 'node:fs/promises';
import path from 'node:path';
import * as z from 'zod';
import { WarmbakeError } from '../platform/errors.ts';
import { nearest } from '../platform/nearest.ts';
import { isRemote } from './judge-context.ts';

const printed = z.object({
  target: z.record(
    z.string(),
    z.looseObject({
      context: z.string().default('.'),
      contexts: z.record(z.string(), z.string()).default({}),
      dockerfile: z.string().default('Dockerfile'),
      'dockerfile-inline': z.string().default(''),
    }),
  ),
});
type PlacedTarget = z.output<typeof printed>['target'][string];

/** A folder or file that a target needs. */
interface BuildInput {
  readonly what: string;
  /** Relative to the root, or absolute. */
  readonly path: string;
  /** The same by another name. */
  readonly orElse?: string;
}

/**
 * Throws `config` where a target of a printed definition needs a folder or a Dockerfile that is not there: bake says so when all the others
 * have begun. What comes from elsewhere (an address, another target, `cwd://`) is BuildKit's to find. To be called with a definition that
 * was judged: what it looks at is in the checkout.
 */
export async function requirePlaces(raw: unknown, root: string): Promise<void> {
  const targets = Object.entries(printed.parse(raw).target);
  const needed = targets.flatMap(([name, target]) => inputsOf(target).map((place) => ({ name, place })));
  const missing = await Promise.all(
    needed.map(async ({ name, place }) => {
      const all = [place.path, ...(place.orElse === undefined ? [] : [place.orElse])];
      const absent = await Promise.all(all.map(async (one) => await isMissing(path.resolve(root, one))));
      return absent.every((one) => one) ? [{ name, place }] : [];
    }),
  );
  const [first] = missing.flat();
  if (first === undefined) return;
  const { name, place } = first;
  const meant = await similar(place.path, root);
  throw new WarmbakeError(
    'config',
    'build-input-missing',
    `${name}: ${place.what} '${place.path}' is not in the checkout`,
    {
      hint:
        meant === undefined
          ? 'paths are relative to the root of the repository, and a dockerfile to its context'
          : `did you mean '${meant}'?`,
    },
  );
}

function inputsOf({
  context,
  contexts,
  dockerfile,
  'dockerfile-inline': inline,
}: PlacedTarget): readonly BuildInput[] {
  const named = Object.entries(contexts)
    .filter(([, place]) => isHere(place))
    .map(([name, place]) => ({ what: `the named context '${name}',`, path: place }));
  if (!isHere(context)) return named;
  const file = path.join(context, dockerfile);
  const small =
    path.basename(dockerfile) === 'Dockerfile' ? { orElse: file.replace(/D(?=ockerfile$)/, 'd') } : {};
  const files =
    inline === '' && isHere(dockerfile)
      ? [{ what: 'the file', path: path.isAbsolute(dockerfile) ? dockerfile : file, ...small }]
      : [];
  return [{ what: 'the context', path: context }, ...files, ...named];
}

/** Of this checkout; `target:name` is another target, `-` what is piped in. */
function isHere(text: string): boolean {
  return text !== '-' && !/^[a-z][a-z\d+.-]*:/i.test(text) && !isRemote(text);
}

async function isMissing(place: string): Promise<boolean> {
  try {
    await stat(place);
    return false;
  } catch (error) {
    // Whatever else is wrong with it is bake's to say.
    return error instanceof Error && 'code' in error && error.code === 'ENOENT';
  }
}

/** The place with the first name that is not there put right. */
async function similar(place: string, root: string): Promise<string | undefined> {
  const names = path.normalize(place).split(path.sep);
  for (const [index, name] of names.entries()) {
    const before = names.slice(0, index).join(path.sep);
    if (!(await isMissing(path.resolve(root, before, name)))) continue;
    const there = await readdir(path.resolve(root, before)).catch(() => []);
    const meant = nearest(name, there);
    return meant === undefined ? undefined : path.join(before, meant, ...names.slice(index + 1));
  }
  return undefined;
}
