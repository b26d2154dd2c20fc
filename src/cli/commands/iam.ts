import type { Settings } from '../../config/settings.ts';
import {
  BUILD_ROLES,
  FAMILY_ROLES,
  LOGIN_ROLES,
  buildPolicy,
  familyPolicy,
  loginPolicy,
  type FamilyRole,
  type LoginRole,
} from '../../iam/role.ts';
import { terraformRole, trustPolicy } from '../../iam/taken-role.ts';
import { WarmbakeError } from '../../platform/errors.ts';
import { warn } from '../../platform/events.ts';
import type { Host } from '../../platform/host.ts';
import { type IamPolicy, managedPolicies, terraformPolicy } from '../../platform/iam-policy.ts';
import {
  CONFIG_OPTIONS,
  type CommandSpec,
  type Input,
  type CommandOutcome,
  flag,
  listOption,
  textOption,
  never,
} from '../command.ts';
import { openConfiguration } from '../open-configuration.ts';
import { FAMILY_OPTION, chooseFamily } from './ami/family.ts';

const ROLE_NAMES = [...BUILD_ROLES, ...LOGIN_ROLES, ...FAMILY_ROLES];

/** `warmbake iam`: what each role may do, and nothing else. */
export const iamCommand: CommandSpec = {
  args: '<role>',
  choices: ROLE_NAMES,
  description:
    'Print the IAM policy of a role, made of the configuration: trusted-build and untrusted-build for jobs that build images, trusted-login and untrusted-login for the roles that these take to log in to ECR, machine-image for the daily job, operator for people who go back and hold, monitor for whoever only looks. Asks nobody.',
  options: [
    ...CONFIG_OPTIONS,
    FAMILY_OPTION,
    { flags: '--account <id>', help: 'account of the resources (default: any)' },
    {
      flags: '--launch-template <id...>',
      help: 'launch templates of the stacks (default: any of the account)',
    },
    {
      flags: '--taken-by <arn...>',
      help: 'of a login role: roles of the queues whose jobs take it, for its trust policy',
    },
    { flags: '--terraform', help: 'as Terraform resources, each short enough for a managed policy' },
  ],
  examples: [
    'warmbake iam untrusted-build --account 123456789012',
    'warmbake iam untrusted-login --taken-by arn:aws:iam::123456789012:role/pull-requests-Role --terraform',
    'warmbake iam machine-image --account 123456789012 --launch-template lt-0123456789abcdef0',
    'warmbake iam operator --terraform > operator.tf',
  ],
  changesShared: never,
  run,
};

async function run(host: Host, input: Input): Promise<CommandOutcome> {
  const role = requireRole(input.args[0] ?? '');
  const { settings, families, state, file, warnings } = await openConfiguration(host, input);
  for (const warning of warnings) host.emit({ type: 'warning', warning });
  const scope = {
    settings,
    account: requireMatch(input, { option: 'account', form: /^\d{12}$/, wanted: '12 digits' }) ?? '*',
    ...(state === undefined ? {} : { state }),
  };
  if (role.kind === 'build') return outcome(role.name, buildPolicy(role.name, scope), input);
  if (role.kind === 'login')
    return loginOutcome(role.name, { settings, policy: loginPolicy(role.name, scope) }, input);
  const family = chooseFamily(families, { key: textOption(input, 'family'), file });
  const templates = listOption(input, 'launchTemplate');
  for (const id of templates)
    requireForm(id, { option: 'launch-template', form: /^lt-[0-9a-f]{8,17}$/, wanted: 'lt- and hex digits' });
  if (templates.length === 0 && role.name !== 'monitor') {
    warn(
      host.emit,
      'iam-any-launch-template',
      'without --launch-template the policy allows new versions of every launch template of the account, also of groups that launch the latest one',
    );
  }
  return outcome(role.name, familyPolicy(role.name, { ...scope, family, templates }), input, family.key);
}

type ChosenRole =
  | { readonly kind: 'build'; readonly name: (typeof BUILD_ROLES)[number] }
  | { readonly kind: 'login'; readonly name: LoginRole }
  | { readonly kind: 'family'; readonly name: FamilyRole };

function requireRole(written: string): ChosenRole {
  const build = BUILD_ROLES.find((name) => name === written);
  if (build !== undefined) return { kind: 'build', name: build };
  const login = LOGIN_ROLES.find((name) => name === written);
  if (login !== undefined) return { kind: 'login', name: login };
  const family = FAMILY_ROLES.find((name) => name === written);
  if (family !== undefined) return { kind: 'family', name: family };
  throw new WarmbakeError(
    'usage',
    'role-unknown',
    `'${written}' is not a role; write one of ${ROLE_NAMES.join(', ')}`,
  );
}

/** What an option has to look like. */
interface Form {
  readonly option: string;
  readonly form: RegExp;
  readonly wanted: string;
}

function requireMatch(input: Input, form: Form): string | undefined {
  const written = textOption(input, form.option);
  if (written !== undefined) requireForm(written, form);
  return written;
}

/** What is printed goes into a policy as it is. */
function requireForm(written: string, { option, form, wanted }: Form): void {
  if (form.test(written)) return;
  throw new WarmbakeError('usage', `bad-${option}`, `--${option} '${written}' does not fit; write ${wanted}`);
}

/** A role that jobs take is what it may and who may take it. */
function loginOutcome(
  role: LoginRole,
  { settings, policy }: { readonly settings: Settings; readonly policy: IamPolicy },
  input: Input,
): CommandOutcome {
  const { trusted, untrusted } = settings.logins.assume;
  const arn = role === 'trusted-login' ? trusted : untrusted;
  if (arn === undefined) {
    const key = `logins.assume.${role.replace('-login', '')}`;
    throw new WarmbakeError('config', 'login-role-missing', `the configuration names no role: ${key}`);
  }
  const takenBy = listOption(input, 'takenBy');
  const form = { option: 'taken-by', form: ROLE_ARN, wanted: 'the ARN of a role' };
  for (const one of takenBy) requireForm(one, form);
  if (takenBy.length === 0) {
    const message = 'a role that anybody may take narrows nothing';
    throw new WarmbakeError('usage', 'taken-by-missing', message, {
      hint: "name the queue's role: --taken-by arn:aws:iam::ACCOUNT:role/NAME",
    });
  }
  const trust = trustPolicy(takenBy);
  const text = flag(input, 'terraform')
    ? terraformRole(`warmbake_${role.replaceAll('-', '_')}`, { arn, policy, trust })
    : `${JSON.stringify({ policy, trust }, undefined, 2)}\n`;
  return { json: { role, arn, policy, trust }, text };
}

const ROLE_ARN = /^arn:aws[a-z-]*:iam::\d{12}:role\/[\w+=,.@/-]{1,512}$/;

function outcome(role: string, policy: IamPolicy, input: Input, family?: string): CommandOutcome {
  const base = ['warmbake', role, ...(family === undefined ? [] : [family])].join('-');
  const resources = managedPolicies(policy).map((part, index) => {
    const name = index === 0 ? base : `${base}-${index + 1}`;
    return terraformPolicy(name.replaceAll('-', '_'), name, part);
  });
  const text = flag(input, 'terraform') ? resources.join('\n') : `${JSON.stringify(policy, undefined, 2)}\n`;
  return { json: { role, ...(family === undefined ? {} : { family }), policy }, text };
}
