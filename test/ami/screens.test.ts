import { describe, expect, test } from 'vitest';
import { drain, drainable } from '../../src/ami/rollback/drain.ts';
import { prepareRollback, rollback } from '../../src/ami/rollback/rollback.ts';
import { holdParameter } from '../../src/ami/model/hold.ts';
import { revocationsParameter } from '../../src/ami/model/revocations.ts';
import { roll } from '../../src/ami/rollout/roll.ts';
import { costOf } from '../../src/ami/status/cost.ts';
import { historyOf } from '../../src/ami/status/history.ts';
import { watchRollout, type WatchLook } from '../../src/ami/status/watch.ts';
import { readFleet } from '../../src/ami/status/fleet.ts';
import { statusOf } from '../../src/ami/status/status.ts';
import {
  drainedParts,
  drainParts,
  plannedParts,
  reportParts,
  type ReportContext,
} from '../../src/cli/commands/ami/rollback-text.ts';
import { statusParts } from '../../src/cli/commands/ami/status-text.ts';
import { historyParts } from '../../src/cli/commands/ami/history.ts';
import { listParts } from '../../src/cli/commands/ami/list.ts';
import { rollPart } from '../../src/cli/commands/ami/roll.ts';
import { lookText } from '../../src/cli/commands/ami/watch.ts';
import { linePart } from '../../src/cli/parts.ts';
import { columnsOf } from '../../src/cli/fit.ts';
import type { PagePart } from '../../src/platform/events.ts';
import { hostOf } from './fake/host.ts';
import { setParameter } from './fake/furnish.ts';
import { refused } from './fake/ports.ts';
import { largeFleet } from './large-fleet.ts';
import { painted } from './painted.ts';
import { TERMS } from './operations.ts';

async function statusScreen({ unreadable = false } = {}): Promise<readonly PagePart[]> {
  const { fake, family, work } = largeFleet({ desired: 'good' });
  fake.gate.before = ({ name, args }) => {
    if (unreadable && name === 'stacks.find' && /[05]$/.test(String(args[0])))
      throw refused('cloudformation:DescribeStacks', 'AccessDenied', String(args[0]));
  };
  const fleet = await readFleet(fake.ports, hostOf(fake), { family, rollouts: [] });
  const view = { status: statusOf(fleet), work: { lock: { state: 'no-store' } }, busy: work } as const;
  return statusParts(view, fake.clock.now());
}

async function rolledBack({ failing = false } = {}) {
  const { fake, family, work, bad, good } = largeFleet({ desired: 'bad' });
  fake.gate.before = ({ name, args }) => {
    if (failing && name === 'groups.relaunch' && /[05]-AgentAutoScaleGroup/.test(String(args[0])))
      throw refused('autoscaling:UpdateAutoScalingGroup', 'AccessDenied', String(args[0]));
  };
  const goal = { kind: 'last-good' } as const;
  const planned = await prepareRollback(fake.ports, hostOf(fake), { family, goal });
  const options = { family, plan: planned.plan, terms: TERMS, revokes: true };
  const report = await rollback(fake.ports, hostOf(fake), options);
  const now = fake.clock.now();
  const context: ReportContext = { family, planned, work, now, usualDrainMs: family.usualDrainMs };
  return { fake, family, bad, good, planned, report, context };
}

/** Lists are as high as what is listed. */
const LISTS = new Set(['list', 'history']);

const SCREENS: readonly (readonly [string, () => Promise<readonly PagePart[]>])[] = [
  ['status', async () => await statusScreen()],
  ['status where stacks cannot be read', async () => await statusScreen({ unreadable: true })],
  [
    'the plan of a rollback',
    async () => {
      const { planned, family } = await rolledBack();
      return plannedParts(planned, { family, revokes: true });
    },
  ],
  [
    'a rollback',
    async () => {
      const { report, context } = await rolledBack();
      return reportParts(report, context);
    },
  ],
  [
    'a rollback where stacks failed',
    async () => {
      const { report, context } = await rolledBack({ failing: true });
      return reportParts(report, context);
    },
  ],
  [
    'a rollback that drains, and its question',
    async () => {
      const { report, context } = await rolledBack();
      const results = report.remaining.map(({ id }) => ({ id, outcome: 'draining' }) as const);
      return [
        ...reportParts(report, context),
        ...drainParts(report.remaining, context),
        ...drainedParts(results, context),
      ];
    },
  ],
  [
    'list',
    async () => {
      const { fake, family } = await rolledBack();
      const fleet = await readFleet(fake.ports, hostOf(fake), { family, rollouts: [] });
      const [today] = costOf(fleet.images, { prices: family.prices, now: fleet.at });
      return listParts(statusOf(fleet).images, today);
    },
  ],
  [
    'the plan of a roll, and a roll',
    async () => {
      const { fake, family, good } = largeFleet({ desired: 'good' });
      const goal = { image: good.id, stacks: family.stacks };
      const planned = await roll(fake.ports, hostOf(fake), { ...goal, dryRun: true });
      return [rollPart(planned), rollPart(await roll(fake.ports, hostOf(fake), { ...goal, dryRun: false }))];
    },
  ],
  [
    'watch',
    async () => {
      const { fake, family, work, good } = largeFleet({ desired: 'good' });
      setParameter(fake, family.parameter, good.id);
      const looks: WatchLook[] = [];
      const host = hostOf(fake);
      const options = { family, everyMs: 60_000, withinMs: 120_000, usualDrainMs: family.usualDrainMs };
      const end = watchRollout(fake.ports, host, {
        ...options,
        work: async () => await Promise.resolve(work),
        tell: (look) => void looks.push(look),
      });
      await expect(end).rejects.toThrow('the time is over');
      return looks.map((look) => linePart(lookText(look, family.usualDrainMs)));
    },
  ],
  [
    'history',
    async () => {
      const { fake, family } = await rolledBack();
      const { parameters, templates } = fake.ports;
      const versions = [...fake.state.groups.keys()].map(async (stack, n) => {
        const [template] = [...fake.state.templates.keys()].slice(n, n + 1);
        return { stack, versions: template === undefined ? [] : await templates.all(template) };
      });
      const entries = historyOf({
        desired: await parameters.history(family.parameter),
        holds: await parameters.history(holdParameter(family)),
        revocations: await parameters.history(revocationsParameter(family)),
        images: [...fake.state.images.values()],
        versions: await Promise.all(versions),
        runs: [],
      });
      return historyParts(entries.slice(0, 30));
    },
  ],
];

