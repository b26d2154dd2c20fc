import type { FakeAccount } from '../fake/account.ts';
import { Refused } from './answers.ts';

/** What SSM answers out of the fake account. */
export async function ssmAnswer(
  { ports }: FakeAccount,
  action: string,
  { Name = '', Value = '' }: { readonly Name?: string; readonly Value?: string },
): Promise<unknown> {
  switch (action) {
    case 'GetParameter': {
      const found = await ports.parameters.get(Name);
      if (found === undefined) throw new Refused('ParameterNotFound');
      const written =
        found.modifiedAt === undefined ? {} : { LastModifiedDate: found.modifiedAt.getTime() / 1_000 };
      return { Parameter: { Name, Type: 'String', Value: found.value, Version: found.version, ...written } };
    }
    case 'PutParameter':
      return { Version: await ports.parameters.put(Name, Value) };
    case 'GetParameterHistory': {
      const history = await ports.parameters.history(Name);
      const Parameters = history.map(({ value, version, modifiedAt, modifiedBy }) => ({
        Value: value,
        Version: version,
        LastModifiedDate: modifiedAt.getTime() / 1_000,
        LastModifiedUser: modifiedBy,
      }));
      return { Parameters };
    }
    case 'DescribeParameters':
      return { Parameters: [] };
    default:
      throw new Refused(`InvalidAction.${action}`);
  }
}
