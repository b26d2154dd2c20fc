import { publishJob } from '../../../ami/jobs/publish.ts';
import type { Host } from '../../../platform/host.ts';
import { type CommandSpec, type Input, type CommandOutcome, flag, unlessDryRun } from '../../command.ts';
import { DRY_RUN_OPTION, FAMILY_OPTIONS, openFamily } from './family.ts';

/** `warmbake ami publish`: an image becomes the desired one. */
export const amiPublishCommand: CommandSpec = {
  args: '<ami>',
  description:
    "Write the image's id into the SSM parameter and read it back. Images of other families and accounts, revoked and unavailable ones are refused, and everything is while an operator holds the parameter.",
  options: [...FAMILY_OPTIONS, DRY_RUN_OPTION],
  examples: ['warmbake ami publish ami-0123456789abcdef0'],
  changesShared: unlessDryRun,
  run: amiPublish,
};

async function amiPublish(host: Host, input: Input): Promise<CommandOutcome> {
  const open = await openFamily(host, input);
  const { family } = open;
  const request = { written: input.args[0] ?? '', dryRun: flag(input, 'dryRun') };
  const { image, published } = await publishJob(host, open, request);
  const { outcome, before } = published;
  const earlier = before.state === 'image' ? ` (before: ${before.id})` : '';
  const text = {
    published: `${family.parameter} is ${image.id} now${earlier}\n`,
    unchanged: `${family.parameter} is ${image.id} already\n`,
    planned: `${family.parameter} would become ${image.id}${earlier}\n`,
  }[outcome];
  return {
    json: { family: family.key, parameter: family.parameter, image: image.id, outcome, before },
    text,
  };
}
