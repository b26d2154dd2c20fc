import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { expect, test } from 'vitest';
import { PROJECT } from '../../parts/project.ts';
import { prepareRollback, rollback } from '../../src/ami/rollback/rollback.ts';
import { costOf } from '../../src/ami/status/cost.ts';
import { readFleet } from '../../src/ami/status/fleet.ts';
import { statusOf } from '../../src/ami/status/status.ts';
import { listParts } from '../../src/cli/commands/ami/list.ts';
import { reportParts } from '../../src/cli/commands/ami/rollback-text.ts';
import { statusParts } from '../../src/cli/commands/ami/status-text.ts';
import type { PagePart } from '../../src/platform/events.ts';
import { FAMILY } from './family.ts';
import { addInstance } from './fake/furnish.ts';
import { hostOf } from './fake/host.ts';
import { fleetOf, TERMS } from './operations.ts';
import { painted } from './painted.ts';

const MINUTE = 60_000;

/** What an operator sees who goes back while three agents are at work, and looks again ten minutes later. */
async function aNight(): Promise<ReadonlyMap<string, readonly PagePart[]>> {
  const { fake, bad, good, stacks } = fleetOf(7);
  const family = { ...FAMILY, usualDrainMs: 25 * MINUTE };
  const host = hostOf(fake);
  const group = (stack: string): string => stacks.get(stack)?.group ?? '';
  const [first, second, third] = ['main', 'main', 'release'].map((stack) =>
    addInstance(fake, { image: bad.id, group: group(stack) }),
  );
  const work = new Map([first, second, third].map((id, n) => [id ?? '', n < 2 ? 'busy' : 'idle'] as const));
  fake.clock.advance(12 * MINUTE);
  const planned = await prepareRollback(fake.ports, host, { family, goal: { kind: 'last-good' } });
  const report = await rollback(fake.ports, host, {
    family,
    plan: planned.plan,
    terms: TERMS,
    revokes: true,
  });
  const { usualDrainMs } = family;
  const screen = reportParts(report, { family, planned, work, usualDrainMs, now: fake.clock.now() });

  fake.clock.advance(10 * MINUTE);
  if (third !== undefined) fake.state.instances.delete(third);
  const fresh = addInstance(fake, { image: good.id, group: group('release') });
  fake.clock.advance(MINUTE);
  const fleet = await readFleet(fake.ports, host, { family, rollouts: [] });
  const view = { status: statusOf(fleet), work: { lock: { state: 'free' } } } as const;
  const busy = new Map([...work, [fresh, 'busy'] as const]);
  const [today] = costOf(fleet.images, { prices: family.prices, now: fleet.at });
  return new Map([
    ["warmbake ami rollback --reason 'agents do not start' --yes", screen],
    ['warmbake ami status', statusParts({ ...view, busy }, fake.clock.now())],
    ['warmbake ami list', listParts(view.status.images, today)],
  ]);
}

/** Blocks of a page that show a command about machine images and what it printed. */
function screensOf(text: string): ReadonlyMap<string, readonly string[]> {
  const blocks = [...text.matchAll(/^```\n\$ (warmbake ami .*)\n([\s\S]*?)^```$/gm)];
  return new Map(blocks.map(([, command = '', lines = '']) => [command, lines.trimEnd().split('\n')]));
}

test('screens of docs/operations.md are what the program prints, on 80 columns', async () => {
  const shown = screensOf(await readFile(path.join(PROJECT, 'docs/operations.md'), 'utf8'));
  const printed = [...(await aNight())].map(([command, parts]) => [command, painted(parts, 80)] as const);
  expect(Object.fromEntries(shown)).toEqual(Object.fromEntries(printed));
});
