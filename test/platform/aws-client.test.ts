import { AutoScalingClient } from '@aws-sdk/client-auto-scaling';
import { CloudFormationClient } from '@aws-sdk/client-cloudformation';
import { EC2Client } from '@aws-sdk/client-ec2';
import { SSMClient } from '@aws-sdk/client-ssm';
import { expect, it } from 'vitest';
import { withoutLog } from '../../src/platform/aws-client.ts';

it.each([
  ['EC2', () => new EC2Client({ region: 'us-east-1' })],
  ['Auto Scaling', () => new AutoScalingClient({ region: 'us-east-1' })],
  ['CloudFormation', () => new CloudFormationClient({ region: 'us-east-1' })],
  ['SSM', () => new SSMClient({ region: 'us-east-1' })],
])('%s keeps no log of its answers', (_, open) => {
  const client = withoutLog(open());
  expect(client.middlewareStack.identify().join(' ')).not.toContain('logger');
  expect(() => withoutLog(client)).toThrow('the SDK has no step loggerMiddleware');
});
