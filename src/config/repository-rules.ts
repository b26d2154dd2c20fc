import { type Repository, repositoryName } from '../registry/reference.ts';
import { canonicalRepository } from '../registry/same-registry.ts';
import type { Finding, Path } from './problem.ts';
import { TARGET_PLACE, parseRepositoryTemplate } from './repository-template.ts';
import type { WrittenRepositories } from './settings.ts';
import type { WrittenTarget } from './target-schema.ts';

/** The repositories of a file, as far as they are well-formed. */
export interface WrittenPlaces {
  readonly shared: Readonly<Record<'images' | 'cache', WrittenRepositories>>;
  readonly targets: Readonly<Record<string, WrittenTarget>>;
}

interface NamedRepository {
  readonly path: Path;
  readonly trust: 'trusted' | 'untrusted';
  readonly purpose: 'images' | 'cache';
  /** Whose alone it is; absent for what all targets share. */
  readonly target?: string;
  /** The entry whose registry `target`'s takes, where the bake file makes one of the two a group that has the other. */
  readonly from?: string;
  readonly repository: Repository | undefined;
  readonly text: string;
}

/**
 * All repositories that builds can write, `${target}` left in their paths: what all targets share, each target's own, and what two entries
 * make together. It is the list that the rules keep apart by trust, so that a policy that names it is apart too.
 */
export function everyRepository(
  places: WrittenPlaces,
): readonly (Pick<NamedRepository, 'trust' | 'purpose'> & { readonly repository: Repository })[] {
  return repositoriesIn(places).flatMap(({ trust, purpose, repository }) =>
    repository === undefined ? [] : [{ trust, purpose, repository }],
  );
}

/** Names of a target's own that are none. */
export function badOwnRepositories(places: WrittenPlaces): readonly Finding[] {
  return repositoriesIn(places)
    .filter(
      ({ target, from, repository }) =>
        target !== undefined && from === undefined && repository === undefined,
    )
    .map(({ path, text }) => ({
      path,
      message: `'${text}' is not a repository; write host[:port][/path] as registry, lower-case words joined by '/', '-', '_' or '.' as repository`,
    }));
}

/**
 * Repositories that are not apart. What the trusted build writes and what others write must differ for all targets that there can ever
 * be (a pull request's bake file can name a member, and say which entries are laid over each other), in every spelling of a registry, and
 * so that a pattern in a policy tells them apart; images and caches of one trust must not be one name.
 */
export function mixedRepositories(places: WrittenPlaces): readonly Finding[] {
  const all = repositoriesIn(places).flatMap((one) =>
    one.repository === undefined ? [] : [{ ...one, repository: one.repository }],
  );
  const findings = all.flatMap((one, index): Finding[] => {
    const clash = all.slice(0, index).find((earlier) => !arePermitted(earlier, one));
    if (clash === undefined) return [];
    const name = told(one);
    const earlier = clash.path.join('.');
    const message =
      canonicalRepository(one.repository) === canonicalRepository(clash.repository)
        ? `${name} is ${earlier} already; every purpose and trust level needs its own`
        : `${name} and ${earlier} (${repositoryName(clash.repository)}) can be one repository, by a target's name; let them begin or end differently`;
    return [{ path: one.path, message }];
  });
  // One report for a place, however many it clashes with.
  return findings.filter(
    ({ path }, index) => findings.findIndex((f) => f.path.join() === path.join()) === index,
  );
}

/** True where an extra export can lie in a repository whose tags this tool names: any of them but the untrusted caches. */
export function isNamedHere(places: WrittenPlaces, repository: Repository): boolean {
  return repositoriesIn(places).some(
    ({ purpose, trust, repository: own }) =>
      own !== undefined && !(purpose === 'cache' && trust === 'untrusted') && !areApart(own, repository),
  );
}

type Placed = NamedRepository & { readonly repository: Repository };

function told({ repository, target, from }: Placed): string {
  const name = repositoryName(repository);
  return from === undefined ? name : `${name} ('${target}' with the registry of '${from}', in one group)`;
}

function arePermitted(a: Placed, b: Placed): boolean {
  if (a.trust !== b.trust) return areApart(a.repository, b.repository);
  // Images and caches that meet where entries do are told by the build (`image-step/expand-targets.ts`).
  if (a.purpose === b.purpose || (a.from ?? b.from) !== undefined) return true;
  return canonicalRepository(a.repository) !== canonicalRepository(b.repository);
}

