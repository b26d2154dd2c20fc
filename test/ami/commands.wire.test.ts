import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { ImageId } from '../../src/ami/model/ids.ts';
import type { IamPolicy } from '../../src/platform/iam-policy.ts';
import { MOTO_ACCOUNT } from '../../parts/moto/server.ts';
import type { Running } from '../../parts/part.ts';
import { conformingFleet } from './conforming-fleet.ts';
import { needsMoto } from '../tiers/moto.ts';
import { authorizationsOf } from '../iam/authorizations.ts';
import { NEVER_SEEN, PACKER_ONLY, unseenActions } from '../iam/unseen.ts';
import { allows } from '../iam/simulate.ts';
import type { AwsCall } from '../../parts/moto/front.ts';
import { STACKS, startFleet, useFront, type Fleet } from '../../parts/moto/fleet.ts';

const isThere = await needsMoto();
let fleet: Fleet & Running;
let today: ImageId;
let yesterday: ImageId;

beforeAll(async () => {
  if (!isThere) return;
  fleet = conformingFleet(await startFleet({ days: 12 }));
  useFront(fleet.front);
  [today = 'ami-', yesterday = 'ami-'] = fleet.images;
});
afterAll(async () => {
  if (isThere) await fleet.stop();
});
/** Everything that was asked of AWS in this file. */
const recorded: AwsCall[] = [];

beforeEach(() => {
  recorded.push(...fleet.front.calls);
  fleet.front.calls.length = 0;
  fleet.front.intercept = () => undefined;
});

/** What changed something, by IAM action. */
function writes(): readonly string[] {
  return fleet.front.calls
    .map(({ action }) => action)
    .filter((action) => !/:(?:Describe|Get|List)/.test(action));
}

/** The images that the groups of all stacks launch. */
async function launched(): Promise<readonly string[]> {
  const { out } = await fleet.run('ami', 'roll', '--dry-run', '--json', '--image', today);
  const { stacks } = JSON.parse(out) as { stacks: { from: { image: string } }[] };
  return stacks.map(({ from }) => from.image);
}

