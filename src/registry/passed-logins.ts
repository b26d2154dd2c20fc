import { type DockerConfig, dockerNames, hostOfKey } from './docker-config.ts';

/** A docker configuration, and whose logins are not in it any more. */
export interface PassedLogins {
  readonly config: DockerConfig;
  /** Hosts as the configuration has them, and programs that know logins of any host; sorted. */
  readonly withheld: readonly string[];
}

/**
 * `config` with logins for `hosts` and no others. A program that knows logins of any host (`credsStore`) is asked for these alone: BuildKit
 * asks for the login of whatever a Dockerfile names, and such a program may have one for every registry of the account.
 */
export function passLogins(config: DockerConfig, hosts: readonly string[]): PassedLogins {
  const { auths = {}, credHelpers = {}, credsStore = '', ...rest } = config;
  const isPassed = (key: string): boolean =>
    hosts.some((host) => dockerNames(host).some((name) => [key, hostOfKey(key)].includes(name)));
  const kept = <V>(entries: Readonly<Record<string, V>>): Record<string, V> =>
    Object.fromEntries(Object.entries(entries).filter(([key]) => isPassed(key)));
  const asked = credsStore === '' ? [] : hosts.map((host) => [dockerNames(host)[0], credsStore] as const);
  const left = [...Object.keys(auths), ...Object.keys(credHelpers)].filter((key) => !isPassed(key));
  const programs = credsStore === '' ? [] : [`docker-credential-${credsStore}`];
  return {
    config: {
      ...rest,
      auths: kept(auths),
      credHelpers: { ...Object.fromEntries(asked), ...kept(credHelpers) },
    },
    withheld: [...new Set([...left.map(plainHost), ...programs])].toSorted(),
  };
}

/** As a person writes it. */
function plainHost(key: string): string {
  return dockerNames('docker.io').includes(key) ? 'docker.io' : hostOfKey(key);
}
