import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Account } from '../../../src/ami/model/account.ts';
import { openAccount } from '../../../src/ami/aws/account.ts';
import { Interrupted } from '../../../src/platform/errors.ts';
import { MOTO_CREDENTIALS } from '../../../parts/moto/server.ts';

/** What AWS answers, one after the other: a body, a status without one, or a connection that breaks. */
type Answer = string | number | typeof HANG_UP;
const HANG_UP = Symbol('hang up');

let server: Server;
let answers: Answer[] = [];
let requests: string[] = [];

beforeAll(async () => {
  server = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk: Buffer) => (body += chunk.toString()));
    request.on('end', () => {
      requests.push(body);
      const answer = answers.shift() ?? 500;
      if (answer === HANG_UP) request.socket.destroy();
      else if (typeof answer === 'number') response.writeHead(answer).end();
      else
        response
          .writeHead(answer.includes('<Error') ? 400 : 200, { 'content-type': 'text/xml' })
          .end(answerTo(new URLSearchParams(body).get('Action') ?? '', answer));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  Object.assign(process.env, MOTO_CREDENTIALS, {
    AWS_ENDPOINT_URL: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true',
  });
});
afterAll(() => server.close());
beforeEach(() => {
  answers = [];
  requests = [];
});

/** `<R>` stands for the element that answers the action. */
function answerTo(action: string, answer: string): string {
  return answer.replaceAll(/(<\/?)R\b/g, `$1${action}Response`);
}

function open(signal = new AbortController().signal): Account {
  return openAccount({ fetch, signal }, 'us-east-1');
}

function error(code: string, message = 'said by the test'): string {
  return `<Response><Errors><Error><Code>${code}</Code><Message>${message}</Message></Error></Errors></Response>`;
}

/** Auto Scaling and CloudFormation put the error elsewhere than EC2 does. */
function queryError(code: string): string {
  return `<ErrorResponse><Error><Code>${code}</Code><Message>said by the test</Message></Error></ErrorResponse>`;
}

describe('a list is all of its pages', () => {
  const next = '<nextToken>more</nextToken>';
  const image = (id: string) =>
    `<item><imageId>${id}</imageId><imageState>available</imageState><imageOwnerId>1</imageOwnerId><creationDate>2026-08-21T00:00:00.000Z</creationDate></item>`;
  const snapshot = (id: string) =>
    `<item><snapshotId>${id}</snapshotId><startTime>2026-08-21T00:00:00.000Z</startTime></item>`;
  const version = (number: number) =>
    `<item><launchTemplateId>lt-1</launchTemplateId><versionNumber>${number}</versionNumber><launchTemplateData><imageId>ami-1</imageId></launchTemplateData></item>`;
  const instance = (id: string) =>
    `<item><instancesSet><item><instanceId>${id}</instanceId><imageId>ami-1</imageId><instanceState><name>running</name></instanceState><launchTime>2026-08-21T00:00:00.000Z</launchTime></item></instancesSet></item>`;
  const group = (name: string) => `<member><AutoScalingGroupName>${name}</AutoScalingGroupName></member>`;
  const groups = (inner: string, token = '') =>
    `<R><DescribeAutoScalingGroupsResult><AutoScalingGroups>${inner}</AutoScalingGroups>${token}</DescribeAutoScalingGroupsResult></R>`;
  const activity = (day: string) =>
    `<member><StartTime>2026-08-${day}T00:00:00Z</StartTime><StatusCode>Successful</StatusCode></member>`;
  const activities = (inner: string, token = '') =>
    `<R><DescribeScalingActivitiesResult><Activities>${inner}</Activities>${token}</DescribeScalingActivitiesResult></R>`;
  const past = (Version: number) => ({ Value: 'v', Version, LastModifiedDate: 1_780_000_000 });

  const LISTS: readonly (readonly [
    string,
    readonly [string, string],
    (account: Account) => Promise<readonly unknown[]>,
  ])[] = [
    [
      'of images',
      [
        `<R><imagesSet>${image('ami-1')}</imagesSet>${next}</R>`,
        `<R><imagesSet>${image('ami-2')}</imagesSet></R>`,
      ],
      async (account) => await account.images.list('x'),
    ],
    [
      'of snapshots',
      [
        `<R><snapshotSet>${snapshot('snap-1')}</snapshotSet>${next}</R>`,
        `<R><snapshotSet>${snapshot('snap-2')}</snapshotSet></R>`,
      ],
      async (account) => await account.snapshots.tagged('a', 'b'),
    ],
    [
      'of versions with an image',
      [
        `<R><launchTemplateVersionSet>${version(1)}</launchTemplateVersionSet>${next}</R>`,
        `<R><launchTemplateVersionSet>${version(2)}</launchTemplateVersionSet></R>`,
      ],
      async (account) => await account.templates.withImage('lt-1', 'ami-1'),
    ],
    [
      'of current versions',
      [
        `<R><launchTemplateVersionSet>${version(1)}</launchTemplateVersionSet>${next}</R>`,
        `<R><launchTemplateVersionSet>${version(2)}</launchTemplateVersionSet></R>`,
      ],
      async (account) => await account.templates.current(),
    ],
    [
      'of instances',
      [
        `<R><reservationSet>${instance('i-1')}</reservationSet>${next}</R>`,
        `<R><reservationSet>${instance('i-2')}</reservationSet></R>`,
      ],
      async (account) => await account.instances.list(),
    ],
    [
      'of groups',
      [groups(group('a'), '<NextToken>more</NextToken>'), groups(group('b'))],
      async (account) => await account.groups.list(),
    ],
    [
      'of activities',
      [activities(activity('21'), '<NextToken>more</NextToken>'), activities(activity('20'))],
      async (account) => await account.groups.activities('a', new Date('2026-08-01')),
    ],
    [
      'of past values',
      [
        JSON.stringify({ Parameters: [past(1)], NextToken: 'more' }),
        JSON.stringify({ Parameters: [past(2)] }),
      ],
      async (account) => await account.parameters.history('/a'),
    ],
  ];

  test.each(LISTS)('%s', async (_, pages, list) => {
    answers = [...pages];
    expect(await list(open())).toHaveLength(2);
    expect(requests).toHaveLength(2);
    expect(requests[1]).toContain('more');
  });

  test('%s, or an error when a page is missing', async () => {
    answers = [LISTS[0]![1][0], error('InvalidNextToken')];
    await expect(open().images.list('x')).rejects.toMatchObject({ kind: 'outside' });
  });

  test('of activities ends where older ones begin', async () => {
    answers = [activities(activity('21') + activity('19'), '<NextToken>more</NextToken>')];
    expect(await open().groups.activities('a', new Date('2026-08-20'))).toHaveLength(1);
    expect(requests).toHaveLength(1);
  });
});

