import { describe, expect, test } from 'vitest';
import type { Activity } from '../../src/ami/model/account.ts';
import { releaseImage, type ReleaseOptions } from '../../src/ami/release.ts';
import { holdParameter, printHold } from '../../src/ami/model/hold.ts';
import { stateOf } from '../../src/ami/model/machine-image.ts';
import { TAG } from '../../src/ami/model/tags.ts';
import type { Event } from '../../src/platform/events.ts';
import { FAMILY } from './family.ts';
import { FakeAccount, type FakeOptions } from './fake/account.ts';
import { conditionOf } from './fake/condition.ts';
import { addImage, addInstance, addStack, imageOf, setParameter } from './fake/furnish.ts';
import { hostOf } from './fake/host.ts';
import { everyKillPoint } from './fake/kill-points.ts';
import { refused } from './fake/ports.ts';
import { CONDEMNED } from './operations.ts';

/** A week of published images, the newest of them everywhere, and today's candidate, of which the canary has an instance. */
function week(options?: FakeOptions) {
  const fake = new FakeAccount(options);
  const published = [1, 2, 3, 4, 5, 6, 7, 8].map((daysOld) =>
    addImage(fake, {
      daysOld,
      tags: {
        [TAG.family]: 'cpu',
        [TAG.state]: 'published',
        [TAG.run]: `run-${daysOld}`,
        ...(daysOld >= 6 ? CONDEMNED : {}),
      },
    }),
  );
  const [old] = published;
  const today = addImage(fake, {
    tags: { [TAG.family]: 'cpu', [TAG.state]: 'candidate', [TAG.run]: 'run-0' },
  });
  const groups = FAMILY.stacks.map((stack) => addStack(fake, stack, { image: old!.id }).group);
  setParameter(fake, FAMILY.parameter, old!.id);
  addInstance(fake, { image: today.id, group: groups[0]! });
  return { fake, old: old!, today, canaryGroup: groups[0]! };
}

async function releaseToday(fake: FakeAccount, change: Partial<ReleaseOptions> = {}, events: Event[] = []) {
  const image = [...fake.state.images.values()].find(({ tags }) => tags[TAG.run] === 'run-0')!;
  const options = { family: FAMILY, canary: FAMILY.canary!, image, dryRun: false, ...change };
  return await releaseImage(fake.ports, hostOf(fake, events), options);
}

const everywhere = (fake: FakeAccount) => FAMILY.stacks.map((stack) => imageOf(fake, stack));
const desired = (fake: FakeAccount) => fake.state.parameters.get(FAMILY.parameter)?.[0]?.value;

const FAILED_LAUNCH: Activity = {
  startedAt: new Date('2026-08-21T12:01:00Z'),
  status: 'Failed',
  description: 'Launching a new EC2 instance.  Status Reason: AMI is gone',
  cause: 'a scale-out',
  message: "The image id '[ami-0a]' does not exist. Launching EC2 instance failed.",
};

