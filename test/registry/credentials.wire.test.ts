import { once } from 'node:events';
import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { createCredentials } from '../../src/registry/credentials.ts';
import type { FixtureHost } from './fixture-host.ts';
import { openHost } from './fixture-host.ts';

const PRIVATE = '123456789012.dkr.ecr.eu-central-1.amazonaws.com';
const base64 = (text: string): string => Buffer.from(text).toString('base64');

let host: FixtureHost;

beforeEach(async () => {
  host = await openHost();
  // The SDK reads the process environment and the files it names: nothing of this machine may answer.
  for (const name of Object.keys(process.env)) if (/^AWS_(?!SDK_JS_)/.test(name)) vi.stubEnv(name, undefined);
  vi.stubEnv('HOME', host.home);
  vi.stubEnv('AWS_EC2_METADATA_DISABLED', 'true');
});

afterEach(async () => {
  vi.unstubAllEnvs();
  await host[Symbol.asyncDispose]();
});

async function writeConfig(text: string): Promise<string> {
  const file = path.join(host.home, '.docker', 'config.json');
  await mkdir(path.dirname(file), { recursive: true });
  await writeFile(file, text);
  return file;
}

/** A credential helper on PATH that keeps what it was asked, and answers with this shell text. */
async function writeHelper(name: string, answer: string): Promise<void> {
  const bin = path.join(host.home, 'bin');
  await mkdir(bin, { recursive: true });
  const file = path.join(bin, `docker-credential-${name}`);
  await writeFile(file, `#!/bin/sh\necho "$* $(cat)" >> "$HOME/asked"\n${answer}\n`);
  await chmod(file, 0o755);
}

function withHelpers(): FixtureHost {
  return { ...host, env: { ...host.env, PATH: `${host.home}/bin:${process.env['PATH']}` } };
}

describe('logins of docker', () => {
  test('a helper is asked with the host on its standard input', async () => {
    await writeConfig('{"credHelpers":{"a.b":"ours"}}');
    await writeHelper('ours', `echo '{"ServerURL":"a.b","Username":"u","Secret":"p"}'`);
    const credentials = createCredentials(withHelpers());
    expect(await credentials.lookUp('a.b')).toEqual({ kind: 'basic', username: 'u', password: 'p' });
    expect(await credentials.lookUp('a.b')).toMatchObject({ kind: 'basic' });
    expect(await readFile(path.join(host.home, 'asked'), 'utf8')).toBe('get a.b\n');
    await credentials.lookUp('a.b', { fresh: true });
    expect(await readFile(path.join(host.home, 'asked'), 'utf8')).toBe('get a.b\nget a.b\n');
  });

  test('the helper for Docker Hub is asked by its old name', async () => {
    await writeConfig('{"credsStore":"ours"}');
    await writeHelper('ours', `echo '{"Username":"<token>","Secret":"i"}'`);
    expect(await createCredentials(withHelpers()).lookUp('docker.io')).toEqual({
      kind: 'identity-token',
      token: 'i',
    });
    expect(await readFile(path.join(host.home, 'asked'), 'utf8')).toBe('get https://index.docker.io/v1/\n');
  });

  test('a helper that knows of none is no reason to warn', async () => {
    await writeConfig('{"credsStore":"ours"}');
    await writeHelper('ours', 'echo "credentials not found in native keychain"; exit 1');
    expect(await createCredentials(withHelpers()).lookUp('a.b')).toEqual({ kind: 'anonymous' });
    expect(host.warnings).toEqual([]);
  });

  test.each([
    ['that is not installed', undefined, 'not-found'],
    ['that fails', 'echo topsecret; echo locked >&2; exit 2', 'locked'],
    ['that talks nonsense', 'echo topsecret', 'unreadable answer'],
  ])('a helper %s is a warning, and its output stays hidden', async (_sentence, answer, reason) => {
    await writeConfig('{"credsStore":"ours"}');
    if (answer !== undefined) await writeHelper('ours', answer);
    const credentials = createCredentials(withHelpers());
    expect(await credentials.lookUp('a.b')).toMatchObject({ kind: 'anonymous' });
    await credentials.lookUp('a.b', { fresh: true });
    expect(host.warnings).toEqual([
      {
        code: 'credential-helper',
        message: expect.stringContaining(`docker-credential-ours gave no login for a.b (`),
      },
    ]);
    expect(host.warnings[0]?.message).toContain(reason);
    expect(JSON.stringify(host.warnings)).not.toContain('topsecret');
  });

  test('a broken configuration is a warning by its path', async () => {
    const file = await writeConfig(`{"auths":{"a.b":{"auth":"${base64('u:topsecret')}"}}`);
    const credentials = createCredentials(host);
    expect(await credentials.lookUp('a.b')).toEqual({ kind: 'anonymous' });
    expect(await credentials.dockerConfig()).toEqual({});
    expect(host.warnings).toEqual([
      { code: 'docker-config', message: `${file} is not a valid docker configuration; it is ignored` },
    ]);
  });
});

