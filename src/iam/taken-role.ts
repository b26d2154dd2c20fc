import { type IamPolicy, managedPolicies, terraformJson, terraformPolicy } from '../platform/iam-policy.ts';

/** Who may take a role (IAM user guide, "Roles terms and concepts", trust policy). */
export interface TrustPolicy {
  readonly Version: '2012-10-17';
  readonly Statement: readonly [
    {
      readonly Effect: 'Allow';
      readonly Action: 'sts:AssumeRole';
      readonly Principal: { readonly AWS: readonly string[] };
    },
  ];
}

/** A role that jobs take: those of `takenBy` (ARNs of roles) and nobody else. */
export function trustPolicy(takenBy: readonly string[]): TrustPolicy {
  return {
    Version: '2012-10-17',
    Statement: [{ Effect: 'Allow', Action: 'sts:AssumeRole', Principal: { AWS: takenBy } }],
  };
}

/** The role with its policies as Terraform for provider `hashicorp/aws`. */
export function terraformRole(
  label: string,
  { arn, policy, trust }: { readonly arn: string; readonly policy: IamPolicy; readonly trust: TrustPolicy },
): string {
  const [, path = '', name = ''] = /:role(\/(?:.*\/)?)([^/]+)$/.exec(arn) ?? [];
  const policies = managedPolicies(policy).map((part, index) => {
    const own = index === 0 ? label : `${label}_${index + 1}`;
    return `${terraformPolicy(own, own.replaceAll('_', '-'), part)}
resource "aws_iam_role_policy_attachment" "${own}" {
  role       = aws_iam_role.${label}.name
  policy_arn = aws_iam_policy.${own}.arn
}
`;
  });
  const role = `resource "aws_iam_role" "${label}" {
  name                 = "${name}"
  path                 = "${path}"
  max_session_duration = 3600
  assume_role_policy   = ${terraformJson(trust)}
}
`;
  return [role, ...policies].join('\n');
}