describe('releasing an image', () => {
  test('goes canary, parameter, other stacks, cleanup', async () => {
    const { fake, today } = week();
    const report = await releaseToday(fake);
    expect(report).toMatchObject({ outcome: 'rolled', canary: { verdict: { verdict: 'proven' } } });
    expect([desired(fake), ...everywhere(fake)]).toEqual(Array.from({ length: 5 }, () => today.id));
    const remove = ['tagging.set', 'images.deregister', 'snapshots.remove'];
    expect(fake.writes).toEqual([
      'templates.create',
      'groups.relaunch',
      'parameters.put',
      'tagging.set',
      ...['main', 'small-release', 'release'].flatMap(() => ['templates.create', 'groups.relaunch']),
      ...remove,
      ...remove,
      ...remove,
    ]);
  });

  test('B-28: rolls no other image than the one it was given: it stops where somebody writes the parameter meanwhile', async () => {
    const { fake, today, old } = week();
    const seen: (string | undefined)[] = [];
    fake.gate.before = ({ name }) => {
      if (name !== 'tagging.set' || seen.length > 0) return;
      seen.push(desired(fake));
      setParameter(fake, FAMILY.parameter, old.id);
    };
    const report = await releaseToday(fake);
    expect(report).toMatchObject({
      stopped: { kind: 'refused', code: 'changed-meanwhile' },
      cleaned: { lines: [] },
    });
    expect([seen, everywhere(fake)]).toEqual([[today.id], [today.id, old.id, old.id, old.id]]);
  });

  test('comes to the last listed stacks last: one that is killed before has left the releases alone', async () => {
    const { fake, old, today } = week();
    let rolled = 0;
    fake.gate.before = ({ name }) => {
      if (name === 'groups.relaunch' && (rolled += 1) === 3) throw new Error('killed');
    };
    await expect(releaseToday(fake)).rejects.toThrow('killed');
    expect(everywhere(fake)).toEqual([today.id, today.id, old.id, old.id]);
    expect(fake.writes.filter((name) => name === 'templates.create')).toHaveLength(3);
  });

  test('leaves fleet and parameter on the old image when the canary fails', async () => {
    const { fake, old, today, canaryGroup } = week();
    fake.state.instances.clear();
    fake.state.activities.set(canaryGroup, [FAILED_LAUNCH]);
    await expect(releaseToday(fake)).rejects.toMatchObject({ kind: 'check', code: 'canary-fault' });
    expect([desired(fake), ...everywhere(fake)]).toEqual(Array.from({ length: 5 }, () => old.id));
    expect(stateOf(fake.state.images.get(today.id)!)).toBe('candidate');
  });

  test('leaves the other stacks on the old image when it cannot be published', async () => {
    const { fake, old } = week();
    fake.gate.before = ({ name }) => {
      if (name === 'parameters.put') throw refused('ssm:PutParameter', 'AccessDeniedException');
    };
    await expect(releaseToday(fake)).rejects.toMatchObject({ code: 'aws-denied' });
    expect(everywhere(fake).slice(1)).toEqual([old.id, old.id, old.id]);
  });

  test('cleans nothing where one stack is broken: what it launches may be needed', async () => {
    const { fake, today } = week();
    fake.state.stacks.set('main', { ...fake.state.stacks.get('main')!, status: 'UPDATE_IN_PROGRESS' });
    const report = await releaseToday(fake);
    if (report.outcome !== 'rolled') throw new Error(report.outcome);
    expect(report.stacks.map(({ outcome }) => outcome)).toEqual([
      'unchanged',
      'failed',
      'updated',
      'updated',
    ]);
    expect(report.cleaned.lines).toEqual([]);
    expect(fake.writes).not.toContain('images.deregister');
    expect(imageOf(fake, 'release')).toBe(today.id);
  });

  test('does nothing under a hold, the canary included, and that is no failure', async () => {
    const { fake } = week();
    setParameter(fake, holdParameter(FAMILY), printHold({ by: 'ann', reason: 'no', since: new Date(0) }));
    expect(await releaseToday(fake)).toEqual({
      outcome: 'held',
      because: 'held by ann since 1970-01-01T00:00:00.000Z: no',
    });
    expect(fake.writes).toEqual([]);
  });

  test('planned only, it changes nothing and shows every step', async () => {
    const { fake } = week();
    expect(await releaseToday(fake, { dryRun: true })).toMatchObject({
      outcome: 'planned',
      canary: { stack: { outcome: 'planned' } },
      published: { outcome: 'planned' },
      stacks: [{}, { outcome: 'planned' }, {}, {}],
    });
    expect(fake.writes).toEqual([]);
  });

  test('says where it is', async () => {
    const { fake, today } = week();
    const events: Event[] = [];
    await releaseToday(fake, {}, events);
    expect(events).toEqual([
      { type: 'section', title: `Trying ${today.id} on pull-requests` },
      {
        type: 'line',
        text: 'watching what it launches (a probe job is sent in Buildkite only) for up to 10 min',
      },
      { type: 'section', title: `Publishing ${today.id}` },
      { type: 'section', title: 'Rolling the stacks' },
      { type: 'section', title: 'Cleaning up' },
    ]);
  });
});

describe('L6: releasing an image, killed', () => {
  test('at any call, run again, ends like one that was not', async () => {
    const { fake } = week();
    // Cleaned to the end: a run that was killed may have deleted its share already.
    const run = async (account: FakeAccount) => {
      await releaseToday(account);
      await releaseToday(account);
    };
    const points = await everyKillPoint(fake, {}, { run, condition: conditionOf });
    expect(points).toBeGreaterThanOrEqual(200);
  });
});
