import { readdir } from 'node:fs/promises';
import { describe, expect } from 'vitest';
import type { Clock } from '../../src/platform/clock.ts';
import { BASE_IMAGE } from '../../parts/base-image.ts';
import { clock } from '../../parts/ci-job/clock.ts';
import { type Asked, type Rule } from '../../parts/faults.ts';
import { test } from '../tiers/real.ts';
import { makeAgent } from '../../parts/ci-job/agent.ts';
import { MAIN } from '../../parts/ci-job/variables.ts';
import { requireSuccess } from '../../parts/ci-job/warmbake.ts';

test('a step that fails is shown with its last lines, and not tried again (B-13)', async ({
  engine,
  registry,
}) => {
  const dockerfile = `FROM ${BASE_IMAGE} AS app
RUN echo first; echo 'error: no such thing'; exit 7
`;
  await using agent = await makeAgent(engine.env, { images: registry.host }, { Dockerfile: dockerfile });
  const { exitCode, stderr, result } = await agent.build(MAIN);
  expect(exitCode).toBe(6);
  expect(stderr).toMatch(/\+\+\+ failed: \[2\/2\] RUN echo first.*\n {2}first\n {2}error: no such thing\n/);
  expect(stderr).toMatch(
    /\nerror: \[2\/2\] RUN .* ended with exit code 7\nfailed after [\d.]+ s: test-ci at \[2\/2\] RUN .* \(compile\): .*\n$/,
  );
  expect(result).toMatchObject({
    outcome: 'failed',
    error: { code: 'build-compile', exitCode: 6 },
    targets: [{ outcome: 'failed', bakeExitCode: 1, failures: [{ class: 'compile' }] }],
  });
  // No machine image is to be warmed with the definition of a build that failed.
  expect(Object.keys(await agent.sent())).toEqual(['warmbake-test-ci']);
  expect(await agent.bakes()).toHaveLength(1);
  expect(await readdir(agent.temp)).toEqual([]);
});

describe.concurrent('a push that the registry refuses', () => {
  const images = ({ method, path }: Asked): boolean =>
    method === 'PUT' && path.includes('/images-main/manifests/');
  const refusal = (status: number, code: string, message: string): readonly Rule[] => {
    const headers = { 'content-type': 'application/json' };
    const body = JSON.stringify({ errors: [{ code, message }] });
    return [{ on: images, fault: { kind: 'answer', status, headers, body } }];
  };

  test('for now is tried again a little later (B-37)', async ({ engine, registry, faults }) => {
    const Dockerfile = `FROM ${BASE_IMAGE} AS app\nRUN echo ${Math.random()} > /once\n`;
    const places = { images: faults.host, cache: registry.host };
    await using agent = await makeAgent(engine.env, places, { Dockerfile });
    faults.set(refusal(429, 'TOOMANYREQUESTS', 'slow down'));
    // The registry recovers while the build waits.
    const patient: Clock = {
      now: () => clock.now(),
      sleep: async (ms, signal) => {
        if (ms === 15_000) faults.set([]);
        else await clock.sleep(ms, signal);
      },
    };
    const { result } = requireSuccess(await agent.build(MAIN, { clock: patient }));
    expect(result).toMatchObject({
      outcome: 'built',
      // The second try executed nothing; the build did.
      targets: [
        {
          failures: [{ class: 'rate-limit' }],
          verified: [{}],
          record: { totals: { executed: 1, loaded: 0 } },
        },
      ],
      warnings: [{ code: 'build-retried', message: expect.stringContaining('trying again in 15 s') }],
    });
    expect(await agent.bakes()).toHaveLength(2);
  });

  test('because the repository is full is not tried again (B-38)', async ({ engine, registry, faults }) => {
    await using agent = await makeAgent(engine.env, { images: faults.host, cache: registry.host });
    faults.set(refusal(403, 'DENIED', 'maximum allowed number of images 100000 reached'));
    const { exitCode, stderr, result } = await agent.build(MAIN);
    expect(exitCode).toBe(4);
    expect(stderr).toMatch(/error: .*maximum allowed number of images.*\n {2}hint: the repository is full/);
    expect(result).toMatchObject({ outcome: 'failed', error: { code: 'build-quota' } });
    expect(await agent.bakes()).toHaveLength(1);
  });
});

describe.concurrent('nothing is built', () => {
  test('where no registry answers', async ({ engine }) => {
    await using agent = await makeAgent(engine.env, { images: '127.0.0.1:1' });
    const { exitCode, stderr, result } = await agent.build(MAIN, { clock });
    expect(exitCode).toBe(5);
    expect(stderr).toMatch(
      /error: the image cannot be pushed: 127\.0\.0\.1:1\/.*\n {2}hint: the registry did not answer/,
    );
    expect(result).toMatchObject({ outcome: 'failed', error: { code: 'push-impossible' } });
    expect(await agent.bakes()).toEqual([]);
  });

  test('where no engine answers', async ({ engine, registry }) => {
    await using agent = await makeAgent(engine.env, { images: registry.host });
    const gone = { DOCKER_HOST: `unix://${agent.temp}/docker.sock` };
    const { exitCode, stderr, result } = await agent.build({ ...MAIN, ...gone }, { clock });
    expect(exitCode).toBe(5);
    expect(stderr).toMatch(
      /error: no BuildKit socket, no builder and no Docker engine answers at unix:\S+\n {2}hint: start Docker/,
    );
    expect(result).toMatchObject({ outcome: 'failed', error: { code: 'no-builder' } });
    expect(await agent.bakes()).toEqual([]);

    // A plan tells all the rest, and what lacks at its end; who asks nobody lacks nobody.
    const planned = await agent.run(['plan'], { ...MAIN, ...gone }, { clock });
    expect(planned.exitCode).toBe(5);
    expect(planned.stdout).toMatch(/^builder {2}none: .*\n(?:.*\n)*push {5}\S+\n(?:.*\n)*decision build/m);
    expect(planned.stderr).toMatch(/error: no BuildKit socket.*\n {2}hint: start Docker.*\n$/);
    expect(await agent.run(['plan', '--offline'], { ...MAIN, ...gone }, { clock })).toMatchObject({
      exitCode: 0,
      stdout: expect.stringContaining('builder  none: '),
      stderr: '',
    });
  });
});
