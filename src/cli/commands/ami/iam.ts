import { iamPolicyOf, statePolicy, type PolicyRole } from '../../../ami/iam-policy.ts';
import { WarmbakeError } from '../../../platform/errors.ts';
import type { Host } from '../../../platform/host.ts';
import {
  CONFIG_OPTIONS,
  type CommandSpec,
  type Input,
  type CommandOutcome,
  textOption,
  never,
} from '../../command.ts';
import { FAMILY_OPTION, loadFamilyAndState } from './family.ts';

const IAM_ROLES: readonly PolicyRole[] = ['job', 'operator'];

/** `warmbake ami iam`: the IAM policy that the commands need. */
export const amiIamCommand: CommandSpec = {
  args: '<role>',
  description:
    'Print the IAM policy that the commands about machine images need: `job` for the scheduled rebuild, `operator` for people who roll, hold and go back. Asks nobody.',
  options: [
    ...CONFIG_OPTIONS,
    FAMILY_OPTION,
    { flags: '--account <id>', help: 'account of the resources (default: any)' },
  ],
  examples: [
    'warmbake ami iam job --account 123456789012',
    'warmbake ami iam operator > operator-policy.json',
  ],
  changesShared: never,
  run: amiIam,
};

async function amiIam(host: Host, input: Input): Promise<CommandOutcome> {
  const { family, state } = await loadFamilyAndState(host, input);
  const written = input.args[0] ?? '';
  const role = IAM_ROLES.find((one) => one === written);
  if (role === undefined) {
    throw new WarmbakeError('usage', 'role-unknown', `'${written}' is not a role; write job or operator`);
  }
  const account = textOption(input, 'account') ?? '*';
  if (!/^(?:\d{12}|\*)$/.test(account)) {
    throw new WarmbakeError('usage', 'bad-account', `'${account}' is not an account; write 12 digits`);
  }
  const own = iamPolicyOf(role, family, account);
  const policy = { ...own, Statement: [...own.Statement, ...statePolicy(state, family.region)] };
  return { json: { role, family: family.key, policy }, text: `${JSON.stringify(policy, undefined, 2)}\n` };
}
