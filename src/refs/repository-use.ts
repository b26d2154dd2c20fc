import { SAMPLE_COMMIT } from '../config/fields.ts';
import { everyRepository } from '../config/repository-rules.ts';
import { fillTarget } from '../config/repository-template.ts';
import type { Settings, TrustPair } from '../config/settings.ts';
import { expand } from '../config/template.ts';
import type { EcrUse } from '../registry/ecr-policy.ts';
import { type Repository, parseReference, repositoryName } from '../registry/reference.ts';

/**
 * The repositories that builds of one trust use: a trusted build reads and writes what only trusted builds write; every other one reads
 * the trusted cache, and writes the untrusted repositories. Both pull base images.
 */
export function repositoryUse(settings: Settings, { trusted }: { readonly trusted: boolean }): EcrUse {
  const { images, cache } = repositoryPatterns(settings);
  const bases = basePlaces(settings);
  return trusted
    ? {
        pulls: bases,
        pushes: [...images.trusted, ...cache.trusted, ...extraRepositories(settings)],
        names: [],
      }
    : { pulls: [...cache.trusted, ...bases], pushes: [...images.untrusted, ...cache.untrusted], names: [] };
}

/** Repositories by trust, as policies name them: a path with `*` where each target has one. */
type Patterns = Readonly<Record<'trusted' | 'untrusted', readonly Repository[]>>;

/**
 * The repositories of all targets that there are and can be. The rules of the configuration keep patterns of the two trusts apart, so
 * that none matches a repository of the other.
 */
export function repositoryPatterns({
  images,
  cache,
  targets,
  written,
}: Pick<Settings, 'images' | 'cache' | 'targets' | 'written'>): Readonly<
  Record<'images' | 'cache', Patterns>
> {
  const entries = targets.map((target) => [target.name, target.written ?? {}] as const);
  const all =
    written === undefined ? [] : everyRepository({ shared: written, targets: Object.fromEntries(entries) });
  const of = (purpose: 'images' | 'cache', shared: TrustPair): Patterns => {
    const each = (trust: keyof TrustPair) => {
      const named = all.filter((one) => one.purpose === purpose && one.trust === trust);
      return once(
        [shared[trust], ...named.map(({ repository }) => repository)].map((one) => fillTarget(one, '*')),
      );
    };
    return { trusted: each('trusted'), untrusted: each('untrusted') };
  };
  return { images: of('images', images), cache: of('cache', cache) };
}

function once(repositories: readonly Repository[]): readonly Repository[] {
  return [...new Map(repositories.map((one) => [repositoryName(one), one])).values()];
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
