import type { Aws } from '../../platform/aws.ts';
import { lazily } from '../../platform/lazily.ts';
import type { Identity } from '../model/account.ts';
import { present } from './present.ts';

/** {@link Identity} on STS. */
export function openIdentity(aws: Aws): Identity {
  const caller = lazily(async () => {
    const { GetCallerIdentityCommand, STSClient } = await import('@aws-sdk/client-sts');
    const client = new STSClient(aws.limited('STS'));
    const name = { action: 'sts:GetCallerIdentity', subject: 'these credentials' };
    const answer = await aws.call(
      name,
      async (options) => await client.send(new GetCallerIdentityCommand({}), options),
    );
    return { account: present(answer.Account, name, 'Account'), arn: present(answer.Arn, name, 'Arn') };
  });
  return { caller };
}
