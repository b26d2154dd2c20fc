import { WarmbakeError } from '../platform/errors.ts';

/** Where the configuration comes from, as `--config-from` and WARMBAKE_CONFIG_FROM say it. */
export type ConfigurationSource =
  /** The file as it lies there, whoever wrote it. */
  | { readonly kind: 'checkout' }
  /** The file as a branch of the remote has it, now or where this build's commit left it. */
  | { readonly kind: 'merge-base' | 'tip'; readonly branch?: string }
  /** The file as it lies there, if its bytes have this digest: `sha256:` and 64 hex digits. */
  | { readonly kind: 'digest'; readonly digest: string };

/** Reads it; `namedBy` is told. Throws `usage` for an option, `config` for a variable, that is none of them. */
export function parseConfigurationSource(
  text: string,
  namedBy: '--config-from' | 'WARMBAKE_CONFIG_FROM',
): ConfigurationSource {
  if (text === 'checkout') return { kind: 'checkout' };
  if (/^sha256:[0-9a-f]{64}$/.test(text)) return { kind: 'digest', digest: text };
  const [, kind, branch] = /^(merge-base|tip)(?::(.+))?$/s.exec(text) ?? [];
  if (kind === 'merge-base' || kind === 'tip') return { kind, ...(branch === undefined ? {} : { branch }) };
  throw new WarmbakeError(
    namedBy === '--config-from' ? 'usage' : 'config',
    'bad-configuration-source',
    `${namedBy} is '${text}'; it must be merge-base[:BRANCH], tip[:BRANCH], checkout, or sha256: and 64 hex digits`,
  );
}
