import type { Settings } from './settings.ts';
import { expand, namesIn } from './template.ts';

/** Build arguments that the configuration sets to one value for all builds, by name. */
export function configuredArguments({
  bake,
  targets,
}: Pick<Settings, 'bake' | 'targets'>): ReadonlyMap<string, readonly string[]> {
  const all = [bake, ...targets].flatMap(({ args }) => Object.entries(args));
  const fixed = all.filter(([, template]) => namesIn(template).length === 0);
  const names = new Set(fixed.map(([name]) => name));
  return new Map(
    [...names].map((name) => [
      name,
      fixed.filter(([other]) => other === name).map(([, template]) => expand(template, {})),
    ]),
  );
}
