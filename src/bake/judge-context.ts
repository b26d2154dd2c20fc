import { posix } from 'node:path';
import { type Demand, pathDemand } from './demand.ts';

/**
 * Whatever a buildx could fetch from elsewhere (github.com/docker/buildx util/urlutil, github.com/moby/buildkit frontend/dockerfile/dfgitutil
 * and older ones). It is judged as a path all the same: a folder can be called as an address is, and an address that leads nowhere out
 * of the checkout costs nobody anything.
 */
const REMOTE = /^(?:[a-z\d]+:\/\/|github\.com\/|[\w-]+@[\w.-]+:)/i;

/** Git over ssh, in any spelling: buildx hands such a build the ssh agent unasked. */
const OVER_SSH = /^(?:ssh:\/\/|[\w-]+@[\w.-]+:)/i;

const CWD = 'cwd://';
const LAYOUT = 'oci-layout://';

/** What buildx opens for a target's context. */
export function contextDemands(context: string): readonly Demand[] {
  const overSsh = cleaned(context).some((text) => OVER_SSH.test(text));
  return [
    ...readings(context).map(pathDemand),
    ...(overSsh ? [{ kind: 'privilege', name: 'ssh=default' } as const] : []),
  ];
}

/**
 * What buildx opens for a target's Dockerfile: the file, a policy beside it (since 0.31; its errors quote it), and its folder, which
 * the builder can have whole. Where there is no `Dockerfile` it takes a `dockerfile`.
 */
export function dockerfileDemands(dockerfile: string, context: string): readonly Demand[] {
  return dockerfilePaths(dockerfile, context)
    .flatMap((path) => {
      const small = path.replace(/(?<=^|\/)Dockerfile$/, 'dockerfile');
      return [path, `${path}.rego`, small, `${small}.rego`, posix.dirname(posix.normalize(path))];
    })
    .map(pathDemand);
}

function dockerfilePaths(dockerfile: string, context: string): readonly string[] {
  if (posix.isAbsolute(dockerfile)) return [dockerfile];
  const inContext = readings(context).map((folder) => `${folder}/${dockerfile}`);
  // Beside a remote context buildx judges it as a path of the working directory, where it looks for `cwd://` in any case.
  const isBeside = dockerfile.startsWith(CWD) || isRemote(context);
  return isBeside ? [...inContext, ...readings(dockerfile)] : inContext;
}

/** True where a version of buildx could fetch a context from elsewhere. */
export function isRemote(context: string): boolean {
  return cleaned(context).some((text) => REMOTE.test(text));
}

/** What buildx opens for a named context. */
export function namedContextDemands(context: string): readonly Demand[] {
  return readings(context).map(pathDemand);
}

/** A context as it is written, and as buildx shortens it before it looks again what it is: `./git@host:path` is an address then. */
function cleaned(context: string): readonly string[] {
  const bare = context.startsWith(CWD) ? context.slice(CWD.length) : context;
  return [context, posix.normalize(bare)];
}

/** Every path that a version of buildx could take the text for. */
function readings(text: string): readonly string[] {
  if (text.startsWith(CWD)) return [text, ...readings(text.slice(CWD.length))];
  if (!text.startsWith(LAYOUT)) return [text];
  const layout = text.slice(LAYOUT.length);
  // `path[:tag][@digest]`, and versions differ in which of several separators counts.
  return [text, layout, ...[...layout.matchAll(/[@:]/g)].map(({ index }) => layout.slice(0, index))];
}
