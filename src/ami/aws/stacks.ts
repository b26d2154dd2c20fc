import type { Stack as SdkStack } from '@aws-sdk/client-cloudformation';
import type { Aws } from '../../platform/aws.ts';
import { withoutLog } from '../../platform/aws-client.ts';
import { lazily } from '../../platform/lazily.ts';
import type { AwsRequestName } from '../../platform/aws-fault.ts';
import { askedTogether } from '../../platform/together.ts';
import type { Stack, Stacks } from '../model/account.ts';
import { present } from './present.ts';
import { listOf } from './whole-list.ts';

/** CloudFormation's code for "Stack with id … does not exist" and "Resource … does not exist for stack …". */
const ABSENT = ['ValidationError'];

/** {@link Stacks} on CloudFormation. */
export function openStacks(aws: Aws): Stacks {
  const load = lazily(async () => {
    const sdk = await import('./cloudformation-sdk.ts');
    return { sdk, client: withoutLog(new sdk.CloudFormationClient(aws.limited('CloudFormation'))) };
  });
  return {
    async find(stack) {
      const { sdk, client } = await load();
      const name = { action: 'cloudformation:DescribeStacks', subject: stack };
      const answer = await aws.ask(
        { ...name, expect: ABSENT },
        async (options) => await client.send(new sdk.DescribeStacksCommand({ StackName: stack }), options),
      );
      if (!answer.ok) return undefined;
      const [found] = present(answer.value.Stacks, name, 'Stacks');
      return found === undefined ? undefined : readStack(found, name);
    },
    list: askedTogether(async () => {
      const { sdk, client } = await load();
      const name = { action: 'cloudformation:DescribeStacks', subject: 'all stacks' };
      const stacks = await listOf(aws, { name, field: 'Stacks' }, (options) =>
        sdk.paginateDescribeStacks({ client }, {}, options),
      );
      return stacks.map((stack) => ({
        name: present(stack.StackName, name, 'StackName'),
        ...readStack(stack, name),
      }));
    }),
    async resource(stack, logicalId) {
      const { sdk, client } = await load();
      const input = { StackName: stack, LogicalResourceId: logicalId };
      const name = { action: 'cloudformation:DescribeStackResource', subject: `${logicalId} of ${stack}` };
      const answer = await aws.ask(
        { ...name, expect: ABSENT },
        async (options) => await client.send(new sdk.DescribeStackResourceCommand(input), options),
      );
      if (!answer.ok) return undefined;
      const id = present(answer.value.StackResourceDetail, name, 'StackResourceDetail').PhysicalResourceId;
      return id === '' ? undefined : id;
    },
  };
}

function readStack(
  { StackStatus: status, Parameters: parameters = [] }: SdkStack,
  name: AwsRequestName,
): Stack {
  return {
    status: present(status, name, 'StackStatus'),
    parameters: Object.fromEntries(
      parameters.map(({ ParameterKey, ParameterValue }) => [ParameterKey ?? '', ParameterValue ?? '']),
    ),
    resolved: parameters.flatMap(({ ResolvedValue }) => ResolvedValue ?? []),
  };
}
