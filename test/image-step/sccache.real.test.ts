import { randomUUID } from 'node:crypto';
import { readdir } from 'node:fs/promises';
import { expect } from 'vitest';
import { BASE_IMAGE } from '../../parts/base-image.ts';
import { recorded } from '../sccache/recorded.ts';
import { test } from '../tiers/real.ts';
import { type Agent, makeAgent } from '../../parts/ci-job/agent.ts';
import { MAIN, pullRequest } from '../../parts/ci-job/variables.ts';
import { requireSuccess } from '../../parts/ci-job/warmbake.ts';

const KEYS = { AWS_ACCESS_KEY_ID: 'AKIAEXAMPLE', AWS_SECRET_ACCESS_KEY: 'not-to-be-seen' };

/** A compile step that has the arguments and the secret of sccache, and prints what a real one printed. */
function dockerfile(then: string): string {
  return `FROM ${BASE_IMAGE} AS app
COPY statistics.json /statistics.json
ARG USE_SCCACHE SCCACHE_BUCKET_NAME
RUN --mount=type=secret,id=aws,target=/aws (grep -c aws_secret_access_key /aws || true) && echo "$USE_SCCACHE $SCCACHE_BUCKET_NAME" && ${then}
`;
}

/** The store's endpoint answers nobody: the look at it before the build must not hold it up. */
async function configure(agent: Agent): Promise<void> {
  const sccache = {
    enabled: true,
    bucket: 'team-store',
    region: 'us-east-1',
    secret: 'aws',
    endpoint: 'http://127.0.0.1:9',
  };
  await agent.configure((configuration) => ({ ...configuration, sccache }));
}

test('a build gets credentials as a secret, and tells what sccache did, and that it did nothing', async ({
  engine,
  registry,
}) => {
  const print = `printf 'warmbake-sccache %s\\n' "$(cat /statistics.json)"`;
  const files = { Dockerfile: dockerfile(print), 'statistics.json': recorded('stats-0.10-local-disk.json') };
  await using agent = await makeAgent(engine.env, { images: registry.host }, files);
  await configure(agent);

  const first = requireSuccess(await agent.build({ ...MAIN, ...KEYS }));
  expect(first.stderr).toMatch(/\] 1\n.*\] 1 team-store\n/s);
  expect(first.stderr).toMatch(/\nsccache {2}.*Local disk/);
  expect(first.result).toMatchObject({
    targets: [{ sccache: { state: 'measured' } }],
    warnings: expect.arrayContaining([expect.objectContaining({ code: 'sccache-local-disk' })]),
  });
  for (const text of [first.stdout, first.stderr, JSON.stringify(first.result), ...(await agent.calls())]) {
    expect(text).not.toContain('not-to-be-seen');
  }
  expect(await readdir(agent.temp)).toEqual([]);

  const again = requireSuccess(await agent.build({ ...MAIN, ...KEYS }, { args: ['--force'] }));
  expect(again.stderr).toContain('\nsccache  not run (layer cached)\n');

  const without = requireSuccess(await agent.build({ ...MAIN }, { args: ['--force', '--no-sccache'] }));
  expect(without.result).toMatchObject({ warnings: [{ code: 'sccache-switched-off' }] });
});

test('a step that ends because sccache did not start is no compile error, and does without in a second try', async ({
  engine,
  registry,
}) => {
  const files = {
    Dockerfile: dockerfile('cat /statistics.json && exit "$USE_SCCACHE"'),
    // Of this try alone: a step that the engine has from another one would not be executed.
    'statistics.json': `sccache: error: Server startup failed: cache storage failed to read: PermissionDenied\n${randomUUID()}\n`,
  };
  await using agent = await makeAgent(engine.env, { images: registry.host }, files);
  await configure(agent);
  const { result, stderr } = requireSuccess(await agent.build({ ...MAIN, ...KEYS }));
  expect(stderr).toMatch(/build-retried: sccache: .*; trying again without sccache$/m);
  // Whether there are keys, and whether sccache is on. What a step writes to its two outputs comes in any order.
  const [on = '', off = ''] = stderr.split('build-retried');
  expect(on).toMatch(/\] 1\n[\s\S]*\] 1 team-store\n/);
  expect(off).toMatch(/\] 0 team-store\n/);
  expect(off).toContain('] grep: /aws: No such file or directory\n');
  expect(result).toMatchObject({ targets: [{ failures: [{ class: 'sccache' }] }] });
});

test('what does not start sccache and fails without it too is told as what stopped it', async ({
  engine,
  registry,
}) => {
  const files = {
    Dockerfile: dockerfile('cat /statistics.json && exit 2'),
    'statistics.json':
      'sccache: error: Server startup failed: cache storage failed to read: PermissionDenied\n',
  };
  await using agent = await makeAgent(engine.env, { images: registry.host }, files);
  await configure(agent);
  const { exitCode, result } = await agent.build({ ...MAIN, ...KEYS });
  expect(result).toMatchObject({
    error: { code: 'build-sccache' },
    targets: [{ failures: [{ class: 'sccache' }, { class: 'sccache' }] }],
  });
  expect(exitCode).toBe(5);
});

test("steps of a pull request get no key of the job's, and keep the layers that main has compiled", async ({
  engine,
  registry,
}) => {
  const files = { Dockerfile: dockerfile('cat /statistics.json'), 'statistics.json': 'one\n' };
  await using agent = await makeAgent(engine.env, { images: registry.host }, files);
  await configure(agent);
  const { git, commit } = agent.checkout;
  requireSuccess(await agent.build({ ...MAIN, ...KEYS }));
  await git('push', '--quiet', 'origin', 'main');

  const same = requireSuccess(await agent.build({ ...pullRequest(), ...KEYS }, { args: ['--force'] }));
  expect(same.stderr).toContain('\nsccache  not run (layer cached)\n');
  expect(same.stderr).toContain('sccache-credentials-withheld');

  await commit({ 'statistics.json': 'two\n' });
  const changed = requireSuccess(await agent.build({ ...pullRequest(), ...KEYS }));
  // One is said on standard error, the other on standard output: their order is nobody's promise.
  expect(changed.stderr).toMatch(/\] grep: \/aws: No such file or directory\n/);
  expect(changed.stderr).toMatch(/\] 1 team-store\n/);
});
