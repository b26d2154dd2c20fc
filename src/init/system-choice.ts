import { type Choice, foundValue, openValue } from './choice.ts';
import { INIT_SYSTEMS, type SeenFiles } from './seen-files.ts';

/** What a repository's host has of its own. */
export function systemOfHost(repository: string): 'github' | 'gitlab' | undefined {
  const [host = ''] = repository.split('/');
  if (host === 'github.com') return 'github';
  return /(?:^|\.)gitlab\./.test(host) ? 'gitlab' : undefined;
}

/** One of {@link INIT_SYSTEMS}: the one that files are there for. Where there are several, most build images on Buildkite's agents. */
export function systemChoice({ systems }: SeenFiles, repository: string): Choice {
  const found = [...new Set(systems.map(({ system }) => system))];
  const [only] = found;
  if (only !== undefined && found.length === 1) {
    const first = systems.find(({ system }) => system === only);
    return foundValue(only, first === undefined ? '' : `${first.title}: ${first.file} is there`);
  }
  const what = `the CI system that builds the images: ${INIT_SYSTEMS.join(', ')}`;
  const own = systemOfHost(repository);
  if (only === undefined) {
    const about = own === undefined ? [] : [`its host has one of its own: ${own}`];
    return openValue({
      option: '--ci',
      what,
      about: ['no file is for any', ...about],
      fallback: 'other',
      because: 'no file is for any',
    });
  }
  const order = ['buildkite' as const, ...(own === undefined ? [] : [own]), ...INIT_SYSTEMS];
  return openValue({
    option: '--ci',
    what,
    about: systems.map(({ title, file }) => `${title}: ${file}`),
    fallback: order.find((system) => found.includes(system)) ?? 'other',
    because: 'one of several that files are there for',
  });
}
