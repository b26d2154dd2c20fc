import { readFile, writeFile } from 'node:fs/promises';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { startFleet, useFront, type Fleet } from '../../parts/moto/fleet.ts';
import type { Answer, AwsCall } from '../../parts/moto/front.ts';
import type { Running } from '../../parts/part.ts';
import { conforming } from '../../parts/ci-job/conforming.ts';
import type { DoctorDocument } from '../../src/doctor/doctor-schema.ts';
import { type FixtureRegistry, startFixtureRegistry } from '../registry/fixture-registry.ts';
import { needsMoto } from '../tiers/moto.ts';

const isThere = await needsMoto();
let fleet: Fleet & Running;
let registry: FixtureRegistry;

beforeAll(async () => {
  if (!isThere) return;
  [fleet, registry] = await Promise.all([startFleet({ days: 2 }), startFixtureRegistry()]);
  useFront(fleet.front);
  const text = await readFile(fleet.config, 'utf8');
  await writeFile(fleet.config, text.replaceAll(/(?:images|cache)\.example/g, registry.host));
  const [newest = 'ami-'] = fleet.images;
  await fleet.run('ami', 'publish', newest);
});
afterAll(async () => {
  if (!isThere) return;
  await fleet.stop();
  await registry[Symbol.asyncDispose]();
});
afterEach(() => {
  fleet.front.intercept = () => undefined;
});

const isDryRun = ({ action, body }: AwsCall): boolean =>
  action === 'ec2:CreateLaunchTemplateVersion' && body.includes('DryRun=true');

/** As EC2 refuses: what a dry run would have done, and what nobody may do. */
function refusal(status: number, code: string): Answer {
  const error = `<Error><Code>${code}</Code><Message>${code}</Message></Error>`;
  return { status, body: `<Response><Errors>${error}</Errors><RequestID>r</RequestID></Response>` };
}

/** `state: text` of what is said about machine images, by check, and the calls that are no reads. */
async function doctor(...args: readonly string[]) {
  fleet.front.calls.length = 0;
  const { out } = await fleet.run('doctor', '--json', ...args);
  const { checks } = (await conforming('doctor', out)) as DoctorDocument;
  const own = checks.filter(({ check }) => check.startsWith('ami-'));
  const writes = fleet.front.calls.filter(({ action }) => !/:(?:Describe|Get|List)/.test(action));
  return { said: own.map(({ check, state, text }) => `${check} ${state}: ${text}`), own, writes };
}

describe('machine images', () => {
  test('are looked at with the rights of the daily job, and nothing is written', async () => {
    fleet.front.intercept = (call) => (isDryRun(call) ? refusal(412, 'DryRunOperation') : undefined);
    const { said, writes } = await doctor('--ami');
    expect(said).toEqual([
      expect.stringMatching(/^ami-identity ok: cpu: arn:aws:sts::\d+:.* in us-east-1$/),
      expect.stringMatching(/^ami-parameter ok: \/ci\/app-image can be read: ami-0{16}1 \(version 1\)$/),
      expect.stringMatching(/^ami-network failed: SSM parameter \/ci\/s.* does not exist$/),
      'ami-stacks ok: all 4 stacks are there: pull-requests, main, small-release, release',
      'ami-images ok: 2 images of app-build can be seen',
      'ami-instances ok: 0 instances of the region can be seen',
      expect.stringMatching(/^ami-write ok: EC2 would allow a new launch-template version \(dry run\)/),
    ]);
    expect(writes.filter((call) => !isDryRun(call))).toEqual([]);
  });

  test('that may not be seen are a warning in a job that builds, and a failure with --ami', async () => {
    fleet.front.intercept = ({ action }) =>
      action === 'ec2:DescribeImages' || action === 'ec2:CreateLaunchTemplateVersion'
        ? refusal(403, 'UnauthorizedOperation')
        : undefined;
    const states = async (...args: readonly string[]) => {
      const { own } = await doctor(...args);
      return own.filter(({ check }) => check === 'ami-images' || check === 'ami-write');
    };
    expect(await states()).toMatchObject([
      { state: 'warning', fix: expect.stringContaining('--ami') },
      { state: 'warning' },
    ]);
    expect(await states('--ami')).toMatchObject([
      {
        state: 'failed',
        fix: expect.stringMatching(/allow ec2:DescribeImages .*warmbake iam machine-image/),
      },
      { state: 'failed', fix: expect.stringContaining('ec2:CreateLaunchTemplateVersion') },
    ]);
  });

  test('of credentials that are no good are one line', async () => {
    fleet.front.intercept = ({ action }) =>
      action === 'sts:GetCallerIdentity' ? refusal(403, 'InvalidClientTokenId') : undefined;
    const { said } = await doctor('--ami');
    expect(said).toEqual([expect.stringMatching(/^ami-identity failed: sts:GetCallerIdentity/)]);
  });
});