describe('of 326 instances in 100 stacks', () => {
  test.each(SCREENS)('%s is not wider than any terminal, and a screen high', async (name, screen) => {
    const parts = await screen();
    for (let columns = 40; columns <= 200; columns += 1) {
      const lines = painted(parts, columns);
      expect(
        lines.filter((line) => columnsOf(line) > columns),
        `at ${columns}`,
      ).toEqual([]);
      expect(
        LISTS.has(name) || columns < 80 || lines.length <= 24,
        `at ${columns}: ${lines.join('\n')}`,
      ).toBe(true);
    }
  });

  test('status says first how many run what, and who is busy', async () => {
    expect(painted(await statusScreen(), 80)).toEqual(STATUS);
  });

  test('status in a log shows every stack and instance', async () => {
    const lines = painted(await statusScreen());
    expect(lines.filter((line) => /^agents-of-team-\d+ {2}/.test(line))).toHaveLength(100);
    expect(lines.filter((line) => / i-\w{17} /.test(line))).toHaveLength(326);
  });

  test('a rollback says how many still run the bad image, and how to drain them', async () => {
    const { report, context } = await rolledBack();
    expect(painted(reportParts(report, context), 80)).toEqual(ROLLBACK);
  });

  test('nothing is known of who is busy without Buildkite, and nothing of a drain that nobody configured', async () => {
    const { report, context } = await rolledBack();
    const [first] = painted(reportParts(report, { ...context, usualDrainMs: undefined, work: new Map() }));
    expect(first).toBe(
      '214 of 326 instances run ami-00000000000000001, which was left; how many are busy is not known (it takes BUILDKITE_API_TOKEN), oldest 3.0 h',
    );
  });
});

describe('how long it will be', () => {
  /** The first line of `status`, some minutes after a rollback that has left these stacks behind. */
  async function countLine(minutes: number, { failing = false, usualMs = 25 * 60_000 } = {}) {
    const { fake, family } = await rolledBack({ failing });
    fake.clock.advance(minutes * 60_000);
    const fleet = await readFleet(fake.ports, hostOf(fake), { family, rollouts: [] });
    const view = { work: { lock: { state: 'no-store' } }, busy: new Map() } as const;
    const lines = painted(statusParts({ ...view, status: statusOf(fleet, usualMs) }, fake.clock.now()));
    return lines.find((line) => line.startsWith('214 of 326'))?.replace(/^.*oldest /, '');
  }

  test('is the usual drain less what has passed since the image was left', async () => {
    expect(await countLine(0)).toBe('3.0 h; usual drain 25 min, so about 25 min');
    expect(await countLine(10)).toBe('3.2 h; usual drain 25 min, so about 15 min');
  });

  test('is not known any more once a usual drain is over', async () => {
    expect(await countLine(25)).toBe('3.4 h; usual drain 25 min');
  });

  test('is not known while stacks launch the old image', async () => {
    expect(await countLine(10, { failing: true })).toBe('3.2 h; usual drain 25 min');
  });

  test('is what is left of it where the same rollback is done again, and nothing where stacks failed', async () => {
    const { fake, family, context } = await rolledBack();
    fake.clock.advance(10 * 60_000);
    const planned = await prepareRollback(fake.ports, hostOf(fake), { family, goal: { kind: 'last-good' } });
    const again = { family, plan: planned.plan, terms: TERMS, revokes: true };
    const report = await rollback(fake.ports, hostOf(fake), again);
    const now = fake.clock.now();
    const [first] = painted(reportParts(report, { ...context, planned, now }));
    expect(first).toContain('; usual drain 25 min, so about 15 min');
    const failed = await rolledBack({ failing: true });
    expect(painted(reportParts(failed.report, failed.context))[0]).toMatch(/; usual drain 25 min$/);
  });
});

