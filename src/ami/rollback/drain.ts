import type { Instance } from '../model/account.ts';

/**
 * A shell command that drains instances. Auto Scaling ends them through the terminating hook of the Elastic CI stack: its
 * agents take no new job, finish the one they have, and only then the machine goes. Absent where no group launched any.
 */
export function drainCommand(
  instances: readonly Instance[],
  { region }: { readonly region: string },
): string | undefined {
  const ids = instances.flatMap(({ id, group }) => (group === undefined ? [] : [id]));
  if (ids.length === 0) return undefined;
  const call = `aws autoscaling terminate-instance-in-auto-scaling-group --region ${region} --no-should-decrement-desired-capacity --instance-id`;
  return `for id in ${ids.join(' ')}; do ${call} $id; done`;
}
