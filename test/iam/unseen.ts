import type { IamPolicy } from '../../src/platform/iam-policy.ts';
import type { AwsCall } from '../../parts/moto/front.ts';

/** Actions of Packer and of the sweep behind it: `test/ami/rebuild.slow.test.ts` sees them, with the real Packer. */
export const PACKER_ONLY = [
  'ec2:CreateImage',
  'ec2:DescribeKeyPairs',
  'ec2:DescribeSecurityGroups',
  'ec2:DescribeSubnets',
  'ec2:DescribeVolumes',
  'ec2:EnableImageDeprecation',
  'ec2:ModifyImageAttribute',
  'ec2:RunInstances',
  'ec2:StopInstances',
  'ec2:TerminateInstances',
] as const;

/** Actions that no test can see on an emulated AWS, each with what needs it. */
export const NEVER_SEEN = {
  'iam:PassRole':
    'Auto Scaling checks it when a group gets a template (its user guide, launch template usage)',
  'ec2:CreateKeyPair': 'Packer without a key of its own; the emulated machine has one',
  'ec2:DeleteKeyPair': 'the same; after killed runs: test/ami/moto/image-builder-ec2.wire.test.ts',
  'ec2:DescribeInstanceStatus': "Packer's own list of rights for amazon-ebs",
  'ec2:DescribeRegions': 'Packer with its checks, which an emulation has to switch off',
  'ec2:DeleteVolume': 'what a killed run leaves: test/ami/moto/image-builder-ec2.wire.test.ts',
} as const;

/** Actions of the policy that nothing recorded has used, sorted, each once; those of registries and S3 are recorded elsewhere. */
export function unseenActions({ Statement }: IamPolicy, recorded: readonly AwsCall[]): readonly string[] {
  const seen = new Set(recorded.map(({ action }) => action));
  const named = new Set(Statement.flatMap(({ Action }) => Action));
  return [...named]
    .filter((action) => !seen.has(action) && !/^(?:ecr|ecr-public|s3|sts):/.test(action))
    .toSorted();
}
