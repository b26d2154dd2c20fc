import { operatorOf } from '../../../ami/rollback/operator.ts';
import { releaseHold } from '../../../ami/rollback/place-hold.ts';
import type { Host } from '../../../platform/host.ts';
import { type CommandSpec, type Input, type CommandOutcome, always } from '../../command.ts';
import { linePart } from '../../parts.ts';
import { FAMILY_OPTIONS, openFamily } from './family.ts';
import { holdDocument } from './hold.ts';

/** `warmbake ami release`: a hold ends. */
export const amiReleaseCommand: CommandSpec = {
  description:
    'End the hold: the next rebuild publishes again. Changes nothing else: the desired image stays, and revoked images stay revoked.',
  options: FAMILY_OPTIONS,
  examples: ['warmbake ami release'],
  changesShared: always,
  run: amiRelease,
};

async function amiRelease(host: Host, input: Input): Promise<CommandOutcome> {
  const { family, account } = await openFamily(host, input);
  const by = await operatorOf(account, host.env);
  const { outcome, before } = await releaseHold(account, host, { family, by });
  return {
    json: { family: family.key, outcome, before: holdDocument(before), by },
    page:
      outcome === 'unchanged'
        ? [linePart(`${family.parameter} is not held`)]
        : [linePart(`${family.parameter} is released: the next rebuild publishes its image`)],
  };
}