/** True where two names differ whatever stands for their targets: by how they begin, or how they end. */
function areApart(a: Repository, b: Repository): boolean {
  const [one, other] = [a, b].map((repository) => canonicalRepository(repository).split(TARGET_PLACE));
  const [begins = '', ends] = one ?? [];
  const [otherBegins = '', otherEnds] = other ?? [];
  if (ends === undefined && otherEnds === undefined) return begins !== otherBegins;
  if (ends === undefined) return !(begins.startsWith(otherBegins) && begins.endsWith(otherEnds ?? ''));
  if (otherEnds === undefined) return !(otherBegins.startsWith(begins) && otherBegins.endsWith(ends));
  const isBeginning = begins.startsWith(otherBegins) || otherBegins.startsWith(begins);
  const isEnd = ends.endsWith(otherEnds) || otherEnds.endsWith(ends);
  return !(isBeginning && isEnd);
}

function repositoriesIn({ shared, targets }: WrittenPlaces): readonly NamedRepository[] {
  const own = Object.entries(targets).flatMap(([target, { image = {}, cache = {} }]) => [
    ...ownOf(image, { purpose: 'images', shared: shared.images, at: ['targets', target, 'image'], target }),
    ...ownOf(cache, { purpose: 'cache', shared: shared.cache, at: ['targets', target, 'cache'], target }),
  ]);
  const plain = [...sharedOf('images', shared.images), ...sharedOf('cache', shared.cache), ...own];
  return once([...plain, ...layeredIn('images', targets), ...layeredIn('cache', targets)]);
}

/**
 * What entries make together that are laid over each other, one's registry and the other's repository: whichever is the more specific one,
 * as long as it leaves the other part to the less specific one (`layered-target.ts`).
 */
function layeredIn(
  purpose: NamedRepository['purpose'],
  targets: WrittenPlaces['targets'],
): readonly NamedRepository[] {
  const key = purpose === 'images' ? 'image' : 'cache';
  const entries = Object.entries(targets).map(([target, entry]) => ({ target, own: entry[key] ?? {} }));
  return entries.flatMap(({ target: from, own: { registry, ...other } }) =>
    entries.flatMap(({ target, own }) =>
      TRUSTS.flatMap((trust): readonly NamedRepository[] => {
        const meet = other[trust] === undefined || own.registry === undefined;
        if (registry === undefined || own[trust] === undefined || target === from || !meet) return [];
        const text = `${registry}/${own[trust]}`;
        const path = ['targets', target, key, trust];
        return [{ path, trust, purpose, target, from, text, repository: parseRepositoryTemplate(text) }];
      }),
    ),
  );
}

/** The first of those that say the same. */
function once(all: readonly NamedRepository[]): readonly NamedRepository[] {
  const said = ({ purpose, trust, text, from, path }: NamedRepository): string =>
    // A registry alone names two repositories at one place.
    `${purpose} ${trust} ${text}${from === undefined ? ` ${path.join()}` : ''}`;
  return [...new Map(all.toReversed().map((one) => [said(one), one])).values()].toReversed();
}

const TRUSTS = ['trusted', 'untrusted'] as const;

function sharedOf(
  purpose: NamedRepository['purpose'],
  written: WrittenRepositories,
): readonly NamedRepository[] {
  return TRUSTS.map((trust) => {
    const text = `${written.registry}/${written[trust]}`;
    return { path: [purpose, trust], trust, purpose, text, repository: parseRepositoryTemplate(text) };
  });
}

function ownOf(
  { registry, trusted, untrusted }: { readonly [K in keyof WrittenRepositories]?: string | undefined },
  entry: Required<Pick<NamedRepository, 'purpose' | 'target'>> & {
    readonly shared: WrittenRepositories;
    readonly at: Path;
  },
): readonly NamedRepository[] {
  if ((registry ?? trusted ?? untrusted) === undefined) return [];
  const { purpose, target, shared, at } = entry;
  const own = { trusted, untrusted };
  return TRUSTS.flatMap((trust) => {
    const key = own[trust] !== undefined ? trust : registry !== undefined ? 'registry' : undefined;
    // What all targets share is looked at where it stands.
    if (key === undefined) return [];
    const text = `${registry ?? shared.registry}/${own[trust] ?? shared[trust]}`;
    const path = [...at, key];
    return [{ path, trust, purpose, target, text, repository: parseRepositoryTemplate(text) }];
  });
}
