import { findBaseImage } from '../../../ami/build/base-image.ts';
import type { Host } from '../../../platform/host.ts';
import { type CommandSpec, type Input, type CommandOutcome, never } from '../../command.ts';
import { DRY_RUN_OPTION, FAMILY_OPTIONS, openFamily } from './family.ts';

/** `warmbake ami base`: what the next image will be built on. */
export const amiBaseCommand: CommandSpec = {
  description:
    'Read the base image from the template of the configured version of the Elastic CI stack. Changes nothing.',
  // It changes nothing anyway; scripts can give the option to every command alike.
  options: [...FAMILY_OPTIONS, DRY_RUN_OPTION],
  examples: ['warmbake ami base', 'warmbake ami base --json'],
  changesShared: never,
  run: amiBase,
};

async function amiBase(host: Host, input: Input): Promise<CommandOutcome> {
  const { family } = await openFamily(host, input);
  const base = await findBaseImage(host, family);
  return { json: { family: family.key, ...base }, text: `${base.image}\n` };
}
