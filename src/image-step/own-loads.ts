import { WarmbakeError } from '../platform/errors.ts';
import type { Writes } from './target-plan.ts';

/** Throws `usage` where two images would be left in the engine by one name: the one that comes last would take it. */
export function requireOwnLoads(writes: readonly Pick<Writes, 'settings' | 'load'>[]): void {
  const owners = new Map<string, string>();
  for (const { settings, load = [] } of writes) {
    for (const name of load) {
      const full = engineName(name);
      const owner = owners.get(full);
      if (owner === undefined) owners.set(full, settings.name);
      else if (owner !== settings.name) throw sharedName(name, [owner, settings.name]);
    }
  }
}

/** As the engine reads a name: Docker Hub and `latest` need not be said. */
function engineName(name: string): string {
  const bare = name.replace(/^(?:index\.)?docker\.io\//, '').replace(/^library\//, '');
  return /[:@]/.test(bare.slice(bare.lastIndexOf('/') + 1)) ? bare : `${bare}:latest`;
}

function sharedName(name: string, [one, other]: readonly [string, string]): WarmbakeError {
  const message = `--load: '${one}' and '${other}' would both be '${name}' in the engine, and one of them would be lost`;
  return new WarmbakeError('usage', 'load-shares-name', message, {
    hint: `give one of them other \`tags\` in the bake file, or load one: warmbake build ${one} --load`,
  });
}
