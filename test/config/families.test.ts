import { expect, test } from 'vitest';
import { parseConfiguration } from '../../src/config/parse.ts';
import { problemLine } from '../../src/config/problem.ts';

const HEAD = `repository: github.com/acme/app
images: { registry: images.example, trusted: app, untrusted: app-test }
cache: { registry: cache.example, trusted: app-cache, untrusted: app-test-cache }
bake: { files: [docker-bake.hcl] }
targets: { test: {} }
`;

function family(change = '', stacks = '[a, b]', own = 'name: app-build, parameter: /ci/image'): string {
  return `{ ${own}, region: us-east-1, network: { securityGroup: /ci/sg, subnet: /ci/subnet }, baseStack: 6.21.0, warm: { target: test, step: build, minimumBytes: 20GB, longestStep: 120s }, stacks: ${stacks}${change} }`;
}

function parse(ami: string) {
  const parsed = parseConfiguration(`${HEAD}ami:\n${ami}\n`, { file: 'w.yaml', root: '/repo' });
  return parsed.ok ? parsed.families : parsed.problems.map(problemLine);
}

test('a family has bytes, milliseconds and the defaults of cleaning', () => {
  expect(parse(`  cpu: ${family()}`)).toEqual([
    {
      key: 'cpu',
      name: 'app-build',
      region: 'us-east-1',
      parameter: '/ci/image',
      network: { securityGroup: '/ci/sg', subnet: '/ci/subnet' },
      shareWith: { accounts: [], organizations: [] },
      rollbackTeams: [],
      baseStack: '6.21.0',
      warm: { target: 'test', step: 'build', minimumBytes: 20e9, longestStepMs: 120_000 },
      stacks: ['a', 'b'],
      keep: { newest: 3, minimumAgeMs: 259_200_000, deletePerRun: 3 },
      disk: { kind: 'lazy' },
      notify: [],
    },
  ]);
});

test('all of it can be said', () => {
  const more =
    ', encryption: { key: alias/images }, shareWith: { accounts: ["222222222222"], organizations: ["arn:aws:organizations::111111111111:organization/o-abc123"] }, rollbackTeams: [sre], canary: { stack: a, watch: 10m }, keep: { newest: 5 }, queue: builders, disk: { rate: 300 }, prices: { currency: USD, snapshotGibMonth: 0.05 }, alarm: { maximumAge: 48h, notify: [{ slack: "#ci" }] }';
  expect(parse(`  cpu: ${family(more)}`)).toMatchObject([
    {
      encryptionKey: 'alias/images',
      shareWith: {
        accounts: ['222222222222'],
        organizations: ['arn:aws:organizations::111111111111:organization/o-abc123'],
      },
      rollbackTeams: ['sre'],
      canary: { stack: 'a', watchMs: 600_000, requireProof: false },
      keep: { newest: 5, deletePerRun: 3 },
      queue: 'builders',
      disk: { kind: 'rate', mebibytes: 300 },
      prices: { currency: 'USD', snapshotGibMonth: 0.05 },
      maximumAgeMs: 172_800_000,
      notify: [{ slack: '#ci' }],
    },
  ]);
});

test.each([
  [
    'a canary that is not a stack',
    `  cpu: ${family(', canary: { stack: c, watch: 0s }')}`,
    "'c' is not one of the stacks a, b",
  ],
  ['a stack written twice', `  cpu: ${family('', '[a, a]')}`, "stack 'a' is ami.cpu.stacks[0] already"],
  [
    'a stack of two families',
    `  cpu: ${family()}\n  gpu: ${family('', '[b]', 'name: gpu-build, parameter: /ci/gpu')}`,
    "stack 'b' is ami.cpu.stacks[1] already",
  ],
  [
    'a parameter of two families',
    `  cpu: ${family()}\n  gpu: ${family('', '[c]', 'name: gpu-build, parameter: /ci/image')}`,
    "parameter '/ci/image' is ami.cpu.parameter already",
  ],
  [
    'a name of two families',
    `  cpu: ${family()}\n  gpu: ${family('', '[c]', 'name: app-build, parameter: /ci/gpu')}`,
    "the name 'app-build' is ami.cpu.name already",
  ],
  [
    'a stack with a strange name',
    `  cpu: ${family('', '["a b"]')}`,
    "'a b' is not a valid name of a CloudFormation stack",
  ],
  [
    'a notification of another kind',
    `  cpu: ${family(', alarm: { maximumAge: 2d, notify: [{ fax: x }] }')}`,
    'write one of slack, email',
  ],
])('%s is refused', (_, ami, message) => {
  expect(parse(ami)).toEqual([expect.stringContaining(message)]);
});

test.each([
  ['a rate that EC2 does not have', 'disk: { rate: 400 }', 'write 100 to 300 (MiB/s)'],
  ['another key of the disk', 'disk: { rate: 300, size: 1 }', 'disk.size: unknown key; known are rate'],
  ['a time without a unit', 'usualDrain: 25', "'25' is not a valid duration; write it like 120s, 10m"],
  [
    'a price without an end',
    'prices: { currency: USD, restoreHour: .inf }',
    'Infinity does not fit; write a number',
  ],
  ['another word for the disk', 'disk: fast', 'write lazy, restore, or { rate: 300 }'],
  ['a currency that is none', 'prices: { currency: dollars }', "'dollars' is not a valid currency"],
  ['everybody', 'shareWith: { accounts: [all] }', "'all' is not a valid AWS account"],
  ['an organization by its id', 'shareWith: { organizations: [o-abc] }', "'o-abc' is not a valid ARN"],
  ['a key that is none', 'encryption: { key: "my key" }', "'my key' is not a valid KMS key"],
  [
    "the account's own key for a shared image",
    'encryption: { key: alias/aws/ebs }, shareWith: { accounts: ["222222222222"] }',
    "'alias/aws/ebs' is a key of this account alone, and the image is shared",
  ],
])('refused is %s', (_, written, problem) => {
  expect(parse(`  cpu: ${family(`, ${written}`)}`)).toEqual([expect.stringContaining(problem)]);
});
