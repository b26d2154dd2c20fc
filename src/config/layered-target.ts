import { WarmbakeError } from '../platform/errors.ts';
import type { Repository } from '../registry/reference.ts';
import { parseRepositoryTemplate } from './repository-template.ts';
import type { Settings, TargetSettings, TrustPair, WrittenRepositories } from './settings.ts';
import type { WrittenTarget } from './target-schema.ts';

/**
 * The settings of one target from the entries that speak of it, the most specific first: each field is the first entry's that has it
 * (of `args` each argument), and the default where none has. `shared` are repositories and further tags of all targets.
 */
export function layeredTarget(
  name: string,
  entries: readonly WrittenTarget[],
  shared: Settings['written'],
): TargetSettings {
  const first = <T>(read: (entry: WrittenTarget) => T | undefined): T | undefined =>
    entries.map(read).find((value) => value !== undefined);
  const stage = first((entry) => entry.target);
  const tags = first((entry) => entry.image?.tags) ?? shared?.tags ?? [];
  const also = first((entry) => entry.image?.also) ?? [];
  return {
    name,
    inherits: first((entry) => entry.inherits) ?? [],
    ...(stage === undefined ? {} : { stage }),
    lane: first((entry) => entry.lane) ?? '',
    cache: {
      mode: first((entry) => entry.cache?.mode) ?? 'max',
      compression: first((entry) => entry.cache?.compression) ?? 'zstd',
    },
    image: {
      compression: first((entry) => entry.image?.compression) ?? 'gzip',
      push: first((entry) => entry.image?.push) ?? true,
      ...(tags.length === 0 ? {} : { tags }),
      ...(also.length === 0 ? {} : { also }),
    },
    ...ownRepositories(entries, shared),
    args: Object.fromEntries(entries.toReversed().flatMap(({ args = {} }) => Object.entries(args))),
  };
}

/** What an entry says of its repositories. */
type OwnNames = { readonly [K in keyof WrittenRepositories]?: string | undefined };

function ownRepositories(
  entries: readonly WrittenTarget[],
  shared: Settings['written'],
): Pick<TargetSettings, 'repositories'> {
  const parts = entries.flatMap(({ image, cache }) => [image ?? {}, cache ?? {}]);
  const has = parts.some(
    ({ registry, trusted, untrusted }) => (registry ?? trusted ?? untrusted) !== undefined,
  );
  if (!has || shared === undefined) return {};
  const layered = (own: readonly OwnNames[], base: WrittenRepositories): TrustPair => {
    const first = (key: keyof WrittenRepositories) =>
      own.map((one) => one[key]).find((value) => value !== undefined) ?? base[key];
    const of = (key: 'trusted' | 'untrusted') => requireTemplate(`${first('registry')}/${first(key)}`);
    return { trusted: of('trusted'), untrusted: of('untrusted') };
  };
  return {
    repositories: {
      images: layered(
        entries.map(({ image = {} }) => image),
        shared.images,
      ),
      cache: layered(
        entries.map(({ cache = {} }) => cache),
        shared.cache,
      ),
    },
  };
}

/** The rules of the file have looked at each entry; two together can still be too long. */
function requireTemplate(text: string): Repository {
  const repository = parseRepositoryTemplate(text);
  if (repository !== undefined) return repository;
  throw new WarmbakeError('config', 'bad-repository', `'${text}' is not a repository`);
}
