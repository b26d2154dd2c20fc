import { holdText, type HoldState } from '../../../ami/model/hold.ts';
import { operatorOf, requireReason } from '../../../ami/rollback/operator.ts';
import { placeHold } from '../../../ami/rollback/place-hold.ts';
import type { PagePart } from '../../../platform/events.ts';
import type { Host } from '../../../platform/host.ts';
import { oneLine } from '../../../platform/outside-text.ts';
import {
  type CommandSpec,
  type Input,
  type Option,
  type CommandOutcome,
  textOption,
  always,
} from '../../command.ts';
import { linePart } from '../../parts.ts';
import { FAMILY_OPTIONS, openFamily } from './family.ts';
import { UNTIL_OPTION, untilOption } from './until.ts';
import type { HoldStateDocument } from '../../../ami/status/status-schema.ts';

export const REASON_OPTION: Option = {
  flags: '--reason <text>',
  help: 'why; everybody who meets it later reads it (required)',
};

/** `warmbake ami hold`: nothing is published until the hold ends. */
export const amiHoldCommand: CommandSpec = {
  description:
    'Hold the parameter: scheduled rebuilds build and verify, but publish nothing, until the hold ends. Only a rollback still writes the parameter.',
  options: [...FAMILY_OPTIONS, REASON_OPTION, UNTIL_OPTION],
  examples: ["warmbake ami hold --reason 'release week' --until 3d"],
  changesShared: always,
  run: amiHold,
};

async function amiHold(host: Host, input: Input): Promise<CommandOutcome> {
  const reason = requireReason(textOption(input, 'reason'));
  const until = untilOption(input, host.clock.now());
  const { family, account } = await openFamily(host, input);
  const by = await operatorOf(account, host.env);
  const terms = { by, reason, ...(until === undefined ? {} : { until }) };
  const { outcome, before } = await placeHold(account, host, { family, terms });
  return {
    json: { family: family.key, outcome, before: holdDocument(before), ...terms },
    page:
      outcome === 'unchanged'
        ? [linePart(`${family.parameter} is held already`)]
        : [
            linePart(
              `${family.parameter} is held${until === undefined ? '' : ` until ${until.toISOString()}`}: ${reason}`,
            ),
            ...earlier(before),
          ],
  };
}

function earlier(before: HoldState): readonly PagePart[] {
  if (before.state === 'free') return [];
  return [linePart(`before: ${before.state === 'held' ? holdText(before.hold) : oneLine(before.text)}`)];
}

/** A hold in JSON documents: its members, beside `state`. */
export function holdDocument(hold: HoldState): HoldStateDocument {
  return hold.state === 'held' ? { state: hold.state, ...hold.hold } : hold;
}
