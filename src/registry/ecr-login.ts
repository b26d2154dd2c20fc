import { assumeRole } from '../platform/assume-role.ts';
import { type ClientSettings, openAws } from '../platform/aws.ts';
import type { AwsCredentials } from '../platform/aws-credentials.ts';
import { messageOf } from '../platform/errors.ts';
import type { Host } from '../platform/host.ts';
import { within } from '../platform/time-limit.ts';
import { decodeLogin } from './basic-login.ts';
import type { CredentialLease } from './credential.ts';
import type { EcrRegistry } from './ecr-host.ts';
import type { EcrSession } from './login-grant.ts';

/** AWS credentials must be there by then: their last resort is a metadata service, which does not answer off EC2. */
const CREDENTIALS_MS = 5000;
/** The whole call with its retries. */
const TOKEN_MS = 30_000;

/** The session ends sooner than the token says that it does. As long as STS gives it to a role that takes another. */
const SESSION_SECONDS = 3_600;

/** A login with the rights of who asked for it (ECR user guide, "Private registry authentication"), or one phrase that says why there is none. */
export type EcrLogin =
  | { readonly ok: true; readonly lease: CredentialLease }
  | { readonly ok: false; readonly because: string };

/** What both ECR clients give: the credential chain and the one call. */
interface TokenSource {
  credentials(): Promise<unknown>;
  token(signal: AbortSignal): Promise<Token | undefined>;
  close(): void;
}

type TokenSettings = ClientSettings & { readonly credentials?: AwsCredentials };

interface Token {
  readonly authorizationToken?: string | undefined;
  readonly expiresAt?: Date | undefined;
}

/**
 * Asks AWS for a login to `registry`. Credentials, endpoint overrides and profiles are what the SDK finds in the
 * process environment and its files; the region is the registry's. With `session` it is that session's login, never the caller's own.
 * Never rejects and never waits longer than 43 s.
 */
export async function ecrLogin(registry: EcrRegistry, host: Host, session?: EcrSession): Promise<EcrLogin> {
  if (session === undefined) return await askToken(registry, host);
  const { role, policy } = session;
  const { region } = registry;
  const request = { role, region, name: 'warmbake-login', policy, seconds: SESSION_SECONDS };
  const found = await assumeRole(host, request);
  if (found.state === 'none')
    return { ok: false, because: `the role '${role}' could not be taken: ${found.because}` };
  const login = await askToken(registry, host, found.credentials);
  if (!login.ok) return login;
  const until = Math.min(login.lease.until, found.credentials.expires?.getTime() ?? Infinity);
  return { ok: true, lease: { ...login.lease, until } };
}

async function askToken(registry: EcrRegistry, host: Host, credentials?: AwsCredentials): Promise<EcrLogin> {
  const open = registry.kind === 'public' ? publicSource : privateSource;
  const { settings } = openAws(host, registry.region);
  const source = await open({ ...settings, ...(credentials === undefined ? {} : { credentials }) });
  try {
    await within(CREDENTIALS_MS, () => source.credentials(), host);
  } catch (error) {
    source.close();
    return { ok: false, because: `no AWS credentials: ${messageOf(error)}` };
  }
  try {
    const lease = readEcrToken(await within(TOKEN_MS, (signal) => source.token(signal), host));
    return lease === undefined ? { ok: false, because: 'AWS answered without a token' } : { ok: true, lease };
  } catch (error) {
    return { ok: false, because: `AWS refused a token: ${messageOf(error)}` };
  } finally {
    source.close();
  }
}

function readEcrToken(token: Token | undefined): CredentialLease | undefined {
  const login = decodeLogin(token?.authorizationToken ?? '');
  if (login === undefined) return undefined;
  return { credential: { kind: 'basic', ...login }, until: token?.expiresAt?.getTime() ?? Infinity };
}

async function privateSource(settings: TokenSettings): Promise<TokenSource> {
  const { ECRClient, GetAuthorizationTokenCommand } = await import('@aws-sdk/client-ecr');
  const client = new ECRClient(settings);
  return {
    credentials: () => client.config.credentials(),
    async token(abortSignal) {
      const output = await client.send(new GetAuthorizationTokenCommand({}), { abortSignal });
      return output.authorizationData?.[0];
    },
    close: () => client.destroy(),
  };
}

async function publicSource(settings: TokenSettings): Promise<TokenSource> {
  const { ECRPUBLICClient, GetAuthorizationTokenCommand } = await import('@aws-sdk/client-ecr-public');
  const client = new ECRPUBLICClient(settings);
  return {
    credentials: () => client.config.credentials(),
    async token(abortSignal) {
      const output = await client.send(new GetAuthorizationTokenCommand({}), { abortSignal });
      return output.authorizationData;
    },
    close: () => client.destroy(),
  };
}