describe('one day after another', () => {
  test('without a parameter there is nothing to roll, and the message says what to do', async () => {
    const { exitCode, err } = await fleet.run('ami', 'roll');
    expect(exitCode).toBe(5);
    expect(err).toBe(
      'error: parameter /ci/app-image is not there\n  hint: publish an image: warmbake ami publish AMI\n',
    );
  });

  test('publish makes an image the desired one', async () => {
    const { exitCode, out } = await fleet.run('ami', 'publish', yesterday);
    expect([exitCode, out]).toEqual([0, `/ci/app-image is ${yesterday} now\n`]);
    expect(writes()).toEqual(['ssm:PutParameter']);
  });

  test('B-28: roll brings it to all stacks, and the table says from where to where', async () => {
    const { exitCode, out } = await fleet.run('ami', 'roll');
    expect(exitCode).toBe(0);
    expect(out.split('\n')).toEqual([
      'STACK          RESULT   FROM                               TO',
      ...STACKS.map(
        (stack) => `${stack.padEnd(13)}  updated  ${today} (version 1)  ${yesterday} (version 2)`,
      ),
      '',
    ]);
    expect(await launched()).toEqual(STACKS.map(() => yesterday));
  });

  test('L10: a roll makes versions and updates groups, and touches nothing else', async () => {
    await fleet.run('ami', 'roll', '--image', today);
    await fleet.run('ami', 'roll', '--image', yesterday);
    expect(new Set(writes())).toEqual(new Set(['autoscaling:UpdateAutoScalingGroup']));
  });

  test('roll again changes nothing', async () => {
    const { out } = await fleet.run('ami', 'roll', '--json');
    const { stacks } = JSON.parse(out) as { stacks: { outcome: string }[] };
    expect([stacks.map(({ outcome }) => outcome), writes()]).toEqual([STACKS.map(() => 'unchanged'), []]);
  });

  test('roll takes single stacks and another image', async () => {
    const { out } = await fleet.run(
      'ami',
      'roll',
      '--image',
      today,
      '--stack',
      'main',
      'release',
      '--dry-run',
    );
    expect(out).toContain(`main     would change  ${yesterday} (version 2)  ${today} (version 1)`);
    expect(out).not.toContain('small-release');
    expect(writes()).toEqual([]);
  });

  test('rebuild of an image that has failed on its canary writes nothing, ends with 1 and says what to do', async () => {
    const failed = 'failed 2026-08-21T12:00:00.000Z: 3 steps were executed';
    await fleet.furnish.tag([today], { 'warmbake:canary': failed });
    const { exitCode, err } = await fleet.run('ami', 'rebuild', '--image', today);
    expect(exitCode).toBe(1);
    expect(err).toContain(
      `${today} failed on its canary at 2026-08-21T12:00:00.000Z: 3 steps were executed;`,
    );
    expect(err).toContain(`try this one once more: warmbake ami canary ${today} --family cpu`);
    expect(writes()).toEqual([]);
    expect((await fleet.run('ami', 'list')).out).toContain(`canary ${failed}`);
    await fleet.furnish.tag([today], { 'warmbake:canary': 'proven 2026-08-21T13:00:00.000Z' });
  });

  test('rebuild with a finished image goes through all gates', async () => {
    const { exitCode, out } = await fleet.run(
      'ami',
      'rebuild',
      '--image',
      today,
      '--canary-watch',
      '0s',
      '--json',
    );
    expect(exitCode).toBe(0);
    expect(JSON.parse(out)).toMatchObject({
      schemaVersion: 1,
      image: today,
      outcome: 'rolled',
      canary: { stack: { name: 'pull-requests', outcome: 'updated' }, verdict: 'not-watched' },
      published: { outcome: 'published', before: { id: yesterday } },
      stacks: [
        { name: 'pull-requests', outcome: 'unchanged' },
        {},
        {},
        { name: 'release', outcome: 'updated' },
      ],
      cleaned: { missing: [] },
    });
    expect(await launched()).toEqual(STACKS.map(() => today));
    const order = writes().filter((action) => /Put|Update|Deregister/.test(action));
    expect(order.slice(0, 2)).toEqual(['autoscaling:UpdateAutoScalingGroup', 'ssm:PutParameter']);
  });

  test('the canary is watched, and nothing launched is nothing proved', async () => {
    const { exitCode, err, out } = await fleet.run('ami', 'canary', today, '--canary-watch', '1s');
    expect(exitCode).toBe(0);
    expect(out).toContain('not proven: nothing was launched');
    expect(err).toContain(`nothing has proved ${today}`);
  });

  test('clean leaves what the rebuild has condemned just now, and says when it can go', async () => {
    const { out } = await fleet.run('ami', 'clean');
    expect(writes()).toEqual([]);
    expect(out).toMatch(/3 images are condemned, and not deleted yet: a cleanup from \S+Z on deletes/);
    expect((await fleet.run('ami', 'list')).out).toMatch(/condemned: can go from/);
    expect((await fleet.run('ami', 'status')).out).toMatch(/^cleanup +3 images are condemned/m);
  });

  test('clean keeps what is young, in use or among the newest, and goes on until the rest is gone', async () => {
    await fleet.furnish.condemn([today, ...fleet.images.slice(6)]);
    const { out } = await fleet.run('ami', 'clean', '--dry-run');
    expect(out.split('\n').slice(1, -1)).toHaveLength(12);
    expect(out).toMatch(/0001 {2}published {2}1\.0 h {3}kept {6}desired; /);
    expect(writes()).toEqual([]);
    expect((await fleet.run('ami', 'clean')).exitCode).toBe(0);
    await fleet.run('ami', 'clean');
    const left = JSON.parse((await fleet.run('ami', 'clean', '--json')).out) as {
      images: { id: string; keep: boolean }[];
    };
    expect(left.images.every(({ keep }) => keep)).toBe(true);
    expect(left.images.map(({ id }) => id)).toEqual(fleet.images.slice(0, 6));
  });
});

