import type { BakeRun } from '../bake/run.ts';
import { referenceName } from '../registry/reference.ts';
import { sccacheLine } from '../sccache/report.ts';
import type { SccacheSummary } from '../sccache/summary.ts';
import { sccacheWarnings } from '../sccache/warnings.ts';
import { bakeWithRetries } from './attempts.ts';
import type { BuildServices } from './build-services.ts';
import { finishCache, promoteImage } from './finish-cache.ts';
import type { BuildPlan } from './plan.ts';
import { promotionText } from './promotion.ts';
import { type TargetResult, cacheLine } from './result.ts';
import type { TargetPlan } from './target-plan.ts';
import { verifyTags } from './verify.ts';

/** Skips, repairs or bakes targets; `group` is baked in one call. */
export async function runTargets(
  services: BuildServices,
  plan: BuildPlan,
  group: readonly TargetPlan[],
): Promise<readonly TargetResult[]> {
  const [first] = group;
  if (first === undefined) return [];
  if (first.skip.decision !== 'build') return [await skip(services, plan, first)];
  const { host } = services;
  const names = group.map((t) => t.settings.name).join(', ');
  host.emit({ type: 'section', title: `Building ${names}` });
  const start = host.clock.now().getTime();
  const { last, failures } = await bakeWithRetries(services, plan, group);
  const seconds = (host.clock.now().getTime() - start) / 1000;
  const common = {
    record: last.record,
    failures,
    seconds,
    ...exitCode(last),
    ...tellSccache(services, last.sccache),
  };
  host.emit({ type: 'line', text: cacheLine(last.record) });
  if (last.failure !== undefined) return group.map((t) => ({ ...empty(t, 'failed'), ...common }));
  host.emit({ type: 'section', title: `Reading back ${names}` });
  const results: TargetResult[] = [];
  for (const target of group)
    results.push({ ...(await finish(services, plan, { target, last })), ...common });
  return results;
}

/** Says what sccache did, where it is on; a store that nobody uses would go unnoticed for months. */
function tellSccache(
  { host, settings }: BuildServices,
  summary: SccacheSummary,
): { readonly sccache?: SccacheSummary } {
  if (settings.sccache?.enabled !== true) return {};
  host.emit({ type: 'line', text: sccacheLine(summary) });
  for (const warning of sccacheWarnings(summary, settings.sccache)) host.emit({ type: 'warning', warning });
  return { sccache: summary };
}

function exitCode({ exitCode: code }: { readonly exitCode?: number }): { readonly bakeExitCode?: number } {
  return code === undefined ? {} : { bakeExitCode: code };
}

async function finish(
  services: BuildServices,
  plan: BuildPlan,
  { target, last }: { readonly target: TargetPlan; readonly last: BakeRun },
): Promise<TargetResult> {
  const { host } = services;
  const verified = await verifyTags(services, target.tags, last.digests[target.settings.name]);
  const cache = await finishCache(services, plan.context, { target, record: last.record });
  const images = await promoteImage(
    services,
    plan.context,
    target.promotions.filter((p) => p.what === 'image'),
  );
  const promoted = [...images, ...cache.promoted];
  for (const { ref, digest } of verified)
    host.emit({ type: 'line', text: `image    ${referenceName(ref)} ${digest}` });
  for (const { ref, digest } of cache.exported)
    host.emit({ type: 'line', text: `cache    ${referenceName(ref)} ${digest}` });
  for (const p of promoted) host.emit({ type: 'line', text: `name     ${promotionText(p)}` });
  return { ...empty(target, 'built'), verified, exported: cache.exported, promoted };
}

/** Nothing is built; a name that lags behind is put right. */
async function skip(services: BuildServices, plan: BuildPlan, target: TargetPlan): Promise<TargetResult> {
  const repair = target.skip.decision === 'repair';
  const images = target.promotions.filter((p) => p.what === 'image');
  const promoted = repair ? await promoteImage(services, plan.context, images) : [];
  for (const p of promoted) services.host.emit({ type: 'line', text: `name     ${promotionText(p)}` });
  const verified = await verifyTags(services, target.tags, undefined);
  return { ...empty(target, 'skipped'), verified, promoted };
}

/** The result of a target that was not baked because an earlier one failed. */
export function notStarted(target: TargetPlan): TargetResult {
  return empty(target, 'not-started');
}

function empty(target: TargetPlan, outcome: TargetResult['outcome']): TargetResult {
  return {
    name: target.settings.name,
    outcome,
    decision: target.skip,
    seconds: 0,
    verified: [],
    exported: [],
    promoted: [],
    failures: [],
  };
}
