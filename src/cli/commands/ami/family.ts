import { openFamilyAccount, type OpenFamily } from '../../../ami/jobs/open-family.ts';
import type { FamilySettings } from '../../../config/families.ts';
import { WarmbakeError } from '../../../platform/errors.ts';
import type { Host } from '../../../platform/host.ts';
import { CONFIG_OPTIONS, type Input, type Option, textOption } from '../../command.ts';
import type { OpenedConfiguration } from '../../configuration.ts';
import { openConfiguration } from '../../open-configuration.ts';

export const FAMILY_OPTION: Option = {
  flags: '--family <key>',
  help: 'family of machine images (default: the only one of the configuration)',
};

/** Options of every command about machine images. */
export const FAMILY_OPTIONS: readonly Option[] = [
  ...CONFIG_OPTIONS,
  FAMILY_OPTION,
  {
    flags: '--state <store>',
    help: 's3://bucket[/prefix] or a directory, in place of the configured state store',
  },
];

/** For commands that change something. */
export const DRY_RUN_OPTION: Option = { flags: '--dry-run', help: 'only say what would be done' };

/** The family that was asked for, and its account. */
export async function openFamily(host: Host, input: Input): Promise<OpenFamily> {
  const { families, file, state } = await load(host, input);
  return openFamilyAccount(host, chooseFamily(families, { key: textOption(input, 'family'), file }), {
    state,
  });
}

/** The family that was asked for, or all of them. */
export async function openFamilies(host: Host, input: Input): Promise<readonly OpenFamily[]> {
  const { families, file, state } = await load(host, input);
  const key = textOption(input, 'family');
  const chosen =
    key === undefined && families.length > 0 ? families : [chooseFamily(families, { key, file })];
  return chosen.map((family) => openFamilyAccount(host, family, { state }));
}

async function load(host: Host, input: Input): Promise<OpenedConfiguration> {
  const loaded = await openConfiguration(host, input);
  for (const warning of loaded.warnings) host.emit({ type: 'warning', warning });
  const state = textOption(input, 'state') ?? loaded.state;
  return { ...loaded, ...(state === undefined ? {} : { state }) };
}

/**
 * The family that was asked for. Needs neither git nor docker: an operator's laptop has the configuration and
 * credentials, nothing more.
 */
export async function loadFamily(host: Host, input: Input): Promise<FamilySettings> {
  const { families, file } = await load(host, input);
  return chooseFamily(families, { key: textOption(input, 'family'), file });
}

/** The family with that key, or the only one. Throws `config` where there is none, `usage` where it must be named. */
export function chooseFamily(
  families: readonly FamilySettings[],
  { key, file }: { readonly key: string | undefined; readonly file: string },
): FamilySettings {
  const known = families.map((family) => family.key).join(', ');
  const [first, second] = families;
  if (first === undefined) {
    throw new WarmbakeError('config', 'no-family', `'${file}' has no machine images; add an ami section`);
  }
  if (key === undefined && second !== undefined) {
    throw new WarmbakeError('usage', 'family-unclear', `--family is needed; '${file}' has ${known}`);
  }
  const family = key === undefined ? first : families.find((one) => one.key === key);
  if (family !== undefined) return family;
  throw new WarmbakeError('usage', 'family-unknown', `there is no family '${key}'; '${file}' has ${known}`);
}
