import { warn } from '../platform/events.ts';
import type { Host } from '../platform/host.ts';
import type { Credential, CredentialLease } from './credential.ts';
import { type DockerConfig, readDockerConfig } from './docker-config.ts';
import { dockerCredential } from './docker-credential.ts';
import { parseEcrHost } from './ecr-host.ts';
import { ecrLogin } from './ecr-login.ts';
import type { EcrSession } from './login-grant.ts';

/** Logins by registry host. */
export interface Credentials {
  /**
   * Never rejects: without a login the answer is `anonymous`. Answers are kept until they expire; `fresh` asks the source
   * again (an expired token, a new `docker login`).
   */
  lookUp(host: string, options?: { readonly fresh?: boolean }): Promise<Credential>;
  /** The user's docker configuration; empty where there is none or it is broken. Read again each time. */
  dockerConfig(): Promise<DockerConfig>;
}

/** A login is renewed when it has less than this to live, so that one handed to a build outlasts its first minutes. */
const MARGIN_MS = 15 * 60_000;

/**
 * Logins as this machine has them. ECR hosts: a token through the AWS SDK, else what docker's own configuration has.
 * Other hosts: docker's configuration. Emits a warning, once, for what is broken or missing. With `session` an ECR host gets a login of
 * that session or none: docker's own would be one of the job again.
 */
export function createCredentials(host: Host, session?: EcrSession): Credentials {
  const held = new Map<string, { readonly credential: Promise<Credential>; until: number }>();
  const said = new Set<string>();
  const report = (code: string, message: string): void => {
    if (!said.has(message)) warn(host.emit, code, message);
    said.add(message);
  };

  const dockerConfig = async (): Promise<DockerConfig> => await readDockerConfig(host.env, report);

  async function find(registry: string): Promise<CredentialLease> {
    const ecr = parseEcrHost(registry);
    const login = ecr === undefined ? undefined : await ecrLogin(ecr, host, session);
    if (login?.ok === true) return login.lease;
    if (login !== undefined && session !== undefined) return anonymous(registry, login.because);
    const credential = await dockerCredential(registry, await dockerConfig(), { host, report });
    if (login === undefined || credential.kind !== 'anonymous') return { credential, until: Infinity };
    return anonymous(registry, login.because);
  }

  function anonymous(registry: string, because: string): CredentialLease {
    report('ecr-login', `no login for ${registry}: ${because}; it is asked anonymously`);
    return { credential: { kind: 'anonymous', because }, until: Infinity };
  }

  return {
    dockerConfig,
    lookUp(registry, { fresh = false } = {}) {
      const kept = held.get(registry);
      if (kept !== undefined && !fresh && kept.until - MARGIN_MS > host.clock.now().getTime()) {
        return kept.credential;
      }
      const lease = find(registry);
      const next = { credential: lease.then(({ credential }) => credential), until: Infinity };
      held.set(registry, next);
      lease.then(
        ({ until }) => (next.until = until),
        () => undefined,
      );
      return next.credential;
    },
  };
}