/** What ECR's API answers, over and over. */
async function startEcr(status: number, answer: () => unknown) {
  const asked: { readonly target: string; readonly authorization: string }[] = [];
  const server = createServer((request, response) => {
    const { 'x-amz-target': target, authorization = '' } = request.headers;
    asked.push({ target: String(target), authorization });
    response
      .writeHead(status, { 'content-type': 'application/x-amz-json-1.1' })
      .end(JSON.stringify(answer()));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  vi.stubEnv('AWS_ENDPOINT_URL', `http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  const close = async (): Promise<void> => {
    server.closeAllConnections();
    server.close();
    await once(server, 'close');
  };
  return { asked, [Symbol.asyncDispose]: close };
}

function giveAwsCredentials(): void {
  vi.stubEnv('AWS_ACCESS_KEY_ID', 'AKIDEXAMPLE');
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'topsecret');
}

describe('logins of ECR', () => {
  const token = (password: string, livesMs: number) => ({
    authorizationToken: base64(`AWS:${password}`),
    expiresAt: (Date.now() + livesMs) / 1000,
  });
  const HOURS = 3_600_000;

  test('a private registry gets a token of its region, asked for once', async () => {
    giveAwsCredentials();
    await using ecr = await startEcr(200, () => ({ authorizationData: [token('e1', 12 * HOURS)] }));
    const credentials = createCredentials(host);
    const [first, second] = await Promise.all([credentials.lookUp(PRIVATE), credentials.lookUp(PRIVATE)]);
    expect(first).toEqual({ kind: 'basic', username: 'AWS', password: 'e1' });
    expect(second).toEqual(first);
    expect(ecr.asked).toHaveLength(1);
    expect(ecr.asked[0]?.target).toContain('GetAuthorizationToken');
    expect(ecr.asked[0]?.authorization).toContain('/eu-central-1/ecr/');
    await credentials.lookUp(PRIVATE, { fresh: true });
    expect(ecr.asked).toHaveLength(2);
  });

  test('a token near its end is replaced', async () => {
    giveAwsCredentials();
    await using ecr = await startEcr(200, () => ({ authorizationData: [token('e1', 60_000)] }));
    const credentials = createCredentials(host);
    await credentials.lookUp(PRIVATE);
    await credentials.lookUp(PRIVATE);
    expect(ecr.asked).toHaveLength(2);
  });

  test('the public registry gets one from us-east-1', async () => {
    giveAwsCredentials();
    await using ecr = await startEcr(200, () => ({ authorizationData: token('e2', 12 * HOURS) }));
    const credential = await createCredentials(host).lookUp('public.ecr.aws');
    expect(credential).toEqual({ kind: 'basic', username: 'AWS', password: 'e2' });
    expect(ecr.asked[0]?.authorization).toContain('/us-east-1/ecr-public/');
  });

  test('no AWS credentials: asked anonymously, with a warning', async () => {
    const credential = await createCredentials(host).lookUp(PRIVATE);
    expect(credential).toMatchObject({
      kind: 'anonymous',
      because: expect.stringContaining('no AWS credentials'),
    });
    expect(host.warnings).toEqual([{ code: 'ecr-login', message: expect.stringContaining(PRIVATE) }]);
  });

  test('no AWS credentials, but a docker login: that is used', async () => {
    await writeConfig(JSON.stringify({ auths: { [PRIVATE]: { auth: base64('AWS:p') } } }));
    const credential = await createCredentials(host).lookUp(PRIVATE);
    expect(credential).toEqual({ kind: 'basic', username: 'AWS', password: 'p' });
    expect(host.warnings).toEqual([]);
  });

  test('a metadata service that does not answer is not waited for', async () => {
    let over = (): void => undefined;
    const asked = new Promise<void>((resolve) => (over = resolve));
    const silent = createServer(over).listen(0, '127.0.0.1');
    await once(silent, 'listening');
    vi.stubEnv('AWS_EC2_METADATA_DISABLED', undefined);
    vi.stubEnv(
      'AWS_EC2_METADATA_SERVICE_ENDPOINT',
      `http://127.0.0.1:${(silent.address() as AddressInfo).port}`,
    );
    // The time is over as soon as the service was asked.
    const waits: number[] = [];
    const sleep = async (ms: number): Promise<void> => (waits.push(ms), await asked);
    const hasty = { ...host, clock: { ...host.clock, sleep } };
    expect(await createCredentials(hasty).lookUp(PRIVATE)).toMatchObject({
      kind: 'anonymous',
      because: expect.stringContaining('no answer within 5 s'),
    });
    expect(waits).toEqual([5_000]);
    silent.closeAllConnections();
    silent.close();
  });

  describe('by a session', () => {
    const session = {
      role: 'arn:aws:iam::123456789012:role/reader',
      policy: { Version: '2012-10-17', Statement: [] },
    } as const;

    /** STS beside ECR: the form it was asked with, and a session that ends after so long. */
    function withSts(answer: () => Response) {
      const asked: URLSearchParams[] = [];
      const fetch: typeof globalThis.fetch = async (input, init) => {
        if (typeof init?.body !== 'string' || !init.body.includes('Action=AssumeRole'))
          return await globalThis.fetch(input, init);
        asked.push(new URLSearchParams(init.body));
        return answer();
      };
      return { host: { ...host, fetch }, asked };
    }

    const sessionOf = (livesMs: number) =>
      new Response(`<AssumeRoleResponse><AssumeRoleResult><Credentials>
        <AccessKeyId>ASIASESSION</AccessKeyId><SecretAccessKey>s</SecretAccessKey><SessionToken>t</SessionToken>
        <Expiration>${new Date(Date.now() + livesMs).toISOString()}</Expiration>
        </Credentials></AssumeRoleResult></AssumeRoleResponse>`);

    test('the token is asked for with the credentials of the session, which has role, policy and an hour', async () => {
      giveAwsCredentials();
      await using ecr = await startEcr(200, () => ({ authorizationData: [token('e1', 12 * HOURS)] }));
      const sts = withSts(() => sessionOf(HOURS));
      const credentials = createCredentials(sts.host, session);
      expect(await credentials.lookUp(PRIVATE)).toMatchObject({ password: 'e1' });
      expect(ecr.asked.map(({ authorization }) => /Credential=(\w+)/.exec(authorization)?.[1])).toEqual([
        'ASIASESSION',
      ]);
      expect(Object.fromEntries(sts.asked[0] ?? [])).toMatchObject({
        RoleArn: session.role,
        Policy: JSON.stringify(session.policy),
        DurationSeconds: '3600',
      });
      // Nor is it asked again while that lasts.
      await credentials.lookUp(PRIVATE);
      expect(sts.asked).toHaveLength(1);
    });

    test('a token is renewed when its session ends, whatever the token says of itself', async () => {
      giveAwsCredentials();
      await using ecr = await startEcr(200, () => ({ authorizationData: [token('e1', 12 * HOURS)] }));
      const sts = withSts(() => sessionOf(10 * 60_000));
      const credentials = createCredentials(sts.host, session);
      await credentials.lookUp(PRIVATE);
      await credentials.lookUp(PRIVATE);
      expect([sts.asked.length, ecr.asked.length]).toEqual([2, 2]);
    });

    test("a role that cannot be taken gives no login: neither the job's, nor what docker has of it", async () => {
      giveAwsCredentials();
      await writeConfig(JSON.stringify({ auths: { [PRIVATE]: { auth: base64('AWS:p') } } }));
      await using ecr = await startEcr(200, () => ({ authorizationData: [token('e1', 12 * HOURS)] }));
      const denied =
        '<ErrorResponse><Error><Code>AccessDenied</Code><Message>not you</Message></Error></ErrorResponse>';
      const sts = withSts(() => new Response(denied, { status: 403 }));
      expect(await createCredentials(sts.host, session).lookUp(PRIVATE)).toMatchObject({ kind: 'anonymous' });
      expect(ecr.asked).toEqual([]);
      expect(host.warnings).toEqual([
        { code: 'ecr-login', message: expect.stringMatching(/role\/reader' could not be taken: .*not you/) },
      ]);
    });
  });

  test('AWS that refuses a token says why, without a secret', async () => {
    giveAwsCredentials();
    await using ecr = await startEcr(400, () => ({ __type: 'AccessDeniedException', message: 'not yours' }));
    expect(await createCredentials(host).lookUp(PRIVATE)).toMatchObject({ kind: 'anonymous' });
    expect(ecr.asked).toHaveLength(1);
    expect(host.warnings[0]?.message).toContain('not yours');
    expect(JSON.stringify(host.warnings)).not.toContain('topsecret');
  });

  test('a call that is throttled is repeated', async () => {
    giveAwsCredentials();
    let calls = 0;
    await using ecr = await startEcr(200, () => ({ authorizationData: [token('e1', 12 * HOURS)] }));
    const flaky: typeof fetch = async (input, init) => {
      calls += 1;
      return calls === 1
        ? new Response('{"__type":"ThrottlingException"}', { status: 400 })
        : await fetch(input, init);
    };
    const credential = await createCredentials({ ...host, fetch: flaky }).lookUp(PRIVATE);
    expect(credential).toMatchObject({ kind: 'basic' });
    expect(calls).toBe(2);
    expect(ecr.asked).toHaveLength(1);
  });
});
