import { messageOf } from '../platform/errors.ts';
import type { Host } from '../platform/host.ts';
import { openAws } from '../platform/aws.ts';
import { decodeLogin } from './basic-login.ts';
import type { CredentialLease } from './credential.ts';
import type { EcrRegistry } from './ecr-host.ts';
import { within } from '../platform/time-limit.ts';

/** AWS credentials must be there by then: their last resort is a metadata service, which does not answer off EC2. */
const CREDENTIALS_MS = 5000;
/** The whole call with its retries. */
const TOKEN_MS = 30_000;

/** A login of 12 hours with the rights of the caller's AWS identity, or one phrase that says why there is none. */
export type EcrLogin =
  | { readonly ok: true; readonly lease: CredentialLease }
  | { readonly ok: false; readonly because: string };

/** What both ECR clients give: the credential chain and the one call. */
interface TokenSource {
  credentials(): Promise<unknown>;
  token(signal: AbortSignal): Promise<Token | undefined>;
  close(): void;
}

interface Token {
  readonly authorizationToken?: string | undefined;
  readonly expiresAt?: Date | undefined;
}

/**
 * Asks AWS for a login to `registry`. Credentials, endpoint overrides and profiles are what the SDK finds in the
 * process environment and its files; the region is the registry's. Never rejects and never waits longer than 35 s.
 */
export async function ecrLogin(registry: EcrRegistry, host: Host): Promise<EcrLogin> {
  const source = await (registry.kind === 'public' ? publicSource : privateSource)(registry.region, host);
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

async function privateSource(region: string, host: Host): Promise<TokenSource> {
  const { ECRClient, GetAuthorizationTokenCommand } = await import('@aws-sdk/client-ecr');
  const client = new ECRClient(openAws(host, region).settings);
  return {
    credentials: () => client.config.credentials(),
    async token(abortSignal) {
      const output = await client.send(new GetAuthorizationTokenCommand({}), { abortSignal });
      return output.authorizationData?.[0];
    },
    close: () => client.destroy(),
  };
}

async function publicSource(region: string, host: Host): Promise<TokenSource> {
  const { ECRPUBLICClient, GetAuthorizationTokenCommand } = await import('@aws-sdk/client-ecr-public');
  const client = new ECRPUBLICClient(openAws(host, region).settings);
  return {
    credentials: () => client.config.credentials(),
    async token(abortSignal) {
      const output = await client.send(new GetAuthorizationTokenCommand({}), { abortSignal });
      return output.authorizationData;
    },
    close: () => client.destroy(),
  };
}
