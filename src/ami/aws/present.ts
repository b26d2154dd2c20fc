import type { AwsRequestName } from '../../platform/aws-fault.ts';
import { WarmbakeError } from '../../platform/errors.ts';

/** A field that AWS always fills in, though the SDK's types leave that open. Throws `outside`, also where it is empty. */
export function present<T>(value: T | undefined, { action, subject }: AwsRequestName, field: string): T {
  if (value !== undefined && value !== '') return value;
  throw new WarmbakeError('outside', 'aws-incomplete', `${action} (${subject}) answered without ${field}`);
}
