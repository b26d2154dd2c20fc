import { lazily, type Aws } from '../../platform/aws.ts';
import type { Stacks } from '../model/account.ts';
import { present } from './present.ts';

/** CloudFormation's code for "Stack with id … does not exist" and "Resource … does not exist for stack …". */
const ABSENT = ['ValidationError'];

/** {@link Stacks} on CloudFormation. */
export function openStacks(aws: Aws): Stacks {
  const load = lazily(async () => {
    const sdk = await import('@aws-sdk/client-cloudformation');
    return { sdk, client: new sdk.CloudFormationClient(aws.settings) };
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
      if (found === undefined) return undefined;
      return {
        status: present(found.StackStatus, name, 'StackStatus'),
        parameters: Object.fromEntries(
          (found.Parameters ?? []).map(({ ParameterKey, ParameterValue }) => [
            ParameterKey ?? '',
            ParameterValue ?? '',
          ]),
        ),
        resolved: (found.Parameters ?? []).flatMap(({ ResolvedValue }) => ResolvedValue ?? []),
      };
    },
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
