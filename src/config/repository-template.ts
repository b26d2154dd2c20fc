import { type Repository, parseRepository } from '../registry/reference.ts';

/** Stands for a target's name in the name of a repository. */
export const TARGET_PLACE = '${target}';

/**
 * Parses `host/path` where the path can have `${target}` in it, once: the path of the repository that comes back has it too.
 * `undefined` where some target's name could not make a repository of it.
 */
export function parseRepositoryTemplate(text: string): Repository | undefined {
  const pieces = text.split(TARGET_PLACE);
  if (pieces.length > 2) return undefined;
  const slash = text.indexOf('/');
  if (parseRepository(pieces.join('x')) === undefined || slash > (pieces[0]?.length ?? 0)) return undefined;
  return { host: text.slice(0, slash), path: text.slice(slash + 1) };
}

/** What to write in the place of `text`, which is no path of a repository. */
export function repositoryAdvice(text: string): string {
  const words = "write lower-case words joined by '/', '-', '_' or '.'";
  return text.includes('$') ? `${words}, and in it nothing to be filled in but ${TARGET_PLACE}, once` : words;
}

/** True where each target has a repository of its own. */
export function isPerTarget({ path }: Repository): boolean {
  return path.includes(TARGET_PLACE);
}

/** The repository of `target`, which is a part of a path; see `refs/repositories.ts`. */
export function fillTarget({ host, path }: Repository, target: string): Repository {
  return { host, path: path.replace(TARGET_PLACE, () => target) };
}
