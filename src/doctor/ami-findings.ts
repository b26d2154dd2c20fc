import type { Parameter } from '../ami/model/account.ts';
import { parseImageId } from '../ami/model/ids.ts';
import type { FamilySettings } from '../config/families.ts';
import { type CheckCode } from './checks.ts';
import { type DoctorFinding, type Trouble, ok, skipped, thrown, warning } from './finding.ts';

/** Why nobody looks at machine images; `undefined` where somebody does. */
export function familiesNotAsked(
  families: readonly FamilySettings[],
  {
    offline,
    trusted,
    local,
  }: { readonly offline: boolean; readonly trusted: boolean; readonly local: boolean },
): DoctorFinding | undefined {
  const check = 'ami-identity';
  if (families.length === 0) return skipped(check, 'no machine images are configured (ami)');
  if (offline) return skipped(check, 'AWS was not asked (--offline)');
  if (!trusted && !local) return skipped(check, 'an untrusted job changes no machine images');
  return undefined;
}

/**
 * What was thrown where machine images are looked at. A job that builds images of containers needs none of those rights: only for the
 * daily job is it a failure.
 */
export function amiTrouble(check: CheckCode, error: unknown, state: Trouble['state']): Trouble {
  const trouble = thrown(check, error, state);
  const role = '; the policy of the daily job is `warmbake iam machine-image`';
  const own =
    state === 'failed'
      ? ''
      : ', unless this job has nothing to do with machine images (--ami says that it has)';
  return { ...trouble, fix: `${trouble.fix}${role}${own}` };
}

/** What the family's parameter says. */
export function parameterFinding(
  { parameter }: Pick<FamilySettings, 'parameter'>,
  found: Parameter | undefined,
): DoctorFinding {
  const check = 'ami-parameter';
  if (found === undefined) return ok(check, `${parameter} is not there yet: the first publication makes it`);
  if (parseImageId(found.value) === undefined) {
    return warning(check, {
      text: `${parameter} holds '${found.value}', which is not the id of an image`,
      fix: 'publish one: `warmbake ami rebuild`, or `warmbake ami rollback --reason …` to go back to a good one',
    });
  }
  return ok(check, `${parameter} can be read: ${found.value} (version ${found.version})`);
}

/** Which of the configured stacks are there. */
export function stacksFinding(found: ReadonlyMap<string, boolean>): DoctorFinding {
  const check = 'ami-stacks';
  const missing = [...found].filter(([, isThere]) => !isThere).map(([name]) => name);
  if (missing.length === 0)
    return ok(check, `all ${found.size} stacks are there: ${[...found.keys()].join(', ')}`);
  return warning(check, {
    text: `there is no stack ${missing.join(', ')}: a rollout ends there`,
    fix: 'correct ami.*.stacks and ami.*.region, or create the stack',
  });
}

/** What EC2 said to a new version of a launch template that it was only asked about. */
export type DryRun = 'allowed' | 'denied' | 'unknown';

/** Whether the daily job may write, as far as that can be tried without writing. */
export function writingFinding(dryRun: DryRun | undefined, state: Trouble['state']): DoctorFinding {
  const check = 'ami-write';
  const rest = 'SSM and Auto Scaling have no dry run';
  if (dryRun === undefined || dryRun === 'unknown') {
    return skipped(check, `${rest}, and there is no launch template or no desired image to ask EC2 about`);
  }
  if (dryRun === 'allowed')
    return ok(
      check,
      `EC2 would allow a new launch-template version (dry run); the rest was not tried: ${rest}`,
    );
  return {
    check,
    state,
    text: 'EC2 would not allow a new launch-template version (dry run)',
    fix: 'allow ec2:CreateLaunchTemplateVersion on it to this role; the policy of the daily job is `warmbake iam machine-image`',
  };
}
