import type { TargetSettings } from '../../src/config/settings.ts';
import {
  parseRepository,
  repositoryName,
  type Reference,
  type Repository,
} from '../../src/registry/reference.ts';

function repository(text: string): Repository {
  const parsed = parseRepository(text);
  if (parsed === undefined) throw new Error(text);
  return parsed;
}

function target(name: string, lane: string): TargetSettings {
  return {
    name,
    inherits: [],
    lane,
    cache: { mode: 'max', compression: 'zstd' },
    image: { compression: 'gzip', push: true },
    args: {},
  };
}

/** The settings that decide about names, with two lanes. */
export const PLACE = {
  repository: 'github.com/acme/app',
  trustedBranch: 'main',
  images: { trusted: repository('images.test/main'), untrusted: repository('images.test/other') },
  cache: {
    trusted: repository('cache.test/main'),
    untrusted: repository('cache.test/other'),
    maxSources: 6,
    alsoExport: ['cache.test/elsewhere:${commit}${laneSuffix}'],
  },
  targets: [target('app', ''), target('app-cpu', 'cpu')],
  compat: { oldNames: true },
} as const;

/** Which of the four repositories a ref is in. */
export function placeOf(ref: Reference): 'trusted' | 'untrusted' | 'elsewhere' {
  const name = repositoryName(ref);
  if (name.endsWith('/main')) return 'trusted';
  return name.endsWith('/other') ? 'untrusted' : 'elsewhere';
}
