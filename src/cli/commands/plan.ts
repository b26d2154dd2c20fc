import { planClosing } from '../../image-step/closing.ts';
import { openBuildServices } from '../../image-step/build-services.ts';
import {
  configurationLines,
  contextLines,
  planDocument,
  switchLines,
  targetLines,
} from '../../image-step/plan-document.ts';
import { importText } from '../../image-step/import-plan.ts';
import { type BuildPlan, makePlan } from '../../image-step/plan.ts';
import { targetParts } from '../../image-step/target-parts.ts';
import type { PagePart } from '../../platform/events.ts';
import type { Host } from '../../platform/host.ts';
import {
  CONFIG_OPTIONS,
  type CommandSpec,
  type Input,
  type CommandOutcome,
  flag,
  never,
} from '../command.ts';
import { EXPECT_TAG_OPTION, expectedTag } from '../expect-tag.ts';
import { loadForBuild } from '../loaded.ts';
import { LOCAL_OPTIONS, localWishes } from '../local-options.ts';

/** `warmbake plan`: all that `build` would do, and nothing done. */
export const planCommand: CommandSpec = {
  args: '[target...]',
  description:
    'Show what `warmbake build` would do here: context, cache chain, builder, definition. Changes nothing.',
  options: [
    ...CONFIG_OPTIONS,
    { flags: '--offline', help: 'ask no registry; sources stay unprobed' },
    { flags: '--push', help: 'plan a local build that pushes' },
    { flags: '--force', help: 'plan a build although the image exists' },
    { flags: '--no-sccache', help: 'without sccache: the compile layer is shared with nobody' },
    ...LOCAL_OPTIONS,
    EXPECT_TAG_OPTION,
  ],
  examples: [
    'warmbake plan',
    'warmbake plan test-ci',
    'warmbake plan test-ci --load --set test-ci.args.DEBUG=1',
    'warmbake plan --offline --json | jq .targets[0].cacheFrom',
    'BUILDKITE=true BUILDKITE_PULL_REQUEST=7 … warmbake plan --config ci/warmbake.yaml',
  ],
  changesShared: never,
  run: plan,
};

async function plan(host: Host, input: Input): Promise<CommandOutcome> {
  const wishes = localWishes(input);
  const loaded = await loadForBuild(host, input);
  const services = await openBuildServices(loaded.host, loaded.settings, {
    offline: flag(input, 'offline'),
    configuration: loaded,
    checkout: loaded.checkout,
  });
  try {
    const made = await makePlan(services, {
      targets: input.args,
      push: flag(input, 'push'),
      offline: flag(input, 'offline'),
      force: flag(input, 'force'),
      lookOnly: true,
      ...expectedTag(input),
      ...wishes,
    });
    for (const warning of made.warnings) host.emit({ type: 'warning', warning });
    // Who asks nobody need have nobody.
    const error = flag(input, 'offline') ? undefined : made.missing;
    return { json: planDocument(made), page: planPage(made), ...(error === undefined ? {} : { error }) };
  } finally {
    await services.login.remove();
  }
}

function planPage(made: BuildPlan): readonly PagePart[] {
  const { builder } = made;
  const lines = [
    ...switchLines(made),
    ...configurationLines(made),
    ...contextLines(made.context),
    `builder  ${builderText(builder)}`,
    `import   ${importText(made.import)}`,
  ];
  return [
    ...lines.map((text): PagePart => ({ type: 'line', text })),
    ...targetParts(made.targets, targetLines),
    { type: 'line', text: `\n${planClosing(made)}` },
  ];
}

function builderText({ action, name, driver, because }: BuildPlan['builder']): string {
  if (action === 'missing') return `none: ${because}`;
  return `${action === 'create' ? 'create ' : ''}${name} (${driver}): ${because}`;
}
