/**
 * What Docker's tools need of the surroundings to find programs, daemon, proxies, keys and the user's home. Everything
 * else stays outside: bake takes a variable's value from any environment variable of its name (a stray MAX_JOBS changed
 * the cache keys of a whole build), and BUILDX_* switches would change what the plan says.
 */
const PLUMBING = [
  'PATH',
  'HOME',
  'USER',
  'LANG',
  'TMPDIR',
  'XDG_RUNTIME_DIR',
  'DOCKER_CONFIG',
  'DOCKER_HOST',
  'DOCKER_CONTEXT',
  'DOCKER_TLS_VERIFY',
  'DOCKER_CERT_PATH',
  'DOCKER_API_VERSION',
  'SSH_AUTH_SOCK',
  'SSL_CERT_FILE',
  'SSL_CERT_DIR',
  'HTTP_PROXY',
  'HTTPS_PROXY',
  'NO_PROXY',
  'http_proxy',
  'https_proxy',
  'no_proxy',
] as const;

/**
 * Of the plumbing what only serves processes that talk to others. A bake file reads every variable that bake has, and a proxy's address
 * can hold a password.
 */
const TO_OTHERS: ReadonlySet<string> = new Set([
  'SSH_AUTH_SOCK',
  'HTTP_PROXY',
  'HTTPS_PROXY',
  'NO_PROXY',
  'http_proxy',
  'https_proxy',
  'no_proxy',
]);

/** Of a {@link closedEnvironment} what bake files are evaluated in, which asks nobody; names passed on purpose stay. */
export function evaluationEnvironment(
  closed: Readonly<Record<string, string>>,
  passthrough: readonly string[],
): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(closed).filter(([name]) => !TO_OTHERS.has(name) || passthrough.includes(name)),
  );
}

/** The closed environment of `docker` and bake: plumbing and the names passed on purpose, nothing else. */
export function closedEnvironment(
  env: Readonly<Record<string, string | undefined>>,
  passthrough: readonly string[] = [],
): Readonly<Record<string, string>> {
  const names = new Set<string>([...PLUMBING, ...passthrough]);
  return Object.fromEntries(
    Object.entries(env).flatMap(([name, value]) =>
      value !== undefined && names.has(name) ? [[name, value]] : [],
    ),
  );
}
