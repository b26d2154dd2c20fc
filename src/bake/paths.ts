import path from 'node:path';
import type { BakeEntry, Targets, TargetDefinition } from './definition.ts';

/** A place on this machine that a target reads or writes and that lies outside of the checkout. */
export interface OutsidePath {
  readonly target: string;
  readonly what: string;
  readonly path: string;
}

/**
 * The paths of a definition outside of `root` that `allow` does not name (an allowed directory allows what is in it).
 *
 * buildx asks for such paths itself, but not with `--progress=rawjson` (buildx commands/bake.go since 0.21), and the
 * bake file of a pull request is not to be trusted: it could read any file of the agent into an image.
 * `resolve` must give the real path (symbolic links followed), so that a link in the checkout does not lead out.
 */
export function outsidePaths(
  targets: Targets,
  limits: {
    readonly root: string;
    readonly allow: readonly string[];
    readonly resolve: (path: string) => string;
  },
): readonly OutsidePath[] {
  const root = limits.resolve(limits.root);
  const allowed = [root, ...limits.allow.map((p) => limits.resolve(path.resolve(root, p)))];
  return [...targets].flatMap(([target, t]) =>
    used(t)
      .map(([what, p]) => ({ target, what, path: limits.resolve(path.resolve(root, p)) }))
      .filter((u) => !allowed.some((dir) => isWithin(dir, u.path))),
  );
}

/** Every local path of a target, with the bake attribute it stands in. */
function used(target: TargetDefinition): readonly (readonly [string, string])[] {
  const local = isLocal(target.context);
  return [
    ...(local ? [['context', bare(target.context)] as const] : []),
    // A Dockerfile is looked up in its context; in a remote one it is no path of this machine.
    ...(local ? [['dockerfile', inContext(target)] as const] : []),
    ...Object.values(target.contexts)
      .filter(isLocal)
      .map((c) => ['contexts', bare(c)] as const),
    ...namedPaths(target.secret, 'secret', ['src', 'source']),
    ...target.ssh
      .flatMap((entry) => namedPaths([entry], 'ssh', Object.keys(entry)))
      .filter(([, p]) => p.includes('/')),
    ...namedPaths(target.output, 'output', ['dest']).filter(([, p]) => p !== '-'),
    ...namedPaths(target.cacheFrom, 'cache-from', ['src']),
    ...namedPaths(target.cacheTo, 'cache-to', ['dest']),
  ];
}

function namedPaths(
  entries: readonly BakeEntry[],
  what: string,
  keys: readonly string[],
): readonly (readonly [string, string])[] {
  return entries.flatMap((entry) =>
    keys.flatMap((key) => {
      const value = entry[key];
      return value === undefined || value === '' ? [] : value.split(',').map((p) => [what, p] as const);
    }),
  );
}

/** Contexts that are no directory of this machine: another target, an image, a Git or HTTP address, standard input. */
function isLocal(context: string): boolean {
  if (/^(?:oci-layout|cwd):\/\//.test(context)) return true;
  return context !== '-' && !/^(?:[a-z][a-z0-9+.-]*:|git@|github\.com\/)/i.test(context);
}

function inContext(target: TargetDefinition): string {
  return path.isAbsolute(target.dockerfile)
    ? target.dockerfile
    : path.join(bare(target.context), target.dockerfile);
}

/** The directory behind `cwd://dir` and `oci-layout://dir@sha256:…`. */
function bare(context: string): string {
  return context.replace(/^(?:oci-layout|cwd):\/\//, '').replace(/@sha256:[0-9a-f]{64}$/, '');
}

function isWithin(directory: string, candidate: string): boolean {
  const relative = path.relative(directory, candidate);
  return (
    relative === '' ||
    (relative !== '..' && !relative.startsWith(`..${path.sep}`) && !path.isAbsolute(relative))
  );
}
