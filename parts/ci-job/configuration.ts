import { randomBytes } from 'node:crypto';

/** The configuration as the file has it. */
export interface Configuration {
  readonly [key: string]: unknown;
  readonly bake: Readonly<Record<string, unknown>>;
  readonly targets: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
}

/** Repositories without their host: what only the trusted build writes, and what all others write. */
export type Repositories = Readonly<
  Record<'images' | 'cache', { readonly main: string; readonly test: string }>
>;

/** Repositories that nobody else uses. */
export function newRepositories(): Repositories {
  const team = `team-${randomBytes(4).toString('hex')}`;
  return {
    images: { main: `${team}/images-main`, test: `${team}/images-test` },
    cache: { main: `${team}/cache-main`, test: `${team}/cache-test` },
  };
}

/** The configuration of the project of `checkout.ts`. */
export function configurationOf(
  hosts: Readonly<Record<'images' | 'cache', string>>,
  { images, cache }: Repositories,
): Configuration {
  return {
    repository: 'example.com/team/app',
    images: { registry: hosts.images, trusted: images.main, untrusted: images.test },
    cache: { registry: hosts.cache, trusted: cache.main, untrusted: cache.test },
    bake: { files: ['docker-bake.hcl'], variables: { COMMIT: '${commit}' }, perCommit: ['COMMIT'] },
    targets: { 'test-ci': { inherits: ['app'] } },
  };
}
