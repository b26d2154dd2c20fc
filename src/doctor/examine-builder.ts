import { type BuilderDecision, type BuilderFacts, decideBuilder, namedBuilder } from '../bake/builder.ts';
import { builderFacts } from '../bake/builder-facts.ts';
import { chooseDelivery } from '../delivery/choose-delivery.ts';
import type { BuildServices } from '../image-step/build-services.ts';
import { deliveryFacts } from '../image-step/delivery-facts.ts';
import type { Host } from '../platform/host.ts';
import { builderSpace } from './ask-disk.ts';
import { boundedFindings } from './bounded-findings.ts';
import { builderFindings, deliveryFinding, engineFinding } from './builder-findings.ts';
import { ENGINE_SPACE, diskFinding } from './disk-space.ts';
import { type DoctorFinding, skipped, thrown } from './finding.ts';
import type { FoundPlan } from './find-plan.ts';

/** The engine may take 10 s. */
const BUILDER_MS = 15_000;

/** Engine, builder and the way to it, as the build itself decides about them. */
export async function examineBuilder(
  outer: Host,
  services: BuildServices,
  plan: () => Promise<{ readonly found?: FoundPlan }>,
): Promise<readonly DoctorFinding[]> {
  const kept: { facts?: BuilderFacts; decision?: BuilderDecision } = {};
  const findings = await boundedFindings(outer, { check: 'builder', ms: BUILDER_MS }, async (host) => {
    const facts = await builderFacts(host, services.settings.builder, services.docker);
    const decided = decide(services, facts);
    const choice = 'choice' in decided ? decided.choice : undefined;
    const space = diskFinding('disk-engine', await builderSpace(facts.engine, choice), ENGINE_SPACE);
    const engine = engineFinding(facts, { needed: choice === undefined || choice.driver === 'docker' });
    if (!('choice' in decided)) return [engine, space, decided.trouble];
    [kept.facts, kept.decision] = [facts, decided];
    return [engine, space, ...builderFindings(decided)];
  });
  const { facts, decision } = kept;
  if (facts === undefined || decision === undefined) {
    return [...findings, skipped('delivery', 'there is no builder')];
  }
  const { found } = await plan();
  const mayWrite = found?.mayWrite === true;
  const way = { ...deliveryFacts(decision.choice, facts, { offline: false }), mayWrite };
  return [...findings, deliveryFinding(chooseDelivery(way))];
}

function decide(
  { settings, switches }: BuildServices,
  facts: BuilderFacts,
): BuilderDecision | { readonly trouble: DoctorFinding } {
  try {
    return switches.builder === undefined
      ? decideBuilder(settings.builder, facts)
      : namedBuilder(switches.builder, facts);
  } catch (error) {
    return { trouble: thrown('builder', error) };
  }
}
