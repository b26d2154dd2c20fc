import { readFileSync } from 'node:fs';
import { readFile, readdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { expect } from 'vitest';
import { clock } from '../../parts/ci-job/clock.ts';
import { type Asked, startFaults } from '../../parts/faults.ts';
import { REGISTRY_LOGIN, startRegistry } from '../../parts/registry.ts';
import { test } from '../tiers/real.ts';
import { type Agent, type Built, makeAgent } from '../../parts/ci-job/agent.ts';
import { MAIN } from '../../parts/ci-job/variables.ts';
import { requireSuccess } from '../../parts/ci-job/warmbake.ts';

const { username, password } = REGISTRY_LOGIN;
/** A job with a secret of its own. */
const AGENT_TOKEN = 'the-token-of-the-agent';
const JOB = { ...MAIN, BUILDKITE_AGENT_ACCESS_TOKEN: AGENT_TOKEN };
const AUTH = Buffer.from(`${username}:${password}`).toString('base64');

/** Writes the user's docker configuration; answers with its text. */
async function dockerConfig(agent: Agent, config: object): Promise<string> {
  const text = JSON.stringify(config);
  await writeFile(path.join(agent.dockerConfig, 'config.json'), text);
  return text;
}

/** Expects that a job showed no secret anywhere, left no login behind, and the user's configuration as it was. */
async function expectDiscretion(
  agent: Agent,
  config: string,
  { stdout, stderr, result }: Built,
): Promise<void> {
  const calls = await agent.calls();
  expect(calls.filter((call) => /^docker login|^docker-credential-\S+ (?!get)/.test(call))).toEqual([]);
  const shown = JSON.stringify([stdout, stderr, result, calls, await agent.sent()]);
  for (const secret of [AUTH, `${username}:${password}`, AGENT_TOKEN]) expect(shown).not.toContain(secret);
  expect(await readdir(agent.temp)).toEqual([]);
  expect(await readFile(path.join(agent.dockerConfig, 'config.json'), 'utf8')).toBe(config);
}

test("the user's own login opens a locked registry, and shows nowhere (B-14, L9)", async ({
  engine,
  onTestFinished,
}) => {
  const locked = await startRegistry({ locked: true });
  onTestFinished(locked.stop);
  await using agent = await makeAgent(engine.env, { images: locked.host });
  const config = await dockerConfig(agent, { auths: { [locked.host]: { auth: AUTH } } });
  const built = requireSuccess(await agent.build(JOB));
  expect(built.result.targets).toMatchObject([{ outcome: 'built', verified: [{}], exported: [{}] }]);
  await expectDiscretion(agent, config, built);
});

test('a login of a credential store that ran out during the build is asked for again, and shows nowhere (B-14, L9)', async ({
  engine,
  onTestFinished,
}) => {
  const locked = await startRegistry({ locked: true });
  onTestFinished(locked.stop);
  const faults = await startFaults(locked.host);
  onTestFinished(faults.stop);
  await using agent = await makeAgent(engine.env, { images: faults.host });
  const login = JSON.stringify({ ServerURL: faults.host, Username: username, Secret: password });
  await agent.program('docker-credential-box', `[ "$1" = get ] && echo '${login}'`);
  const config = await dockerConfig(agent, { credsStore: 'box' });
  const logins = (): number =>
    readFileSync(agent.callsFile, 'utf8').match(/^docker-credential-box get/gm)?.length ?? 0;
  const pushes = ({ method, path: to }: Asked): boolean =>
    method === 'PUT' && to.includes('/images-main/manifests/');
  faults.set([{ on: (asked) => pushes(asked) && logins() < 2, fault: { kind: 'answer', status: 401 } }]);

  const built = requireSuccess(await agent.build(JOB));
  expect(built.result).toMatchObject({
    outcome: 'built',
    targets: [{ failures: [{ class: 'expired-token' }], verified: [{}] }],
    warnings: [
      { code: 'build-retried', message: expect.stringContaining('trying again with fresh credentials') },
    ],
  });
  await expectDiscretion(agent, config, built);
});

test('a push that will be denied is found before anything is built (B-06, B-14)', async ({
  engine,
  onTestFinished,
}) => {
  const locked = await startRegistry({ locked: true });
  onTestFinished(locked.stop);
  await using agent = await makeAgent(engine.env, { images: locked.host });
  const { exitCode, stderr, result } = await agent.build(MAIN, { clock });
  expect(exitCode).toBe(4);
  expect(stderr).toMatch(
    /error: the image cannot be pushed: .*images-main: 401 Unauthorized.*asked anonymously\n {2}hint: /,
  );
  expect(result).toMatchObject({ outcome: 'failed', error: { code: 'push-impossible', exitCode: 4 } });
  expect(await agent.bakes()).toEqual([]);
});

test('a cache that may not be written is left out, and the image gets built (B-06)', async ({
  engine,
  registry,
  onTestFinished,
}) => {
  const locked = await startRegistry({ locked: true });
  onTestFinished(locked.stop);
  await using agent = await makeAgent(engine.env, { images: registry.host, cache: locked.host });
  const { result } = requireSuccess(await agent.build(MAIN, { clock }));
  expect(result.warnings.map(({ code }) => code)).toEqual(['cache-source-denied', 'cache-export-impossible']);
  expect(result.targets).toMatchObject([{ outcome: 'built', verified: [{}], exported: [], promoted: [{}] }]);
  expect(await agent.bakes()).toHaveLength(1);
});

test('a cache export that failed on the way is told, and the image stands (B-05, B-06)', async ({
  engine,
  registry,
  faults,
}) => {
  await using agent = await makeAgent(engine.env, { images: registry.host, cache: faults.host });
  faults.set([
    {
      on: ({ method, path: to }) => method === 'PUT' && to.includes('/manifests/'),
      fault: { kind: 'answer', status: 403 },
    },
  ]);
  const { stderr, result } = requireSuccess(await agent.build(MAIN));
  expect(stderr).toMatch(/failed +exporting cache to registry: .*403 Forbidden/);
  expect(result.warnings).toMatchObject([
    { code: 'cache-export-failed', message: expect.stringContaining('403 Forbidden') },
  ]);
  expect(result.targets).toMatchObject([{ outcome: 'built', verified: [{}], exported: [], promoted: [{}] }]);
});
