import path from 'node:path';
import type { DockerEnvironment } from '../bake/builder-facts.ts';
import { findBuildx } from '../bake/buildx-program.ts';
import { closedEnvironment } from '../bake/environment.ts';
import type { Settings } from '../config/settings.ts';
import type { UsedConfiguration } from '../config/used.ts';
import type { CheckoutPlace } from '../context/checkout.ts';
import { type History, openHistory } from '../context/history.ts';
import { type Credentials, createCredentials } from '../registry/credentials.ts';
import { type Login, createLogin } from '../registry/login.ts';
import { type Registry, createRegistry } from '../registry/registry.ts';
import { readCi } from '../ci/read-ci.ts';
import { askRelease } from '../context/release.ts';
import { type ReleaseEvidence, judgeTrust } from '../context/trust.ts';
import type { CiRemote } from '../ci/facts.ts';
import type { Warning } from '../platform/events.ts';
import type { Host } from '../platform/host.ts';
import type { BuildSecret } from '../sccache/secret.ts';
import { sayIfSlow } from '../platform/slow.ts';
import { VERSION } from '../platform/version.ts';
import { type LoginBuild, decideLogins, loginHosts, loginWarnings } from './build-logins.ts';
import type { SilenceCheck } from './silent-source.ts';
import { type Switches, readSwitches, switchedSettings } from './switches.ts';

/** What a build works with: opened once a run. */
export interface BuildServices {
  readonly host: Host;
  /** Under the switches of this build. */
  readonly settings: Settings;
  readonly switches: Switches;
  /** Where the settings come from, where a file was read, and what there is to be said about that. */
  readonly configuration?: OpenedSource;
  readonly registry: Registry;
  readonly credentials: Credentials;
  readonly history: History;
  /** What the remote says of the build of a release tag; absent in every other build. */
  readonly release?: ReleaseEvidence;
  readonly login: Login;
  /** What there is to be said about the logins. */
  readonly loginWarnings: readonly Warning[];
  readonly docker: DockerEnvironment;
  /** Credentials for sccache, where this build has some; bake gets them, the plan does not. */
  readonly secret?: BuildSecret;
  /** Of a build that may import; a plan has none. */
  readonly silence?: SilenceCheck;
}

/** A configuration's source, and the warnings about it that nobody has told yet. */
export interface OpenedSource {
  readonly used: UsedConfiguration;
  readonly warnings: readonly Warning[];
}

/** Options of {@link openBuildServices}. */
export interface OpenOptions {
  readonly offline?: boolean;
  /** Those of a build are by its trust; `own` are the caller's, for people and for jobs with a role of their own. */
  readonly logins?: 'build' | 'own';
  readonly configuration?: OpenedSource;
  /** Where somebody has looked already. */
  readonly checkout?: CheckoutPlace | undefined;
}

/** Opens the services: logins for the registries of `settings` are written (not `offline`), nothing else is touched. */
export async function openBuildServices(
  host: Host,
  settings: Settings,
  { offline = false, logins = 'build', configuration, checkout }: OpenOptions = {},
): Promise<BuildServices> {
  const switches = readSwitches(host.env, VERSION);
  const release = logins === 'build' ? await askRelease(host, settings, configuration?.used) : undefined;
  const build = logins === 'build' ? loginBuild(host, settings, release) : { trusted: false, ci: false };
  const grant = decideLogins(settings, build);
  const credentials = createCredentials(host, grant.ecr);
  const registries = offline ? [] : loginHosts(settings);
  const login = await sayIfSlow(
    host,
    `logging in to ${registries.join(', ')}`,
    createLogin(registries, credentials, { host, ...grant }),
  );
  const env = { ...closedEnvironment(host.env, settings.bake.passthrough), ...login.env };
  const home = env['HOME'] ?? host.scratch;
  return {
    host,
    settings: switchedSettings(settings, switches),
    switches,
    ...(configuration === undefined ? {} : { configuration }),
    credentials,
    login,
    loginWarnings: loginWarnings(settings, build, login.withheld),
    registry: createRegistry(host, credentials),
    history: openHistory(host, { checkout, origin: logins === 'build' ? remoteFor(host) : undefined }),
    ...(release === undefined ? {} : { release }),
    docker: {
      env,
      buildx: await findBuildx(env),
      buildxConfig: env['BUILDX_CONFIG'] ?? path.join(home, '.docker', 'buildx'),
    },
  };
}

/**
 * Where the system gives its jobs a password for the repository, and does not leave it where every git command finds it: actions/checkout
 * keeps it in a file that is included for the checkout's own directory only. Buildkite's agents have git credentials of their own.
 */
function remoteFor(host: Host): CiRemote | undefined {
  const { system, remote } = readCi(host.env) ?? {};
  if (system === 'gitlab') return remote;
  return system === 'github' && remote?.authorization !== undefined ? remote : undefined;
}

function loginBuild(host: Host, settings: Settings, release: ReleaseEvidence | undefined): LoginBuild {
  const facts = readCi(host.env);
  return { trusted: judgeTrust(facts, settings, release).trusted, ci: facts !== undefined };
}
