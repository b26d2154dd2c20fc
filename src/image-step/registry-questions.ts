import { setImmediate } from 'node:timers/promises';
import { type Probed, type Prober, openProber } from '../cache/probe.ts';
import type { Candidate } from '../refs/candidate.ts';
import { sayIfSlow } from '../platform/slow.ts';
import { type Reference, referenceName } from '../registry/reference.ts';
import type { BuildServices } from './build-services.ts';
import { closestSource } from './import-plan.ts';
import { imageFact } from './image-fact.ts';
import type { Outline, OutlinedTarget } from './outline.ts';
import type { AskPushRight } from './push-rights.ts';
import { decideSkip, type SkipFacts } from './skip.ts';

/** What a plan asks of registries, each thing once. */
export interface RegistryQuestions {
  /**
   * Asks now for what a build like `outline` will want to know, after everything else that was told to start. To be called as soon as a
   * guess is possible, and again for a better one: what turns out not to be wanted was asked in vain, and decides nothing.
   */
  foresee(outline: Outline): void;
  /** What became of the sources of each target, in their order. */
  probe(targets: readonly (readonly Candidate[])[]): Promise<readonly Probed[]>;
  /** What the registry holds under the tags that a build would push; asked only where that can spare the build. */
  images(tags: readonly Reference[]): Promise<SkipFacts['tags']>;
}

/** What the caller of a plan says about questions. */
export interface QuestionRequest {
  /** Ask for no cache and no image. */
  readonly offline: boolean;
  /** Build although the image exists. */
  readonly force: boolean;
  /** Asked before the plan is complete, where something will certainly be built; absent where nothing is to be. */
  readonly pushRight?: AskPushRight;
}

type QuestionServices = Pick<BuildServices, 'registry' | 'host' | 'settings' | 'switches' | 'silence'>;

/** See {@link RegistryQuestions}. */
export function openQuestions(services: QuestionServices, request: QuestionRequest): RegistryQuestions {
  const { registry, settings, switches, host } = services;
  const facts = new Map<string, ReturnType<typeof imageFact>>();
  const { revision } = settings.bake.annotations;
  const spares = !request.force && !request.offline && !switches.bypass;
  const prober = openSourceProber(services, request);

  async function images(tags: readonly Reference[]): Promise<SkipFacts['tags']> {
    if (!spares) return [];
    const asked = tags.map(async (ref) => {
      const name = referenceName(ref);
      const fact = facts.get(name) ?? imageFact(registry, ref, revision);
      facts.set(name, fact);
      return { ref, fact: await fact };
    });
    return await Promise.all(asked);
  }

  /** Where its image is there, no right is asked for: most likely nothing will be pushed. */
  async function askRights({ context }: Outline, { writes }: OutlinedTarget): Promise<void> {
    const tags = await images(writes.tags);
    const { pushRight } = request;
    const { commit } = context;
    if (pushRight === undefined || switches.bypass) return;
    if (spares && decideSkip({ commit, platforms: [], tags, behind: [] }).decision !== 'build') return;
    await Promise.all([...writes.tags, ...writes.exportTo].map(pushRight));
  }

  return {
    foresee: (outline) => {
      const ask = async (): Promise<void> => {
        // Until here others were told to work; asking a registry is work of this process.
        await setImmediate();
        if (prober === undefined) startUnprobed(services, outline);
        else prober.start(outline.targets.flatMap(({ candidates }) => candidates));
        await Promise.all(outline.targets.map(async (target) => await askRights(outline, target)));
      };
      // Whoever needs an answer asks again, and hears what went wrong.
      ask().catch(() => undefined);
    },
    probe: async (targets) => {
      if (prober === undefined) {
        return targets.map((all) => ({ sources: all.map(unprobed), donors: [] }));
      }
      const count = targets.flat().length;
      return await sayIfSlow(host, `asking the registry for ${count} cache sources`, prober.probe(targets));
    },
    images,
  };
}

/** What will be imported although nobody asks whether it is there: whether it says anything. */
function startUnprobed({ silence, switches }: QuestionServices, { targets }: Outline): void {
  if (switches.bypass) return;
  for (const { candidates } of targets) {
    const ref = closestSource(candidates.map(unprobed));
    if (ref !== undefined) silence?.start(ref);
  }
}

function unprobed({ role, ref }: Candidate) {
  return { role, ref, state: 'unprobed' } as const;
}

/** `undefined` where no registry is to be asked. */
function openSourceProber(
  { registry, host, settings, switches }: QuestionServices,
  { offline }: QuestionRequest,
): Prober | undefined {
  const { maxSources } = settings.cache;
  return offline || switches.bypass ? undefined : openProber({ registry, host }, { maxSources });
}
