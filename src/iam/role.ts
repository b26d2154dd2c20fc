import type { IamPolicy } from '../platform/iam-policy.ts';
import { type BuildScope, buildStatements, loginStatements } from './build-role.ts';
import type { FamilyScope } from './family-scope.ts';
import { machineImageStatements } from './machine-image-role.ts';
import { monitorStatements } from './monitor-role.ts';
import { operatorStatements } from './operator-role.ts';

/** Roles that build images: jobs by their trust. */
export const BUILD_ROLES = ['trusted-build', 'untrusted-build'] as const;
/** Roles that those jobs take to log in to ECR, where the configuration names them. */
export const LOGIN_ROLES = ['trusted-login', 'untrusted-login'] as const;
/** Roles about one family of machine images. */
export const FAMILY_ROLES = ['machine-image', 'operator', 'monitor'] as const;

export type BuildRole = (typeof BUILD_ROLES)[number];
export type LoginRole = (typeof LOGIN_ROLES)[number];
export type FamilyRole = (typeof FAMILY_ROLES)[number];

/** The policy of jobs that build images. */
export function buildPolicy(role: BuildRole, scope: BuildScope): IamPolicy {
  return { Version: '2012-10-17', Statement: buildStatements(scope, { trusted: role === 'trusted-build' }) };
}

/** The policy of a role that jobs take to log in: repositories, and nothing else. */
export function loginPolicy(role: LoginRole, scope: BuildScope): IamPolicy {
  return { Version: '2012-10-17', Statement: loginStatements(scope, { trusted: role === 'trusted-login' }) };
}

/** The policy of who works on a family of machine images. */
export function familyPolicy(role: FamilyRole, scope: FamilyScope): IamPolicy {
  return { Version: '2012-10-17', Statement: STATEMENTS[role](scope) };
}

const STATEMENTS = {
  'machine-image': machineImageStatements,
  operator: operatorStatements,
  monitor: monitorStatements,
} as const;
