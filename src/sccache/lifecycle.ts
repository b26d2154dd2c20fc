import type { LifecycleRule } from '@aws-sdk/client-s3';
import type { SccacheSettings } from '../config/settings.ts';

/** Name of our rule; rules of other names are somebody else's. */
const ID = 'warmbake-sccache';

/**
 * Objects expire by the age of their content: sccache never touches what it reads. Uploads that broke off go after a day,
 * and so do old versions, where somebody keeps them.
 */
export function lifecycleRule({ prefix, expireDays }: SccacheSettings): LifecycleRule {
  return {
    ID,
    Status: 'Enabled',
    Filter: { Prefix: prefix === '' ? '' : `${prefix}/` },
    Expiration: { Days: expireDays },
    NoncurrentVersionExpiration: { NoncurrentDays: 1 },
    AbortIncompleteMultipartUpload: { DaysAfterInitiation: 1 },
  };
}

/** The rules that stand with ours among them. */
export function mergeRules(
  existing: readonly LifecycleRule[],
  ours: LifecycleRule,
): readonly LifecycleRule[] {
  return [...existing.filter((rule) => rule.ID !== ID), ours];
}

/** True where `ours` is among `existing`, as it is. */
export function hasRule(existing: readonly LifecycleRule[], ours: LifecycleRule): boolean {
  return existing.some((rule) => rule.ID === ID && essence(rule) === essence(ours));
}

function essence(rule: LifecycleRule): string {
  return JSON.stringify([
    rule.Status,
    rule.Filter?.Prefix ?? rule.Filter?.And?.Prefix ?? '',
    rule.Expiration?.Days,
    rule.NoncurrentVersionExpiration?.NoncurrentDays,
    rule.AbortIncompleteMultipartUpload?.DaysAfterInitiation,
  ]);
}
