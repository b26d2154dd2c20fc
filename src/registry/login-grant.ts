import type { SessionPolicy } from '../platform/iam-policy.ts';

/** A session of a role, narrowed by a policy to the repositories that a build may use. */
export interface EcrSession {
  /** ARN. */
  readonly role: string;
  readonly policy: SessionPolicy;
}

/** Which logins a run gets. */
export interface LoginGrant {
  /** Who logs in to ECR; the caller's own AWS identity where absent. */
  readonly ecr?: EcrSession;
  /** Hosts whose logins of docker's own configuration are passed on besides those of this run; all of them where absent. */
  readonly hosts?: readonly string[];
}
