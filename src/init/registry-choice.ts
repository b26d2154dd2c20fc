import { parseRepository } from '../registry/reference.ts';
import { type Choice, type InitQuestion, foundValue, openValue } from './choice.ts';
import { systemOfHost } from './system-choice.ts';

/** What may say where images go. */
export interface RegistryFacts {
  /** `tags` of what is built. */
  readonly tags: readonly string[];
  /** References of `cache-to` and `cache-from`. */
  readonly caches: readonly string[];
  /** `host/owner/name`. */
  readonly repository: string;
  /** Hosts that this machine's docker logs in to: shown, and never taken by themselves. */
  readonly logins: readonly string[];
}

/** Where nobody says anything. */
const PLACEHOLDER = 'registry.example.com';

/**
 * The registry, with the path that its repositories share: of most tags, else of most caches. Else the question; what is proposed then is
 * the registry of the repository's host, or Docker Hub where a tag names no host (which a name for this machine alone does too).
 */
export function registryChoice({ tags, caches, repository, logins }: RegistryFacts): Choice {
  const ofTags = mostOf(tags.flatMap(sharedPath));
  if (ofTags !== undefined) return foundValue(ofTags, 'tags of the bake files');
  const ofCaches = mostOf(caches.flatMap(sharedPath));
  if (ofCaches !== undefined) return foundValue(ofCaches, 'caches of the bake files');
  const own = registryOfHost(repository);
  const hub = mostOf(tags.flatMap(ownerOnHub));
  const about = [
    'no tag or cache of the bake files names one',
    ...(hub === undefined ? [] : [`tags without a host would be Docker Hub's: ${hub}`]),
    ...(logins.length === 0 ? [] : [`docker logs in here to ${logins.join(', ')}`]),
  ];
  return openValue({
    option: '--registry',
    what: 'the registry that images and caches go to, with the path that all repositories share',
    about,
    ...proposal(own, hub),
  });
}

function proposal(
  own: string | undefined,
  hub: string | undefined,
): Pick<InitQuestion, 'fallback' | 'because' | 'isPlaceholder'> {
  if (own !== undefined) return { fallback: own, because: "that of the repository's host" };
  if (hub !== undefined)
    return { fallback: hub, because: 'Docker Hub, as tags of the bake files name no host' };
  return { fallback: PLACEHOLDER, because: 'a placeholder: put yours here', isPlaceholder: true };
}

/** A registry as a person names it; of hosts that keep repositories below an owner's name only, with the owner's. */
export function withOwner(registry: string, repository: string): string {
  const [, owner = '', ...rest] = repository.split('/');
  if (registry === 'ghcr.io') return `ghcr.io/${owner}`;
  if (registry === 'registry.gitlab.com') return [registry, owner, ...rest].join('/');
  return registry;
}

/** GitHub's and GitLab's own; of a GitLab elsewhere only its owner knows the name. */
function registryOfHost(repository: string): string | undefined {
  const own = systemOfHost(repository);
  if (own === 'github') return withOwner('ghcr.io', repository);
  return repository.startsWith('gitlab.com/') ? withOwner('registry.gitlab.com', repository) : undefined;
}

/** `host/path` of a reference but for its last part and tag; nothing where no host is named. */
function sharedPath(reference: string): readonly string[] {
  const repository = parseRepository(nameOf(reference));
  if (repository === undefined) return [];
  return [[repository.host, ...repository.path.split('/').slice(0, -1)].join('/')];
}

function ownerOnHub(reference: string): readonly string[] {
  const [, owner] = /^([a-z0-9]+(?:[._-][a-z0-9]+)*)\/[^/]+$/.exec(nameOf(reference)) ?? [];
  return owner === undefined ? [] : [`docker.io/${owner}`];
}

function nameOf(reference: string): string {
  return reference.replace(/@sha256:.*$/, '').replace(/:[^/:]*$/, '');
}

/** The text that is there most often; the first of several. */
function mostOf(texts: readonly string[]): string | undefined {
  const counts = new Map<string, number>();
  for (const text of texts) counts.set(text, (counts.get(text) ?? 0) + 1);
  const most = Math.max(0, ...counts.values());
  return [...counts].find(([, count]) => count === most)?.[0];
}

/** Names of the four repositories, from the repository's own. */
export function proposedRepositories(
  repository: string,
): Readonly<Record<'images' | 'cache', { readonly trusted: string; readonly untrusted: string }>> {
  const last = repository.split('/').at(-1) ?? '';
  const words = last.toLowerCase().match(/[a-z0-9]+/g) ?? ['app'];
  const name = words.join('-').slice(0, 100);
  return {
    images: { trusted: `${name}-main`, untrusted: `${name}-test` },
    cache: { trusted: `${name}-main-cache`, untrusted: `${name}-test-cache` },
  };
}