describe('what goes wrong says what to do', () => {
  test('a placeholder in the parameter', async () => {
    fleet.front.intercept = ({ action, body }) =>
      action === 'ssm:GetParameter' && !body.includes('/hold') ? parameterOf('placeholder') : undefined;
    const { exitCode, err } = await fleet.run('ami', 'roll');
    expect([exitCode, err]).toEqual([
      5,
      expect.stringContaining("parameter /ci/app-image says 'placeholder', which is not an image"),
    ]);
  });

  test('a deleted image', async () => {
    const { exitCode, err } = await fleet.run('ami', 'roll', '--image', 'ami-0fffffffffffffff0');
    expect([exitCode, err]).toEqual([4, 'error: there is no image ami-0fffffffffffffff0 in us-east-1\n']);
  });

  test('a call that is not allowed names action and resource, and the other stacks go on (incident 3b75278)', async () => {
    let denied = '';
    fleet.front.intercept = ({ action, body }) => {
      const group = new URLSearchParams(body).get('AutoScalingGroupName') ?? '';
      if (action !== 'autoscaling:UpdateAutoScalingGroup' || !group.startsWith('main')) return undefined;
      denied = group;
      return refusal(
        403,
        'AccessDenied',
        'User: arn:aws:iam::1:user/x is not authorized to perform: iam:PassRole on resource: r',
      );
    };
    const { exitCode, out, err } = await fleet.run('ami', 'roll', '--image', yesterday);
    expect(exitCode).toBe(5);
    expect(out).toMatch(/^main +failed +aws-denied$/m);
    expect(out.match(/updated/g)).toHaveLength(3);
    expect(err).toContain(
      `autoscaling:UpdateAutoScalingGroup (${denied}) is not allowed: User: arn:aws:iam::1:user/x`,
    );
    expect(err).toContain('hint: allow iam:PassRole to the identity that runs this');
  });

  test('expired credentials', async () => {
    fleet.front.intercept = () =>
      refusal(403, 'ExpiredToken', 'The security token included in the request is expired');
    const { exitCode, err } = await fleet.run('ami', 'publish', today);
    expect([exitCode, err]).toEqual([5, expect.stringContaining('the AWS credentials have expired')]);
  });

  test('L7: a cleanup that cannot see all instances deletes nothing', async () => {
    fleet.front.intercept = ({ action }) =>
      action === 'ec2:DescribeInstances'
        ? refusal(403, 'UnauthorizedOperation', 'You are not authorized')
        : undefined;
    const { exitCode, err } = await fleet.run('ami', 'clean');
    expect([exitCode, writes()]).toEqual([5, []]);
    expect(err).toContain(
      'nothing more was deleted, as use could not be read in full: ec2:DescribeInstances (all instances)',
    );
  });

  test.each([
    [['ami', 'roll', '--stack', 'elsewhere'], 2, "'elsewhere' is not one of the stacks"],
    [['ami', 'watch', '--every', '0s'], 2, '--every 0s is no pause'],
    [['ami', 'roll', '--family', 'gpu'], 2, "there is no family 'gpu'"],
    [['ami', 'publish'], 2, "missing required argument 'ami'"],
    [['ami', 'publish', 'None'], 2, "'None' is not an image id"],
    [['ami', 'canary', 'ami-00000000000000001', '--canary-watch', 'soon'], 2, "'soon' is not a duration"],
  ] as const)('%j', async (argv, code, message) => {
    const { exitCode, err } = await fleet.run(...argv);
    expect([exitCode, err]).toEqual([code, expect.stringContaining(message)]);
  });
});

describe('the policy of the daily job', () => {
  const printed = async () => {
    const { out } = await fleet.run('iam', 'machine-image', '--account', MOTO_ACCOUNT);
    return JSON.parse(out) as IamPolicy;
  };

  test('allows what these commands did (incident 945829a: four runs, four denials)', async () => {
    const policy = await printed();
    const tags = { 'warmbake:family': 'cpu' };
    const asked = recorded.flatMap((call) => authorizationsOf(call, { account: MOTO_ACCOUNT, tags }));
    expect(asked.filter((one) => !allows(policy, one))).toEqual([]);
  });

  test('allows nothing that neither these commands nor Packer ask for', async () => {
    expect(unseenActions(await printed(), recorded)).toEqual(
      [...PACKER_ONLY, ...Object.keys(NEVER_SEEN)].toSorted(),
    );
  });
});

function refusal(status: number, code: string, message: string) {
  const body = `<ErrorResponse><Errors><Error><Code>${code}</Code><Message>${message}</Message></Error></Errors><Error><Code>${code}</Code><Message>${message}</Message></Error></ErrorResponse>`;
  return { status, body };
}

function parameterOf(Value: string) {
  return { status: 200, body: JSON.stringify({ Parameter: { Name: '/ci/app-image', Value, Version: 1 } }) };
}
