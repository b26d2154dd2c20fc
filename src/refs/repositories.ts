import { createHash } from 'node:crypto';
import { fillTarget } from '../config/repository-template.ts';
import type { Settings, TargetSettings, TrustPair } from '../config/settings.ts';
import { parseRepository } from '../registry/reference.ts';

/** What of a target names its repositories. */
export type RepositoryOwner = Pick<TargetSettings, 'name' | 'repositories'>;

/** The repositories of a target's images. */
export function imageRepositories({ images }: Pick<Settings, 'images'>, target: RepositoryOwner): TrustPair {
  return filled(target.repositories?.images ?? images, target.name);
}

/** The repositories of a target's layer caches. */
export function cacheRepositories(
  { cache }: { readonly cache: TrustPair },
  target: RepositoryOwner,
): TrustPair {
  return filled(target.repositories?.cache ?? cache, target.name);
}

function filled({ trusted, untrusted }: TrustPair, name: string): TrustPair {
  const part = repositoryPart(name);
  return { trusted: fillTarget(trusted, part), untrusted: fillTarget(untrusted, part) };
}

/**
 * A target's name as a part of a repository's name, which knows no capitals: with ten digits of its SHA-256 where it is none, so that
 * different targets have different repositories.
 */
export function repositoryPart(name: string): string {
  if (parseRepository(`localhost/${name}`)?.path === name && !/-[0-9a-f]{10}$/.test(name)) return name;
  const slug = name
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .replaceAll(/^-+|-+$/g, '');
  const hash = createHash('sha256').update(name).digest('hex').slice(0, 10);
  return `${slug === '' ? 'target' : slug.slice(0, 100)}-${hash}`;
}