describe('what may pass is tried again', () => {
  test.each<[string, Answer[]]>([
    ['throttling', [error('RequestLimitExceeded'), error('RequestLimitExceeded')]],
    ['an error of the service', [500, 503]],
    ['a connection that breaks', [HANG_UP, HANG_UP]],
  ])('%s', async (_, failures) => {
    answers = [...failures, '<R><imagesSet/></R>'];
    expect(await open().images.list('x')).toEqual([]);
    expect(requests).toHaveLength(3);
  });

  test('a template version is asked for with the same token each time', async () => {
    answers = [
      503,
      HANG_UP,
      '<R><launchTemplateVersion><launchTemplateId>lt-1</launchTemplateId><versionNumber>2</versionNumber><launchTemplateData/></launchTemplateVersion></R>',
    ];
    await open().templates.create({ template: 'lt-1', source: 1, image: 'ami-1', description: 'd' });
    const tokens = requests.map((body) => new URLSearchParams(body).get('ClientToken'));
    expect(tokens[0]).toMatch(/^[0-9a-f]{64}$/);
    expect(new Set(tokens).size).toBe(1);
  });

  test('eight times at most', async () => {
    answers = Array.from({ length: 20 }, () => 500);
    await expect(open().images.list('x')).rejects.toMatchObject({ kind: 'outside' });
    expect(requests).toHaveLength(8);
  }, 30_000);
});

describe('what will not pass is said at once', () => {
  test.each([
    ['AccessDenied', 'aws-denied', 'ec2:DeregisterImage (ami-1) is not allowed: said by the test'],
    ['UnauthorizedOperation', 'aws-denied', 'ec2:DeregisterImage (ami-1) is not allowed: said by the test'],
    [
      'ExpiredToken',
      'aws-credentials',
      'ec2:DeregisterImage (ami-1) failed: the AWS credentials have expired',
    ],
    ['InvalidClientTokenId', 'aws-credentials', 'ec2:DeregisterImage (ami-1) failed: said by the test'],
    [
      'OperationNotPermitted',
      'aws-failed',
      'ec2:DeregisterImage (ami-1) failed: OperationNotPermitted: said by the test',
    ],
  ])('%s', async (code, ours, message) => {
    answers = [error(code)];
    await expect(open().images.deregister('ami-1')).rejects.toMatchObject({
      kind: 'outside',
      code: ours,
      message,
    });
    expect(requests).toHaveLength(1);
  });

  test('without the kilobyte that EC2 adds', async () => {
    answers = [
      error(
        'UnauthorizedOperation',
        `You are not authorized. Encoded authorization failure message: ${'x'.repeat(900)}`,
      ),
    ];
    await expect(open().images.deregister('ami-1')).rejects.toThrow(
      /^ec2:DeregisterImage \(ami-1\) is not allowed: You are not authorized\.$/,
    );
  });

  test('an interruption is one', async () => {
    const stop = new AbortController();
    const waiting = open(stop.signal).images.list('x');
    stop.abort(new Interrupted('SIGTERM'));
    await expect(waiting).rejects.toBeInstanceOf(Interrupted);
  });
});

