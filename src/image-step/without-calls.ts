import type { Targets } from '../bake/definition.ts';
import type { Warning } from '../platform/events.ts';
import type { Settings } from '../config/settings.ts';
import type { ExpandedTargets } from './expand-targets.ts';

/**
 * Leaves out members of groups that build nothing (`call = "check"` and the like): a group can hold its checks beside its images. One
 * that has an entry of its own stays, and so does the last one of all: what is asked for by name is refused, with the reason.
 */
export function withoutCalls(
  expanded: ExpandedTargets,
  { configured, brought }: { readonly configured: Settings['targets']; readonly brought: Targets },
): { readonly expanded: ExpandedTargets; readonly warnings: readonly Warning[] } {
  const own = new Set(configured.map(({ name }) => name));
  const calls = new Map(
    expanded.settings.targets.flatMap(({ name }) => {
      const call = brought.get(name)?.call ?? '';
      return own.has(name) || ['', 'build'].includes(call) ? [] : [[name, call] as const];
    }),
  );
  const targets = expanded.settings.targets.filter(({ name }) => !calls.has(name));
  const isBuilt = (name: string): boolean => !calls.has(name);
  const standsFor = new Map([...expanded.standsFor].map(([name, all]) => [name, all.filter(isBuilt)]));
  if (calls.size === 0 || [...standsFor.values()].some((all) => all.length === 0)) {
    return { expanded, warnings: [] };
  }
  return {
    expanded: { ...expanded, standsFor, settings: { ...expanded.settings, targets } },
    warnings: [...calls].map(([name, call]) => ({
      code: 'target-builds-nothing',
      message: `'${name}' is left out: its call is '${call}', which builds nothing; \`docker buildx bake ${name}\` does it`,
    })),
  };
}
