import { SAMPLE_COMMIT } from '../config/fields.ts';
import type { Settings } from '../config/settings.ts';
import { expand } from '../config/template.ts';
import type { EcrUse } from '../registry/ecr-policy.ts';
import { type Repository, parseReference } from '../registry/reference.ts';

/**
 * The repositories that builds of one trust use: a trusted build reads and writes what only trusted builds write; every other one reads
 * the trusted cache, and writes the untrusted repositories. Both pull base images.
 */
export function repositoryUse(settings: Settings, { trusted }: { readonly trusted: boolean }): EcrUse {
  const { images, cache } = settings;
  const bases = basePlaces(settings);
  return trusted
    ? { pulls: bases, pushes: [images.trusted, cache.trusted, ...extraRepositories(settings)], names: [] }
    : { pulls: [cache.trusted, ...bases], pushes: [images.untrusted, cache.untrusted], names: [] };
}

/** Where base images come from; a path can end in `*`. Hosts without repositories have none. */
function basePlaces({ logins }: Settings): readonly Repository[] {
  return (logins.pull ?? []).map(({ host, path = '' }) => ({ host, path }));
}

/** Repositories that trusted builds export to besides. */
function extraRepositories({ cache }: Settings): readonly Repository[] {
  const sample = { commit: SAMPLE_COMMIT, lane: '', laneSuffix: '' };
  return cache.alsoExport.flatMap((template) => parseReference(expand(template, sample)) ?? []);
}
