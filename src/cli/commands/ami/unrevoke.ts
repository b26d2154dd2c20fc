import { operatorOf } from '../../../ami/rollback/operator.ts';
import { unrevokeAndLook } from '../../../ami/rollback/revoke-and-look.ts';
import type { Host } from '../../../platform/host.ts';
import { type CommandSpec, type Input, type CommandOutcome, always } from '../../command.ts';
import { linePart } from '../../parts.ts';
import { FAMILY_OPTIONS, openFamily } from './family.ts';
import { requireOwnImage } from './revoke.ts';

/** `warmbake ami unrevoke`: an image may be published again. */
export const amiUnrevokeCommand: CommandSpec = {
  args: '<ami>',
  description:
    'Take a revocation back: the image is what it was before, published or a candidate. Rolls nothing.',
  options: FAMILY_OPTIONS,
  examples: ['warmbake ami unrevoke ami-0123456789abcdef0'],
  changesShared: always,
  run: amiUnrevoke,
};

async function amiUnrevoke(host: Host, input: Input): Promise<CommandOutcome> {
  const { family, account } = await openFamily(host, input);
  const image = await requireOwnImage(account, family, { written: input.args[0] ?? '' });
  const by = await operatorOf(account, host.env);
  const { outcome, state } = await unrevokeAndLook(account, host, { image, family, by });
  return {
    json: { family: family.key, image: image.id, outcome, state },
    page: [linePart(outcome === 'restored' ? `${image.id} is ${state} again` : `${image.id} is not revoked`)],
  };
}
