import type { UsedConfiguration } from '../config/used.ts';
import type { BuildContext } from '../context/context.ts';
import type { BuildServices } from './build-services.ts';
import { type OutlineRequest, outlineBuild } from './outline.ts';
import { contextDocument, refsDocument } from './plan-document.ts';
import type { ExplanationDocument } from './plan-schema.ts';
import type { Switches } from './switches.ts';
import type { ResolvedTarget } from './target-plan.ts';

/** What this build is and which refs follow from it; every source is `unprobed`. */
export interface Explanation {
  readonly switches: Switches;
  readonly configuration?: UsedConfiguration;
  readonly context: BuildContext;
  readonly targets: readonly ResolvedTarget[];
}

/** The plan as far as it goes without Docker and without a registry: for looking before anything is installed. */
export async function explainBuild(
  services: Pick<BuildServices, 'host' | 'settings' | 'history' | 'switches' | 'configuration' | 'release'>,
  request: OutlineRequest,
): Promise<Explanation> {
  const { context, targets } = await outlineBuild(services, request);
  return {
    switches: services.switches,
    ...(services.configuration === undefined ? {} : { configuration: services.configuration.used }),
    context,
    targets: targets.map(({ writes, candidates }) => ({
      ...writes,
      sources: candidates.map(({ role, ref }) => ({ role, ref, state: 'unprobed' })),
    })),
  };
}

/** The explanation as JSON: the part of the plan's document that needs nobody's answer. */
export function explanationDocument(explained: Explanation): ExplanationDocument {
  return {
    switches: explained.switches,
    ...(explained.configuration === undefined ? {} : { configuration: explained.configuration }),
    context: contextDocument(explained.context),
    targets: explained.targets.map(refsDocument),
  };
}
