import type { ImageId, TemplateId } from './ids.ts';
import type { TemplateVersion, VersionName } from './template-version.ts';

/** Latest and default versions of all templates, as one request gives them. */
export type CurrentVersions = readonly TemplateVersion[];

/** The latest version of a template; `undefined` where there is no such template. */
export function latestVersion(current: CurrentVersions, template: TemplateId): TemplateVersion | undefined {
  return ofTemplate(current, template).toSorted((a, b) => b.number - a.number)[0];
}

/** A version that is among them; `undefined` where it is another one, or none. */
export function currentVersion(
  current: CurrentVersions,
  { template, version }: { readonly template: TemplateId; readonly version: VersionName },
): TemplateVersion | undefined {
  if (version === '$Latest') return latestVersion(current, template);
  return ofTemplate(current, template).find(({ number, isDefault }) =>
    version === '$Default' ? isDefault : String(number) === version,
  );
}

/** All versions of a template with the image; `undefined` where it has versions that are not among these. */
export function versionsWithImage(
  current: CurrentVersions,
  { template, image }: { readonly template: TemplateId; readonly image: ImageId },
): readonly TemplateVersion[] | undefined {
  const known = ofTemplate(current, template);
  const numbers = new Set(known.map(({ number }) => number));
  // Numbers begin with 1 and are not given again.
  if (latestVersion(current, template)?.number !== numbers.size) return undefined;
  return known.filter((version) => version.image === image);
}

function ofTemplate(current: CurrentVersions, template: TemplateId): CurrentVersions {
  return current.filter((version) => version.template === template);
}
