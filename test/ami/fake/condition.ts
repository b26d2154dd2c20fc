import type { FakeAccount } from './account.ts';

/** What counts when two accounts are compared: everything there is, but for when and how often it was written. */
export function conditionOf({ state }: FakeAccount): unknown {
  return {
    images: [...state.images.values()],
    snapshots: [...state.snapshots.values()],
    restores: [...state.restores.keys()].toSorted(),
    templates: [...state.templates.entries()],
    groups: [...state.groups.values()],
    parameters: [...state.parameters.entries()].map(([name, [current]]) => [name, current?.value]),
  };
}
