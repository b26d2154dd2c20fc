/** An IAM policy document (IAM user guide, "JSON policy element reference"). */
export interface IamPolicy {
  readonly Version: '2012-10-17';
  readonly Statement: readonly IamStatement[];
}

/** A permission. Nothing of ours denies: what is not allowed is denied already. */
export interface IamStatement {
  readonly Sid: string;
  readonly Effect: 'Allow';
  readonly Action: readonly string[];
  readonly Resource: readonly string[];
  readonly Condition?: IamCondition;
}

/** A policy that narrows a session. Its length is short, so statements need no names. */
export interface SessionPolicy {
  readonly Version: '2012-10-17';
  readonly Statement: readonly Omit<IamStatement, 'Sid'>[];
}

/** All of them must hold; of several values of one key, one. */
export type IamCondition = Readonly<Record<string, Readonly<Record<string, string | readonly string[]>>>>;

/** One permission, without condition or under it. */
export function allow(
  Sid: string,
  Action: readonly string[],
  { on, when }: { readonly on: readonly string[]; readonly when?: IamCondition },
): IamStatement {
  const statement = { Sid, Effect: 'Allow', Action, Resource: on } as const;
  return when === undefined ? statement : { ...statement, Condition: when };
}

/** The part of AWS that a region belongs to, as ARNs begin with it. */
export function partitionOf(region: string): string {
  if (region.startsWith('cn-')) return 'aws-cn';
  return region.startsWith('us-gov-') ? 'aws-us-gov' : 'aws';
}

/** Longest managed policy, in characters without white space (IAM user guide, "IAM and AWS STS quotas"). */
const MANAGED_POLICY = 6_144;

/** The same permissions in managed policies that IAM takes, as few as the order of statements allows. */
export function managedPolicies({ Version, Statement }: IamPolicy): readonly IamPolicy[] {
  const policies: IamStatement[][] = [[]];
  for (const statement of Statement) {
    const last = policies.at(-1) ?? [];
    if (last.length > 0 && lengthOf([...last, statement]) > MANAGED_POLICY) policies.push([statement]);
    else last.push(statement);
  }
  return policies.map((statements) => ({ Version, Statement: statements }));
}

function lengthOf(Statement: readonly IamStatement[]): number {
  return JSON.stringify({ Version: '2012-10-17', Statement }).length;
}

/** A policy as a Terraform resource for provider `hashicorp/aws`; both names of plain words. */
export function terraformPolicy(label: string, name: string, policy: object): string {
  return `resource "aws_iam_policy" "${label}" {
  name   = "${name}"
  policy = ${terraformJson(policy)}
}
`;
}

/** JSON is a form of HCL's expressions; a heredoc keeps it as it is, whatever `terraform fmt` thinks of its columns. */
export function terraformJson(document: object): string {
  const json = JSON.stringify(document, undefined, 2).replaceAll('${', '$${').replaceAll('%{', '%%{');
  return `<<-POLICY\n${json.replaceAll(/^/gm, '    ')}\n  POLICY`;
}
