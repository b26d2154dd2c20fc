import { explainBuild, explanationDocument } from '../../image-step/explanation.ts';
import { configurationLines, contextLines, imageLines, switchLines } from '../../image-step/plan-document.ts';
import { readSwitches, switchedSettings } from '../../image-step/switches.ts';
import { askRelease } from '../../context/release.ts';
import { openHistory } from '../../context/history.ts';
import { targetParts } from '../../image-step/target-parts.ts';
import type { PagePart } from '../../platform/events.ts';
import { VERSION } from '../../platform/version.ts';
import { type Input, type CommandOutcome, flag } from '../command.ts';
import { expectedTag } from '../expect-tag.ts';
import type { Loaded } from '../loaded.ts';
import { localWishes } from '../local-options.ts';

/** `warmbake build --explain-context`: the plan without Docker and without a registry. */
export async function explain(
  { host, settings, used, warnings, checkout }: Loaded,
  input: Input,
): Promise<CommandOutcome> {
  const switches = readSwitches(host.env, VERSION);
  const release = await askRelease(host, settings, used);
  const explained = await explainBuild(
    {
      host,
      settings: switchedSettings(settings, switches),
      switches,
      configuration: { used, warnings },
      history: openHistory(host, { checkout }),
      ...(release === undefined ? {} : { release }),
    },
    { targets: input.args, push: flag(input, 'push'), ...expectedTag(input), ...localWishes(input) },
  );
  for (const warning of warnings) host.emit({ type: 'warning', warning });
  const lines = [
    ...switchLines(explained),
    ...configurationLines(explained),
    ...contextLines(explained.context),
  ];
  return {
    json: explanationDocument(explained),
    page: [
      ...lines.map((text): PagePart => ({ type: 'line', text })),
      ...targetParts(explained.targets, imageLines),
    ],
  };
}
