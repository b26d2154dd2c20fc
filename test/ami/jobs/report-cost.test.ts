import { expect, test } from 'vitest';
import { reportCost } from '../../../src/ami/jobs/report-cost.ts';
import type { Event } from '../../../src/platform/events.ts';
import type { Host } from '../../../src/platform/host.ts';
import type { Command } from '../../../src/platform/process.ts';
import { FAMILY } from '../family.ts';
import { FakeAccount } from '../fake/account.ts';
import { addImage } from '../fake/furnish.ts';
import { hostOf } from '../fake/host.ts';
import { refused } from '../fake/ports.ts';

async function report(fake: FakeAccount, env: Readonly<Record<string, string>>) {
  const commands: Command[] = [];
  const events: Event[] = [];
  const run = async (command: Command) => {
    commands.push(command);
    return { exitCode: 0, stdout: '', stderr: '' };
  };
  const host = { ...hostOf(fake, events), env, processes: { run } } as unknown as Host;
  const prices = { currency: 'USD', snapshotGibMonth: 0.05 };
  await reportCost(host, { family: { ...FAMILY, prices }, account: fake.ports });
  return { commands, events };
}

test('the annotation of the daily job says what the family takes a day', async () => {
  const fake = new FakeAccount();
  addImage(fake);
  const { commands } = await report(fake, { BUILDKITE: 'true' });
  expect(commands.map(({ argv }) => argv.slice(0, 4))).toEqual([
    ['buildkite-agent', 'annotate', '--context', 'warmbake-ami-cpu'],
  ]);
  expect(commands[0]?.stdin).toMatch(/`cpu`/);
  expect(commands[0]?.stdin).toMatch(/512 GiB in snapshots.*0\.85/);
});

test('outside of Buildkite nothing is asked, and what AWS refuses decides no job', async () => {
  const fake = new FakeAccount();
  expect((await report(fake, {})).commands).toEqual([]);
  expect(fake.gate.calls).toEqual([]);
  fake.gate.before = () => {
    throw refused('ec2:DescribeImages', 'UnauthorizedOperation');
  };
  expect((await report(fake, { BUILDKITE: 'true' })).events).toMatchObject([
    { type: 'warning', warning: { code: 'cost-unknown' } },
  ]);
});
