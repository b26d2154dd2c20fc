import type { SccacheSettings, Settings } from '../config/settings.ts';

/**
 * The build arguments through which a Dockerfile learns of sccache. They are part of the compile layer's key, so they
 * follow from the configuration alone and are equal for every build; rights come with the credentials. `1` and `0`
 * because Dockerfiles and sccache understand them in every version. Prefix and endpoint only where they are set.
 */
export function sccacheArguments(
  sccache: SccacheSettings | undefined,
): readonly (readonly [string, string])[] {
  if (sccache === undefined) return [];
  const { arguments: names, enabled, bucket, region, prefix, endpoint, anonymous } = sccache;
  return [
    [names.enabled, enabled ? '1' : '0'],
    [names.bucket, bucket],
    [names.region, region],
    [names.anonymous, anonymous ? '1' : '0'],
    ...(prefix === '' ? [] : [[names.prefix, prefix] as const]),
    ...(endpoint === undefined ? [] : [[names.endpoint, endpoint] as const]),
  ];
}

/** The same settings with sccache off, for a build that is told to do without: its compile layer gets another key. */
export function withoutSccache(settings: Settings): Settings {
  const { sccache } = settings;
  return sccache === undefined ? settings : { ...settings, sccache: { ...sccache, enabled: false } };
}
