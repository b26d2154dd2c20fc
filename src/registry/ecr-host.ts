/** A registry of Amazon ECR, by its host name. */
export type EcrRegistry =
  | { readonly kind: 'private'; readonly region: string }
  /** Its API lives in us-east-1 only (docs.aws.amazon.com/AmazonECR/latest/public/public-registry-auth.html). */
  | { readonly kind: 'public'; readonly region: 'us-east-1' };

const IPV4 = /^\d{12}\.dkr\.ecr(?:-fips)?\.([a-z]{2,}(?:-[a-z0-9]+)+)\.amazonaws\.com(?:\.cn)?$/;
/** docs.aws.amazon.com/AmazonECR/latest/userguide/ecr-requests.html, "dual-stack"; China's partition as in the ECR credential helper. */
const DUAL_STACK =
  /^\d{12}\.dkr-ecr(?:-fips)?\.([a-z]{2,}(?:-[a-z0-9]+)+)\.on\.(?:aws|amazonwebservices\.com\.cn)$/;
const PUBLIC = new Set(['public.ecr.aws', 'ecr-public.aws.com']);

/** Which ECR registry `host` is; `undefined` for every other host. The whole name must match: logins go there. */
export function parseEcrHost(host: string): EcrRegistry | undefined {
  if (PUBLIC.has(host)) return { kind: 'public', region: 'us-east-1' };
  const region = (IPV4.exec(host) ?? DUAL_STACK.exec(host))?.[1];
  return region === undefined ? undefined : { kind: 'private', region };
}
