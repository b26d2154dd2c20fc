/** `host/owner/name` in lower case, without scheme, user, port and `.git`. */
export type RepositoryId = string;

/**
 * Scheme, user, host, port, path. A user part must not hold `?`, `#` or `\`: a host follows them for some parsers only,
 * and this one must never see our host where git would dial another.
 */
const URL_FORM = /^(?:https?|ssh|git|git\+ssh):\/\/(?:[^/?#\\\s]*@)?([^/@:?#\\\s]+)(?::\d*)?\/(.+)$/i;

/** `user@host:path`, as scp writes it; `host://` is a scheme. */
const SCP_FORM = /^(?:[^/@:\s]+@)?([^/@:?#\\\s]+):(?!\/\/)\/?(.+)$/;

const HOST = /^[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?$/;
const PATH = /^[a-z0-9_.~-]+(?:\/[a-z0-9_.~-]+)+$/;

/**
 * `host/owner/name` of a clone URL in any of git's spellings; two URLs of one repository give one id. `undefined` where
 * the URL names no repository on a host (a local path) or is not plain enough to be compared (`..`, `%2f`).
 */
export function repositoryId(url: string): RepositoryId | undefined {
  const [, rawHost, rawPath] = URL_FORM.exec(url) ?? SCP_FORM.exec(url) ?? [];
  if (rawHost === undefined || rawPath === undefined) return undefined;
  const host = rawHost.toLowerCase();
  const path = rawPath
    .toLowerCase()
    .replace(/\/+$/, '')
    .replace(/\.git$/, '');
  const plain = HOST.test(host) && PATH.test(path) && !path.split('/').some((part) => /^\.+$/.test(part));
  return plain ? `${host}/${path}` : undefined;
}
