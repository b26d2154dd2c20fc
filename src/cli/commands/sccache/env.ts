import type { Host } from '../../../platform/host.ts';
import { WarmbakeError } from '../../../platform/errors.ts';
import { FORMATS, type Format, environmentText, sccacheVariables } from '../../../sccache/environment.ts';
import {
  CONFIG_OPTIONS,
  type CommandSpec,
  type Input,
  type CommandOutcome,
  flag,
  textOption,
  never,
} from '../../command.ts';
import { loadSccache } from './settings.ts';

/** `warmbake sccache env`: the store for compilations outside of image builds. */
export const sccacheEnvCommand: CommandSpec = {
  description:
    'Print SCCACHE_* variables for a host that compiles without a Dockerfile. Nothing is printed where sccache is switched off.',
  options: [
    ...CONFIG_OPTIONS,
    { flags: '--format <format>', help: `${FORMATS.join(', ')} (default: sh)`, choices: FORMATS },
    { flags: '--read-only', help: 'write nothing into the store, whatever the credentials allow' },
  ],
  examples: [
    'eval "$(warmbake sccache env)"',
    'warmbake sccache env --format env >> "$GITHUB_ENV"',
    'warmbake sccache env --format json | buildkite-agent env set --input-format json -',
  ],
  changesShared: never,
  run,
};

async function run(host: Host, input: Input): Promise<CommandOutcome> {
  const format = formatOf(textOption(input, 'format') ?? 'sh');
  const { sccache } = await loadSccache(host, input);
  const variables = sccacheVariables(sccache, { readOnly: flag(input, 'readOnly') });
  return { json: { variables }, text: environmentText(variables, format) };
}

function formatOf(text: string): Format {
  const known = FORMATS.find((format) => format === text);
  if (known !== undefined) return known;
  throw new WarmbakeError(
    'usage',
    'unknown-format',
    `'${text}' is not a format; there are ${FORMATS.join(', ')}`,
  );
}
