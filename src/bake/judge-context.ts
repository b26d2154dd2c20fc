import { posix } from 'node:path';
import { type Demand, pathDemand } from './demand.ts';

/**
 * Addresses that every supported buildx fetches from elsewhere. buildx knows more spellings; what is not in this list is a path.
 * (github.com/docker/buildx util/urlutil, github.com/moby/buildkit frontend/dockerfile/dfgitutil.)
 */
const REMOTE =
  /^(?:https?:\/\/|(?:git|ssh):\/\/(?:[\w-]+@)?[\w.-]+(?::\d+)?\/[\w./~-]+(?:#[\w./:-]*)?$|github\.com\/[\w.-]+\/[\w.-]+(?:#[\w./:-]*)?$|git@[\w.-]+:[\w./~-]+(?:#[\w./:-]*)?$)/;

/** What a named context can be besides; the context itself cannot. */
const ELSEWHERE = /^(?:target:|docker-image:\/\/)/;

/** Git over ssh, in any spelling: buildx hands such a build the ssh agent unasked. */
const OVER_SSH = /^(?:ssh:\/\/|[\w-]+@[\w.-]+:)/i;

const CWD = 'cwd://';
const LAYOUT = 'oci-layout://';

/** What buildx opens for a target's context. */
export function contextDemands(context: string): readonly Demand[] {
  const onlyIfThere = REMOTE.test(context);
  return [
    ...readings(context).map((path) => pathDemand(path, { onlyIfThere })),
    ...(OVER_SSH.test(context) ? [{ kind: 'privilege', name: 'ssh=default' } as const] : []),
  ];
}

/** What buildx opens for a target's Dockerfile: the file, and its folder, which the builder can have whole. */
export function dockerfileDemands(dockerfile: string, context: string): readonly Demand[] {
  return dockerfilePaths(dockerfile, context).flatMap(({ path, onlyIfThere }) =>
    [path, posix.dirname(posix.normalize(path))].map((p) => pathDemand(p, { onlyIfThere })),
  );
}

function dockerfilePaths(dockerfile: string, context: string) {
  const certain = (path: string) => ({ path, onlyIfThere: false });
  if (posix.isAbsolute(dockerfile)) return [certain(dockerfile)];
  const onlyIfThere = REMOTE.test(context);
  const inContext = readings(context).map((folder) => ({ path: `${folder}/${dockerfile}`, onlyIfThere }));
  // Beside a remote context buildx judges it as a path of the working directory, where it looks for `cwd://` in any case.
  const besides = onlyIfThere || dockerfile.startsWith(CWD) ? readings(dockerfile).map(certain) : [];
  return [...inContext, ...besides];
}

/** What buildx opens for a named context. A folder in the checkout can be called as an address is: then it is both. */
export function namedContextDemands(context: string): readonly Demand[] {
  const onlyIfThere = REMOTE.test(context) || ELSEWHERE.test(context);
  return readings(context).map((path) => pathDemand(path, { onlyIfThere }));
}

/** Every path that a version of buildx could take the text for. */
function readings(text: string): readonly string[] {
  if (text.startsWith(CWD)) return [text, ...readings(text.slice(CWD.length))];
  if (!text.startsWith(LAYOUT)) return [text];
  const layout = text.slice(LAYOUT.length);
  // `path[:tag][@digest]`, and versions differ in which of several separators counts.
  return [text, layout, ...[...layout.matchAll(/[@:]/g)].map(({ index }) => layout.slice(0, index))];
}
