import path from 'node:path';
import { namesInText } from '../bake/members.ts';
import { bakeFilePath } from '../config/fields.ts';
import { WarmbakeError } from '../platform/errors.ts';
import { type Choice, foundValue, openValue } from './choice.ts';
import type { SeenFiles } from './seen-files.ts';

/** What bare `docker buildx bake` reads of a folder, in its order, but for Compose files (github.com/docker/buildx, bake/bake.go). */
const BARE = ['docker-bake.json', 'docker-bake.hcl', 'docker-bake.override.json', 'docker-bake.override.hcl'];

/** First words of the overlay that `warmbake hcl` writes. */
const OVERLAY = /^# .*\bwarmbake hcl\b/;

/**
 * The bake files, commas between them: what bare bake reads at the top; else those of the one place that has any. Throws `config` where
 * there are none, with the way there.
 */
export function bakeChoice(seen: SeenFiles, texts: ReadonlyMap<string, string>): Choice {
  const files = seen.bake.filter((file) => {
    const text = texts.get(file) ?? '';
    return !OVERLAY.test(text) && namesInText(text).length > 0;
  });
  const places = bakePlaces(files);
  const [first, ...others] = places;
  if (first === undefined) throw nothingToBake(seen);
  if (BARE.includes(first[0] ?? ''))
    return foundValue(first.join(','), 'what bare `docker buildx bake` reads');
  if (others.length === 0) return foundValue(first.join(','), 'the only bake files');
  return openValue({
    option: '--bake',
    what: 'the bake files, in the order in which bake reads them, commas between them',
    about: ['there are several:', ...places.map((place) => `  ${place.join(',')}`)],
    fallback: first.join(','),
    because: 'the first of several',
  });
}

/** Files that belong together: what bare bake would read in a folder; any other file stands alone. */
function bakePlaces(files: readonly string[]): readonly (readonly string[])[] {
  const folders = [...new Set(files.map((file) => path.posix.dirname(file)))];
  const bare = folders
    .map((folder) => BARE.map((name) => path.posix.join(folder, name)).filter((file) => files.includes(file)))
    // An override alone is laid over something that is not there.
    .filter((place) => place.length > 0);
  const taken = new Set(bare.flat());
  return [...bare, ...files.filter((file) => !taken.has(file)).map((file) => [file])];
}

function nothingToBake({ compose }: SeenFiles): WarmbakeError {
  const [file] = compose;
  if (file === undefined) {
    return new WarmbakeError(
      'config',
      'no-bake-file',
      'there is no bake file here: no .hcl or .json with a target',
      {
        hint: 'the smallest for a Dockerfile is docker-bake.hcl with the line: target "default" {}',
      },
    );
  }
  const said = bakeFilePath.safeParse(file).error?.issues[0]?.message ?? '';
  return new WarmbakeError('config', 'no-bake-file', `there is no bake file here but Compose's: ${said}`, {
    hint: 'convert it, look at what came out, commit it, and call this again',
  });
}
