import type { Settings } from '../config/settings.ts';
import { WarmbakeError } from '../platform/errors.ts';
import type { Warning } from '../platform/events.ts';
import type { SessionPolicy } from '../platform/iam-policy.ts';
import { repositoryPatterns, repositoryUse } from '../refs/repository-use.ts';
import { parseEcrHost } from '../registry/ecr-host.ts';
import { ecrStatements } from '../registry/ecr-policy.ts';
import type { LoginGrant } from '../registry/login-grant.ts';

/** What of a build decides about its logins. */
export interface LoginBuild {
  readonly trusted: boolean;
  /** In a CI that is known: nobody's own machine. */
  readonly ci: boolean;
}

/** Longest session policy that STS takes, in characters (STS API reference, AssumeRole). */
const SESSION_POLICY = 2_048;

/**
 * The logins of a build. Builds of CI log in to ECR by a session of the role of their trust, where one is configured, and those that are
 * not trusted get no login of the machine but those that the configuration names. A person's own build has the person's. Throws `config`
 * where STS would not take the session's policy.
 */
export function decideLogins(settings: Settings, { trusted, ci }: LoginBuild): LoginGrant {
  if (!ci) return {};
  const { assume, pull = [] } = settings.logins;
  const role = trusted ? assume.trusted : assume.untrusted;
  // Logins to ECR are made for this run.
  const others = pull.map(({ host }) => host).filter((host) => parseEcrHost(host) === undefined);
  return {
    ...(role === undefined ? {} : { ecr: { role, policy: sessionPolicy(settings, { trusted }) } }),
    ...(trusted ? {} : { hosts: others }),
  };
}

/** Registries that a build logs in to itself. */
export function loginHosts(settings: Settings): readonly string[] {
  const { images, cache } = repositoryPatterns(settings);
  const all = [...images.trusted, ...images.untrusted, ...cache.trusted, ...cache.untrusted];
  const bases = (settings.logins.pull ?? []).filter(({ host }) => parseEcrHost(host) !== undefined);
  return [...new Set([...all, ...bases].map(({ host }) => host))];
}

/** Names of statements are left out: each character counts. */
function sessionPolicy(settings: Settings, trust: { readonly trusted: boolean }): SessionPolicy {
  const statements = ecrStatements(repositoryUse(settings, trust), '*');
  const policy: SessionPolicy = {
    Version: '2012-10-17',
    Statement: statements.map(({ Effect, Action, Resource }) => ({ Effect, Action, Resource })),
  };
  const { length } = JSON.stringify(policy);
  if (length <= SESSION_POLICY) return policy;
  throw new WarmbakeError(
    'config',
    'session-policy-too-long',
    `the session policy for logins of ${trust.trusted ? 'trusted' : 'untrusted'} builds has ${length} characters, and STS takes ${SESSION_POLICY}`,
    { hint: 'join repositories of logins.pull under a prefix: host/prefix/*' },
  );
}

/** What a build must hear about its logins; `withheld` are hosts whose logins it has not got. */
export function loginWarnings(
  settings: Settings,
  { trusted, ci }: LoginBuild,
  withheld: readonly string[],
): readonly Warning[] {
  if (trusted || !ci) return [];
  const { credentials, assume, pull } = settings.logins;
  const ecr = loginHosts(settings).filter((host) => parseEcrHost(host) !== undefined);
  const whole = credentials === 'session' && assume.untrusted === undefined && ecr.length > 0;
  return [
    ...(whole ? [wholeWarning(ecr)] : []),
    ...(pull === undefined && withheld.length > 0 ? [withheldWarning(withheld)] : []),
  ];
}

function wholeWarning(hosts: readonly string[]): Warning {
  const message = `this build is untrusted, and its login for ${hosts.join(', ')} has all rights of this job's role on ECR: name a role for it (logins.assume.untrusted), or say that this queue's role is narrow (logins.credentials: job)`;
  return { code: 'ecr-login-of-job', message };
}

function withheldWarning(withheld: readonly string[]): Warning {
  const message = `this build is untrusted and gets no logins of this machine for ${withheld.join(', ')}: name in logins.pull the hosts that base images need one for; [] if there are none`;
  return { code: 'logins-withheld', message };
}
