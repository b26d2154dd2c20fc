import { posix } from 'node:path';
import { milliseconds } from './duration.ts';
import type { Configuration } from './schema.ts';
import { layeredTarget } from './layered-target.ts';
import type { BuilderSettings, LoginSettings, SccacheSettings, Settings } from './settings.ts';

/** Settings of a file that the schema and the rules have nothing to say about. */
export function normalise(configuration: Configuration, root: string): Settings {
  const {
    repository,
    trustedBranch,
    releases,
    images,
    cache,
    bake,
    logins,
    targets,
    builder,
    sccache,
    compat,
    marker,
  } = configuration;
  const { written: writtenCache, ...ownCache } = cache;
  const shared = {
    images: images.written,
    cache: writtenCache,
    ...(images.tags.length === 0 ? {} : { tags: images.tags }),
  };
  return {
    root,
    // Hosts ignore the case of all three parts, so one spelling has to stand for all.
    repository: repository.toLowerCase(),
    trustedBranch,
    ...(releases === undefined ? {} : { releases }),
    images: { trusted: images.trusted, untrusted: images.untrusted },
    cache: ownCache,
    written: shared,
    bake: { ...bake, files: bake.files.map((file) => posix.normalize(file)) },
    logins: loginSettings(logins),
    targets: Object.entries(targets).map(([name, written]) => ({
      ...layeredTarget(name, [written], shared),
      written,
    })),
    default: configuration.default ?? [],
    builder: builderSettings(builder),
    ...(sccache === undefined ? {} : { sccache: sccacheSettings(sccache) }),
    compat,
    marker,
  };
}

function builderSettings({ name, socket, image }: Configuration['builder']): BuilderSettings {
  return { name, ...(socket === undefined ? {} : { socket }), ...(image === undefined ? {} : { image }) };
}

function loginSettings({ credentials, assume, pull }: Configuration['logins']): LoginSettings {
  return { credentials, assume: byTrust(assume), ...(pull === undefined ? {} : { pull }) };
}

function byTrust({
  trusted,
  untrusted,
}: {
  readonly trusted?: string | undefined;
  readonly untrusted?: string | undefined;
}): { readonly trusted?: string; readonly untrusted?: string } {
  return {
    ...(trusted === undefined ? {} : { trusted }),
    ...(untrusted === undefined ? {} : { untrusted }),
  };
}

function sccacheSettings(written: NonNullable<Configuration['sccache']>): SccacheSettings {
  const { secret, endpoint, credentialsLast, assume, ...rest } = written;
  return {
    ...rest,
    assume: byTrust(assume),
    credentialsLastMs: milliseconds(credentialsLast),
    ...(secret === undefined ? {} : { secret }),
    ...(endpoint === undefined ? {} : { endpoint }),
  };
}
