import { readFile } from 'node:fs/promises';
import path from 'node:path';
import type { FamilyScope } from '../../src/iam/family-scope.ts';
import {
  buildPolicy,
  familyPolicy,
  loginPolicy,
  type BuildRole,
  type FamilyRole,
  type LoginRole,
} from '../../src/iam/role.ts';
import type { IamPolicy } from '../../src/platform/iam-policy.ts';
import { parseConfiguration } from '../../src/config/parse.ts';

/** Account of the examples. */
export const ACCOUNT = '111122223333';

const FILE = path.join(import.meta.dirname, '../../bake/vllm.warmbake.yaml');

/** The worked example, which has everything. */
export async function exampleScope(): Promise<FamilyScope> {
  const parsed = parseConfiguration(await readFile(FILE, 'utf8'), { file: FILE, root: '/checkout' });
  if (!parsed.ok) throw new Error('the example is broken');
  const [family] = parsed.families;
  if (family === undefined || parsed.state === undefined) throw new Error('the example lacks something');
  return { settings: parsed.settings, family, account: ACCOUNT, state: parsed.state, templates: ['lt-0a1b'] };
}

/** The policy of any role. */
export function policyOf(role: BuildRole | LoginRole | FamilyRole, scope: FamilyScope): IamPolicy {
  if (role === 'trusted-login' || role === 'untrusted-login') return loginPolicy(role, scope);
  return role === 'trusted-build' || role === 'untrusted-build'
    ? buildPolicy(role, scope)
    : familyPolicy(role, scope);
}