describe('--drain', () => {
  test('drains what was left, and nothing else', async () => {
    const { fake, family, bad, planned, report, good } = await rolledBack();
    const left = { leaves: planned.plan.leaves, stacks: report.stacks };
    const instances = drainable([...fake.state.instances.values()], left);
    const results = await drain(fake.ports, hostOf(fake), { family, image: good.id, instances });
    expect(results.filter(({ outcome }) => outcome === 'draining')).toHaveLength(214);
    const images = [...fake.state.instances.values()].map(({ image }) => image);
    expect([images.length, images.includes(bad.id)]).toEqual([112, false]);
  });

  test('leaves instances of stacks that could not be brought back: others of the bad image would come', async () => {
    const { fake, planned, report } = await rolledBack({ failing: true });
    const instances = drainable(report.remaining, { leaves: planned.plan.leaves, stacks: report.stacks });
    const groups = new Set(instances.map(({ group }) => group));
    expect([...groups].filter((group) => /[05]-AgentAutoScaleGroup/.test(group ?? ''))).toEqual([]);
    expect(instances.length).toBeLessThan(report.remaining.length);
    expect(fake.writes).not.toContain('groups.drain');
  });

  test('drains nothing where something else is desired by now, and stops where that changes', async () => {
    const { fake, family, good, bad, report } = await rolledBack();
    const host = hostOf(fake);
    const { remaining: instances } = report;
    await expect(drain(fake.ports, host, { family, image: bad.id, instances })).rejects.toMatchObject({
      code: 'changed-meanwhile',
    });
    fake.gate.before = async ({ name }) => {
      if (name !== 'groups.drain') return;
      fake.gate.before = () => undefined;
      await fake.beside().ports.parameters.put(family.parameter, bad.id);
    };
    await expect(drain(fake.ports, host, { family, image: good.id, instances })).rejects.toMatchObject({
      kind: 'refused',
      code: 'changed-meanwhile',
    });
    expect(fake.writes.filter((name) => name === 'groups.drain').length).toBeLessThanOrEqual(10);
  });

  test('one that cannot be drained does not stop the others', async () => {
    const { fake, family, good, report } = await rolledBack();
    const [first, second] = report.remaining;
    fake.state.instances.delete(second!.id);
    fake.gate.before = ({ name, args }) => {
      if (name === 'groups.drain' && args[0] === first!.id)
        throw refused('autoscaling:TerminateInstanceInAutoScalingGroup', 'AccessDenied', first!.id);
    };
    const results = await drain(fake.ports, hostOf(fake), {
      family,
      image: good.id,
      instances: report.remaining,
    });
    expect(results.slice(0, 3).map(({ outcome }) => outcome)).toEqual(['failed', 'gone', 'draining']);
  });
});

const STATUS = [
  'family   cpu  (/ci/app-image in us-east-1)',
  'desired  ami-00000000000000002 (app-build-20260820120000, published, 27.0 h old)',
  'hold     none',
  'lock     none configured',
  '',
  '214 of 326 instances run another image than the desired one; 96 busy, oldest 3.0',
  '  h; usual drain 25 min',
  'IMAGE                  STATE    LAUNCHED BY  INSTANCES  BUSY  OLDEST',
  'ami-00000000000000001  revoked  14           214        96    3.0 h',
  'ami-00000000000000002  desired  86           112        40    3.0 h',
  '',
  'drift:',
  '  ! 14 stacks launch ami-00000000000000001, not ami-00000000000000002:',
  '    agents-of-team-000, agents-of-team-001, agents-of-team-002 and 11 more',
  '      warmbake ami roll --family cpu',
  '  - 100 stacks have instances of another image until their jobs are done:',
  '    agents-of-team-000, agents-of-team-001, agents-of-team-002 and 97 more',
  '',
  '86 of 100 stacks in sync; --wide shows each stack and instance',
];

const ROLLBACK = [
  '214 of 326 instances run ami-00000000000000001, which was left; 96 busy, oldest',
  '  3.0 h; usual drain 25 min, so about 25 min',
  'drain them; their jobs are finished first:',
  '  warmbake ami rollback --family cpu --to ami-00000000000000002 --drain \\',
  '    --reason …',
  '',
  '100 stacks: 100 updated; --wide shows each',
  '/ci/app-image is ami-00000000000000002 (app-build-20260820120000), and held',
  'ami-00000000000000001 is revoked',
  'one further back:',
  '  warmbake ami rollback --family cpu --to ami-00000000000000003 --reason …',
  'when a good image is there:  warmbake ami release --family cpu',
];
