import type { Settings } from '../config/settings.ts';
import type { UsedConfiguration } from '../config/used.ts';
import type { CheckoutPlace } from '../context/checkout.ts';
import type { Warning } from '../platform/events.ts';
import type { Host } from '../platform/host.ts';
import type { Input } from './command.ts';
import type { OpenedConfiguration } from './configuration.ts';
import { openConfiguration } from './open-configuration.ts';

/** The configuration that a command runs with, and the host seen from the root of the repository. */
export interface Loaded {
  readonly file: string;
  readonly settings: Settings;
  /** The state store: `s3://bucket[/prefix]` or a directory. */
  readonly state?: string;
  /** Where the configuration comes from. */
  readonly used: UsedConfiguration;
  /** About that; not told yet. */
  readonly warnings: readonly Warning[];
  readonly host: Host;
  /** Where git sees one. */
  readonly checkout: CheckoutPlace | undefined;
}

/** {@link loadForBuild}, for commands that say at once what there is to be said about it. */
export async function loadConfiguration(host: Host, input: Input): Promise<Loaded> {
  const loaded = await loadForBuild(host, input);
  for (const warning of loaded.warnings) host.emit({ type: 'warning', warning });
  return loaded;
}

/** The file as it lies there, for commands that only write or compare text of the same checkout. */
export async function loadCheckout(
  host: Host,
  input: Input,
): Promise<Pick<OpenedConfiguration, 'file' | 'settings' | 'families'>> {
  return await openConfiguration(host, { ...input, options: { ...input.options, configFrom: 'checkout' } });
}

/** Loads the configuration that `--config`, the environment or the working directory names, from where it may come. */
export async function loadForBuild(host: Host, input: Input): Promise<Loaded> {
  const { file, settings, state, used, warnings, checkout } = await openConfiguration(host, input);
  // The option is another spelling of the switch.
  const env = input.options['sccache'] === false ? { ...host.env, WARMBAKE_SCCACHE: 'off' } : host.env;
  return {
    file,
    settings,
    ...(state === undefined ? {} : { state }),
    used,
    warnings,
    host: { ...host, env, cwd: settings.root },
    checkout,
  };
}
