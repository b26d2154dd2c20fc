import { loadSettings } from '../config/load.ts';
import type { Settings } from '../config/settings.ts';
import { topLevel } from '../context/checkout.ts';
import type { Host } from '../platform/host.ts';
import { type Input, textOption } from './command.ts';

/** The configuration that a command runs with, and the host seen from the root of the repository. */
export interface Loaded {
  readonly file: string;
  readonly settings: Settings;
  /** The state store: `s3://bucket[/prefix]` or a directory. */
  readonly state?: string;
  readonly host: Host;
}

/** Loads the configuration that `--config`, the environment or the working directory names. */
export async function loadConfiguration(host: Host, input: Input): Promise<Loaded> {
  const top = await topLevel(host);
  const config = textOption(input, 'config');
  const { file, settings, state } = await loadSettings(host, {
    ...(config === undefined ? {} : { config }),
    ...(top === undefined ? {} : { topLevel: top }),
  });
  // The option is another spelling of the switch.
  const env = input.options['sccache'] === false ? { ...host.env, WARMBAKE_SCCACHE: 'off' } : host.env;
  return {
    file,
    settings,
    ...(state === undefined ? {} : { state }),
    host: { ...host, env, cwd: settings.root },
  };
}
