import { requireImageId } from '../../../ami/model/unpublishable.ts';
import { printAnswer, probeKey, type ProbeAnswer } from '../../../ami/rollout/probe-answer.ts';
import { probeStore } from '../../../ami/probe.ts';
import { openBuildServices } from '../../../image-step/build-services.ts';
import { setMetaData } from '../../../ci/report/meta-data.ts';
import type { Host } from '../../../platform/host.ts';
import {
  CONFIG_OPTIONS,
  type CommandSpec,
  type Input,
  type CommandOutcome,
  textOption,
  never,
} from '../../command.ts';
import { linePart } from '../../parts.ts';
import { loadConfiguration } from '../../loaded.ts';
import { FAMILY_OPTION, loadFamily } from './family.ts';

/** `warmbake ami probe`: runs on an instance of an image, and says whether its store is warm. */
export const amiProbeCommand: CommandSpec = {
  args: '<ami>',
  description:
    'Run by the canary on an instance of the image: marker file, BuildKit, and a build without imports that must execute nothing and pull nothing. The answer goes to the meta-data of the build.',
  options: [
    ...CONFIG_OPTIONS,
    FAMILY_OPTION,
    { flags: '--bake-config <file>', help: 'the bake config artifact, for runs outside of Buildkite' },
    {
      flags: '--source <url>',
      help: 'where git fetches the source from (default: https:// and the repository)',
    },
  ],
  examples: ['warmbake ami probe ami-0123456789abcdef0'],
  changesShared: never,
  run: amiProbe,
};

async function amiProbe(host: Host, input: Input): Promise<CommandOutcome> {
  const image = requireImageId(input.args[0] ?? '');
  const answer = await ask(host, input);
  await setMetaData(host, probeKey(image), printAnswer(answer));
  return {
    json: { image, ...answer },
    page: [linePart(`${answer.outcome}: ${answer.because}`)],
    exitCode: answer.outcome === 'warm' ? 0 : 1,
  };
}

async function ask(host: Host, input: Input): Promise<ProbeAnswer> {
  const family = await loadFamily(host, input);
  const { settings } = await loadConfiguration(host, input);
  const services = await openBuildServices(host, settings, { logins: 'own' });
  const bakeConfig = textOption(input, 'bakeConfig');
  const source = textOption(input, 'source');
  try {
    return await probeStore({
      services,
      family,
      ...(bakeConfig === undefined ? {} : { bakeConfig }),
      ...(source === undefined ? {} : { source }),
    });
  } finally {
    await services.login.remove();
  }
}
