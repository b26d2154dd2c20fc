import { expect } from 'vitest';
import { makeAgent } from '../../parts/ci-job/agent.ts';
import { conforming } from '../../parts/ci-job/conforming.ts';
import { MAIN } from '../../parts/ci-job/variables.ts';
import type { DoctorDocument } from '../../src/doctor/doctor-schema.ts';
import { requireSuccess } from '../../parts/ci-job/warmbake.ts';
import { tagsOf } from '../image-step/registry-content.ts';
import { test } from '../tiers/real.ts';

test('a machine with a real engine and registry is fine before a build and after it, and nothing is written', async ({
  engine,
  registry,
}) => {
  await using agent = await makeAgent(engine.env, { images: registry.host });
  await agent.checkout.git('push', '--quiet', 'origin', 'main');
  // The remote goes by the name that the build has for it.
  const remote = `file://${agent.checkout.directory}/remote.git`;
  const found = {
    ...MAIN,
    GIT_CONFIG_COUNT: '1',
    GIT_CONFIG_KEY_0: `url.${remote}.insteadOf`,
    GIT_CONFIG_VALUE_0: 'https://example.com/team/app.git',
  };
  const look = async () => {
    const { stdout } = requireSuccess(await agent.run(['doctor', '--json'], found));
    const { checks } = (await conforming('doctor', stdout)) as DoctorDocument;
    const of = (check: string) => checks.filter((one) => one.check === check).map(({ state }) => state);
    return { checks, of };
  };
  const before = await look();
  // How much room there is, is this machine's own.
  const lacking = before.checks.filter(({ state }) => state === 'failed' || state === 'warning');
  expect(lacking.filter(({ check }) => !check.startsWith('disk-'))).toEqual([]);
  const { images, cache } = agent.repositories;
  expect(await tagsOf(registry.host, images.main)).toEqual([]);
  expect(await tagsOf(registry.host, cache.main)).toEqual([]);
  expect((await agent.bakes()).length).toBe(0);

  requireSuccess(await agent.build(found));
  const after = await look();
  expect(after.of('mount')).toEqual(['ok']);
  expect(after.checks.find(({ check }) => check === 'read')?.text).toMatch(/: (?:[0-9a-f]{40}, )?latest/);
});
