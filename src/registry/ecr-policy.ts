import { type IamStatement, allow, partitionOf } from '../platform/iam-policy.ts';
import { parseEcrHost } from './ecr-host.ts';
import type { Repository } from './reference.ts';

/** What a role does with repositories, whose paths can end in `*`; those that are not of ECR are left out, as IAM knows nothing of them. */
export interface EcrUse {
  readonly pulls: readonly Repository[];
  /** Layers and manifests. */
  readonly pushes: readonly Repository[];
  /** Manifests of layers that are there already. */
  readonly names: readonly Repository[];
}

/** What each request of a registry's API needs (ECR user guide, "Private registry authentication" and "IAM permissions for pushing an image"). */
const PULL = ['BatchCheckLayerAvailability', 'BatchGetImage', 'GetDownloadUrlForLayer'];
const UPLOAD = ['CompleteLayerUpload', 'InitiateLayerUpload', 'UploadLayerPart'];
const PUT = ['PutImage'];

/**
 * The rights on ECR for that use. A login carries the rights of whoever asked for it, so these limit the token too. Public repositories
 * are of `account`, as their names do not tell; reading them needs no right but the login.
 */
export function ecrStatements({ pulls, pushes, names }: EcrUse, account: string): readonly IamStatement[] {
  const arns = (repositories: readonly Repository[], kind: 'private' | 'public') => [
    ...new Set(repositories.flatMap((repository) => arnOf(repository, { kind, account }) ?? [])),
  ];
  const of = (
    sid: string,
    service: 'ecr' | 'ecr-public',
    actions: readonly string[],
    on: readonly string[],
  ) =>
    on.length === 0
      ? []
      : [
          allow(
            sid,
            actions.map((action) => `${service}:${action}`),
            { on },
          ),
        ];
  const isUsed = (kind: 'private' | 'public') => arns([...pulls, ...pushes, ...names], kind).length > 0;
  return [
    ...(isUsed('private') ? [allow('LogIn', ['ecr:GetAuthorizationToken'], { on: ['*'] })] : []),
    ...of('Pull', 'ecr', PULL, arns([...pulls, ...pushes, ...names], 'private')),
    ...of('Push', 'ecr', [...UPLOAD, ...PUT], arns(pushes, 'private')),
    ...of('Name', 'ecr', PUT, arns(names, 'private')),
    ...(isUsed('public')
      ? [
          allow('LogInPublic', ['ecr-public:GetAuthorizationToken', 'sts:GetServiceBearerToken'], {
            on: ['*'],
          }),
        ]
      : []),
    ...of('PushPublic', 'ecr-public', [...PULL.slice(0, 1), ...UPLOAD, ...PUT], arns(pushes, 'public')),
    ...of('NamePublic', 'ecr-public', PUT, arns(names, 'public')),
  ];
}

/** `undefined` for a repository of another kind. A public one's path begins with the alias of its registry, which its ARN does not have. */
function arnOf(
  { host, path }: Repository,
  { kind, account }: { readonly kind: 'private' | 'public'; readonly account: string },
): string | undefined {
  const ecr = parseEcrHost(host);
  if (ecr?.kind !== kind) return undefined;
  if (ecr.kind === 'public')
    return `arn:aws:ecr-public::${account}:repository/${path.replace(/^[^/]+\//, '')}`;
  return `arn:${partitionOf(ecr.region)}:ecr:${ecr.region}:${host.slice(0, 12)}:repository/${path}`;
}
