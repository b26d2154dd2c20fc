import type { PushRight } from '../registry/push-right.ts';
import { type Repository, repositoryName } from '../registry/reference.ts';
import type { Registry } from '../registry/registry.ts';

/** Asks whether this run may push to a repository; nothing is written. Rejects only with the reason of an interrupted run. */
export type AskPushRight = (repository: Repository) => Promise<PushRight>;

/** Asks each repository once, however often somebody wants to know. */
export function pushRightsOf(registry: Pick<Registry, 'canPush'>): AskPushRight {
  const asked = new Map<string, Promise<PushRight>>();
  return async (repository) => {
    const name = repositoryName(repository);
    const right = asked.get(name) ?? registry.canPush(repository);
    asked.set(name, right);
    return await right;
  };
}
