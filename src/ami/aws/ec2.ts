import type * as Sdk from './ec2-sdk.ts';
import type { Aws } from '../../platform/aws.ts';
import { withoutLog } from '../../platform/aws-client.ts';
import { lazily } from '../../platform/lazily.ts';

/** EC2's calls and the one client that they share; the SDK is loaded (half a second) at the first use. */
export interface Ec2 extends Aws {
  load(): Promise<{ readonly sdk: typeof Sdk; readonly client: Sdk.EC2Client }>;
}

/** EC2 of one region. */
export function openEc2(aws: Aws): Ec2 {
  const load = lazily(async () => {
    const sdk = await import('./ec2-sdk.ts');
    return { sdk, client: withoutLog(new sdk.EC2Client(aws.limited('EC2'))) };
  });
  return { ...aws, load };
}
