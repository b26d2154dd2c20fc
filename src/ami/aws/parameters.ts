import { lazily, type Aws } from '../../platform/aws.ts';
import type { AwsRequestName } from '../../platform/aws-fault.ts';
import { WarmbakeError } from '../../platform/errors.ts';
import type { Parameters, PastParameter } from '../model/account.ts';
import { present } from './present.ts';
import { wholeList } from './whole-list.ts';

/** SSM keeps 100 versions of a parameter. */
const FULL = 'ParameterMaxVersionLimitExceeded';
const ABSENT = ['ParameterNotFound', 'ParameterVersionNotFound'];

/** {@link Parameters} on SSM. */
export function openParameters(aws: Aws): Parameters {
  const load = lazily(async () => {
    const sdk = await import('@aws-sdk/client-ssm');
    return { sdk, client: new sdk.SSMClient(aws.settings) };
  });
  const history = async (parameter: string): Promise<readonly PastParameter[]> => {
    const { sdk, client } = await load();
    const name = { action: 'ssm:GetParameterHistory', subject: parameter };
    const answer = await aws.ask(
      { ...name, expect: ABSENT },
      async (options) =>
        await wholeList(
          sdk.paginateGetParameterHistory({ client, pageSize: 50 }, { Name: parameter }, options),
          'Parameters',
          name,
        ),
    );
    return (answer.ok ? answer.value : [])
      .map((past) => ({
        value: present(past.Value, name, 'Value'),
        version: present(past.Version, name, 'Version'),
        modifiedAt: present(past.LastModifiedDate, name, 'LastModifiedDate'),
        modifiedBy: past.LastModifiedUser ?? '',
        labels: past.Labels ?? [],
      }))
      .toSorted((a, b) => b.version - a.version);
  };
  return {
    async get(parameter) {
      const { sdk, client } = await load();
      const name = { action: 'ssm:GetParameter', subject: parameter };
      const answer = await aws.ask(
        { ...name, expect: ABSENT },
        async (options) => await client.send(new sdk.GetParameterCommand({ Name: parameter }), options),
      );
      if (!answer.ok) return undefined;
      const found = present(answer.value.Parameter, name, 'Parameter');
      requireAnswerOf(found.Name, parameter, name);
      return {
        value: present(found.Value, name, 'Value'),
        version: present(found.Version, name, 'Version'),
      };
    },
    async put(parameter, value) {
      const { sdk, client } = await load();
      const name = { action: 'ssm:PutParameter', subject: parameter };
      const input = { Name: parameter, Value: value, Type: 'String' as const, Overwrite: true };
      const answer = await aws.ask(
        { ...name, expect: [FULL] },
        async (options) => await client.send(new sdk.PutParameterCommand(input), options),
      );
      if (answer.ok) return present(answer.value.Version, name, 'Version');
      throw fullOf(parameter, await history(parameter));
    },
    history,
  };
}

/** The value of another parameter must not pass for this one's. Version or label can be part of what was asked; an ARN has the name in it. */
function requireAnswerOf(found: string | undefined, asked: string, name: AwsRequestName): void {
  if (found !== undefined && (asked.startsWith('arn:') || asked.split(':')[0] === found.split(':')[0]))
    return;
  const message = `${name.action} (${name.subject}) answered with parameter '${found ?? ''}'`;
  throw new WarmbakeError('outside', 'aws-incomplete', message);
}

/** The oldest version makes room for the newest, except where it carries a label. */
function fullOf(parameter: string, history: readonly PastParameter[]): WarmbakeError {
  const oldest = history.at(-1);
  const labels = oldest?.labels.join(', ') ?? '';
  return new WarmbakeError(
    'outside',
    'parameter-labelled',
    `${parameter} has ${history.length} versions, and version ${oldest?.version} cannot make room: it is labelled ${labels}`,
    { hint: 'remove that label, or move it to a newer version' },
  );
}
