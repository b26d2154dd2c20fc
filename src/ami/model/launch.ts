import type { TemplateId } from './ids.ts';
import { isJsonObject, type JsonObject } from './json.ts';
import type { VersionName } from './template-version.ts';

/** A version of a template, as an Auto Scaling group names it. */
export interface TemplateUse {
  readonly template: TemplateId;
  readonly version: VersionName;
}

/** What a group launches that can be moved to another version. */
export type Launch =
  | { readonly kind: 'template'; readonly use: TemplateUse }
  | {
      readonly kind: 'mixed';
      readonly use: TemplateUse;
      readonly overrides: readonly LaunchOverride[];
      /** `MixedInstancesPolicy` as Auto Scaling describes it, template names left out where ids stand beside them. */
      readonly policy: JsonObject;
    };

/** What a group launches. */
export type GroupLaunch =
  | Launch
  /** A launch configuration, the predecessor of templates. */
  | { readonly kind: 'configuration'; readonly name: string }
  /** Nothing that could be read. */
  | { readonly kind: 'unknown' };

/** An entry of a mixed-instances policy that brings its own template or image: a new version does not reach it. */
export interface LaunchOverride {
  readonly use?: TemplateUse;
  readonly image?: string;
}

/**
 * The same launch from another version. The policy goes back whole: what Auto Scaling does with members of a nested policy
 * that are left out is not documented (UpdateAutoScalingGroup).
 */
export function withVersion(launch: Launch, version: number): Launch {
  const use: TemplateUse = { ...launch.use, version: `${version}` };
  if (launch.kind === 'template') return { kind: 'template', use };
  const { policy } = launch;
  const template = objectAt(policy, 'LaunchTemplate');
  const specification = objectAt(template, 'LaunchTemplateSpecification');
  return {
    ...launch,
    use,
    policy: {
      ...policy,
      LaunchTemplate: {
        ...template,
        LaunchTemplateSpecification: { ...specification, Version: use.version },
      },
    },
  };
}

/** Every template version that the group may launch: its own and those of overrides. */
export function usesOf(launch: Launch): readonly TemplateUse[] {
  const overrides = launch.kind === 'mixed' ? launch.overrides : [];
  return [launch.use, ...overrides.flatMap(({ use }) => (use === undefined ? [] : [use]))];
}

function objectAt(parent: JsonObject, key: string): JsonObject {
  const value = parent[key];
  return isJsonObject(value) ? value : {};
}
