import { type IamStatement, allow } from '../platform/iam-policy.ts';
import { repositoryPatterns } from '../refs/repository-use.ts';
import { ecrStatements } from '../registry/ecr-policy.ts';
import { keyPairName } from '../ami/model/image-builder-ec2.ts';
import { TAG } from '../ami/model/tags.ts';
import { stateStatements } from '../state/policy.ts';
import {
  OWN_TAG_KEYS,
  type FamilyScope,
  arnIn,
  imageArns,
  taggedAs,
  taggedWhenMade,
} from './family-scope.ts';
import {
  readingFleet,
  readingParameters,
  restoringFast,
  rollingStacks,
  writingParameters,
} from './fleet-statements.ts';

/**
 * The daily job: builds, publishes, rolls, cleans up. It cannot touch the hold, and reaches nothing that it has not made: what it may stop, delete
 * or tag carries the family's tag already, and that tag is set by the request that makes the thing, or not at all.
 */
export function machineImageStatements(scope: FamilyScope): readonly IamStatement[] {
  const { family, settings, state, account } = scope;
  const { images, cache } = repositoryPatterns(settings);
  return [
    ...readingFleet(scope, [...CANARY_READS, ...CLEANING_READS, ...PACKER_READS]),
    readingParameters(scope, { more: [family.network.securityGroup, family.network.subnet], many: true }),
    writingParameters(scope, [family.parameter]),
    ...rollingStacks(scope),
    ...restoringFast(scope),
    ...building(scope),
    ...keeping(scope),
    ...sharing(scope),
    ...ecrStatements({ pulls: [...images.trusted, ...cache.trusted], pushes: [], names: [] }, account),
    ...stateStatements(state, family.region, [
      { area: { kind: 'machine-image', family: family.key }, access: 'write' },
    ]),
  ];
}

const CANARY_READS = ['autoscaling:DescribeScalingActivities'];
/** What failures have left, and what a group is about to launch. */
const CLEANING_READS = [
  'autoscaling:DescribeInstanceRefreshes',
  'ec2:DescribeSnapshots',
  'ssm:DescribeParameters',
];

/** Of Packer's amazon-ebs builder, and of the sweep after killed runs. */
const PACKER_READS = [
  'ec2:DescribeInstanceStatus',
  'ec2:DescribeKeyPairs',
  'ec2:DescribeRegions',
  'ec2:DescribeSecurityGroups',
  'ec2:DescribeSubnets',
  'ec2:DescribeVolumes',
];

/** One instance (with a role only if it may be passed, which is asked besides), its key pair, and an image of its disk; nobody else's instance can be copied. */
function building(scope: FamilyScope): readonly IamStatement[] {
  const { family } = scope;
  const ec2 = (...kinds: readonly string[]) => kinds.map((kind) => arnIn(scope, 'ec2', kind));
  const [anyImage = ''] = imageArns(scope);
  const keyPairs = ec2(`key-pair/${keyPairName(family.key, '*')}`);
  const own = { StringEquals: taggedAs(family) };
  return [
    allow('Keys', ['ec2:CreateKeyPair', 'ec2:DeleteKeyPair'], { on: keyPairs }),
    allow('LaunchBuilder', ['ec2:RunInstances'], {
      on: ec2('instance/*', 'volume/*'),
      when: { StringEquals: taggedWhenMade(family) },
    }),
    allow('LaunchBuilderWith', ['ec2:RunInstances'], {
      on: [anyImage, ...ec2('network-interface/*', 'security-group/*', 'subnet/*'), ...keyPairs],
    }),
    allow('EndBuilder', ['ec2:StopInstances', 'ec2:TerminateInstances', 'ec2:DeleteVolume'], {
      on: ec2('instance/*', 'volume/*'),
      when: own,
    }),
    allow('ImageOfBuilder', ['ec2:CreateImage'], { on: ec2('instance/*'), when: own }),
    allow('MakeImage', ['ec2:CreateImage'], {
      on: imageArns(scope),
      when: { StringEquals: taggedWhenMade(family) },
    }),
    allow('TagWhatIsMade', ['ec2:CreateTags'], {
      on: [...ec2('instance/*', 'volume/*'), ...keyPairs, ...imageArns(scope)],
      when: {
        StringEquals: {
          'ec2:CreateAction': ['CreateImage', 'CreateKeyPair', 'RunInstances'],
          ...taggedWhenMade(family),
        },
      },
    }),
  ];
}

/** With the accounts and organizations of the configuration, one at a time; never with everybody. */
function sharing(scope: FamilyScope): readonly IamStatement[] {
  const { family } = scope;
  const [images = ''] = imageArns(scope);
  const { accounts, organizations } = family.shareWith;
  const units = organizations.filter((arn) => arn.includes(':ou/'));
  const wanted: readonly (readonly [string, readonly string[]])[] = [
    ['userId', accounts],
    ['organizationArn', organizations.filter((arn) => !units.includes(arn))],
    ['organizationalUnitArn', units],
  ];
  const some = wanted.filter(([, who]) => who.length > 0);
  const others = (to: string) => wanted.filter(([kind]) => kind !== to).map(([kind]) => `ec2:Add/${kind}`);
  const share = some.map(([to, who]) =>
    allow(`Share${to[0]?.toUpperCase()}${to.slice(1)}`, ['ec2:ModifyImageAttribute'], {
      on: [images],
      when: {
        StringEquals: { ...taggedAs(family), [`ec2:Add/${to}`]: who },
        Null: Object.fromEntries(['ec2:Add/group', ...others(to)].map((key) => [key, 'true'])),
      },
    }),
  );
  // A cleanup asks too: an image that others may launch stays.
  const read = { on: [images], when: { StringEquals: taggedAs(family) } };
  return [...share, allow('ReadSharing', ['ec2:DescribeImageAttribute'], read)];
}

/** What becomes of images: they may not be shared with others than the configuration names, nor handed to another family. */
function keeping(scope: FamilyScope): readonly IamStatement[] {
  const { family } = scope;
  const on = imageArns(scope);
  const own = taggedAs(family);
  const shared = ['group', 'organizationArn', 'organizationalUnitArn', 'userId'].map((to) => `ec2:Add/${to}`);
  return [
    allow('FinishImages', ['ec2:EnableImageDeprecation', 'ec2:ModifyImageAttribute'], {
      on,
      when: { StringEquals: own, Null: Object.fromEntries(shared.map((key) => [key, 'true'])) },
    }),
    allow('Tag', ['ec2:CreateTags'], {
      on,
      when: { StringEquals: own, StringEqualsIfExists: taggedWhenMade(family), ...OWN_TAG_KEYS },
    }),
    // The mark of a cleanup, and no other tag; a request without keys would take all of them.
    allow('TakeMarkOff', ['ec2:DeleteTags'], {
      on,
      when: {
        StringEquals: own,
        'ForAllValues:StringLike': { 'aws:TagKeys': TAG.condemned },
        Null: { 'aws:TagKeys': 'false' },
      },
    }),
    allow('Delete', ['ec2:DeleteSnapshot', 'ec2:DeregisterImage'], { on, when: { StringEquals: own } }),
  ];
}
