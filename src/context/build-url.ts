import { shownAddresses, withoutUser } from '../platform/shown-addresses.ts';

/** The page of this build, for results, records, locks and holds: whoever reads those gets no password with it. */
export function buildUrl(env: Readonly<Record<string, string | undefined>>): string | undefined {
  const url = env['BUILDKITE_BUILD_URL'] ?? '';
  return url === '' ? undefined : shownAddresses(withoutUser(url));
}