describe('groups of all shapes', () => {
  const described = (inner: string) =>
    `<R><DescribeAutoScalingGroupsResult><AutoScalingGroups><member><AutoScalingGroupName>a</AutoScalingGroupName>${inner}</member></AutoScalingGroups></DescribeAutoScalingGroupsResult></R>`;
  const specification =
    '<LaunchTemplateId>lt-1</LaunchTemplateId><LaunchTemplateName>n</LaunchTemplateName><Version>7</Version>';

  test('one with a template', async () => {
    answers = [described(`<LaunchTemplate>${specification}</LaunchTemplate>`)];
    const found = await open().groups.find('a');
    expect(found?.launch).toEqual({ kind: 'template', use: { template: 'lt-1', version: '7' } });
  });

  test('one with a template and no version launches the default one', async () => {
    answers = [described('<LaunchTemplate><LaunchTemplateId>lt-1</LaunchTemplateId></LaunchTemplate>')];
    expect((await open().groups.find('a'))?.launch).toMatchObject({ use: { version: '$Default' } });
  });

  test('one with a policy, whose names are left out since ids stand beside them', async () => {
    answers = [
      described(
        `<MixedInstancesPolicy><LaunchTemplate><LaunchTemplateSpecification>${specification}</LaunchTemplateSpecification><Overrides><member><InstanceType>r6i.large</InstanceType></member><member><LaunchTemplateSpecification>${specification}</LaunchTemplateSpecification></member><member><ImageId>ami-2</ImageId></member></Overrides></LaunchTemplate><InstancesDistribution><OnDemandBaseCapacity>1</OnDemandBaseCapacity></InstancesDistribution></MixedInstancesPolicy>`,
      ),
      '<R/>',
    ];
    const account = open();
    const launch = (await account.groups.find('a'))?.launch;
    expect(launch).toMatchObject({
      kind: 'mixed',
      use: { template: 'lt-1', version: '7' },
      overrides: [{ use: { template: 'lt-1', version: '7' } }, { image: 'ami-2' }],
    });
    expect(JSON.stringify(launch)).not.toContain('LaunchTemplateName');
    if (launch?.kind !== 'mixed') throw new Error('no policy');
    await account.groups.relaunch('a', launch);
    const sent = Object.fromEntries(new URLSearchParams(requests[1]));
    expect(sent).toMatchObject({
      'MixedInstancesPolicy.InstancesDistribution.OnDemandBaseCapacity': '1',
      'MixedInstancesPolicy.LaunchTemplate.LaunchTemplateSpecification.Version': '7',
      'MixedInstancesPolicy.LaunchTemplate.Overrides.member.1.InstanceType': 'r6i.large',
      'MixedInstancesPolicy.LaunchTemplate.Overrides.member.3.ImageId': 'ami-2',
    });
  });

  test('one with a launch configuration, and one with nothing', async () => {
    answers = [described('<LaunchConfigurationName>c</LaunchConfigurationName>'), described('')];
    const account = open();
    expect((await account.groups.find('a'))?.launch).toEqual({ kind: 'configuration', name: 'c' });
    expect((await account.groups.find('a'))?.launch).toEqual({ kind: 'unknown' });
  });
});

test('a parameter whose oldest version is labelled says which label is in the way', async () => {
  const past = (Version: number, Labels: string[]) => ({
    Value: 'v',
    Version,
    LastModifiedDate: 1_780_000_000,
    Labels,
  });
  answers = [
    `{"__type":"ParameterMaxVersionLimitExceeded","message":"<Error"}`,
    JSON.stringify({ Parameters: [past(18, []), past(17, ['live'])] }),
  ];
  await expect(open().parameters.put('/a', 'b')).rejects.toMatchObject({
    code: 'parameter-labelled',
    message: '/a has 2 versions, and version 17 cannot make room: it is labelled live',
  });
});

test('a stack that is not there is absent', async () => {
  answers = [queryError('ValidationError')];
  expect(await open().stacks.find('a')).toBeUndefined();
});
