import type { StreamRecord } from '../bake/record.ts';
import type { BakeRun } from '../bake/run.ts';
import { type Digest, isDigest, referenceName } from '../registry/reference.ts';
import { sccacheLine } from '../sccache/report.ts';
import { type SccacheSummary, summariseSccache } from '../sccache/summary.ts';
import { sccacheWarnings } from '../sccache/warnings.ts';
import { bakeWithRetries } from './attempts.ts';
import type { BuildServices } from './build-services.ts';
import { finishCache, promoteImage } from './finish-cache.ts';
import type { BuildPlan } from './plan.ts';
import { promotionText } from './promotion.ts';
import { type TargetResult, cacheLine, donorLines } from './result.ts';
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
  const { last, failures, donors } = await bakeWithRetries(services, { plan, targets: group });
  const seconds = (host.clock.now().getTime() - start) / 1000;
  host.emit({ type: 'line', text: cacheLine(last.record) });
  for (const text of donorLines(donors)) host.emit({ type: 'line', text });
  const results: TargetResult[] = [];
  for (const target of group) {
    const record = last.records.get(target.settings.name) ?? last.record;
    const common = {
      record,
      donors,
      failures,
      seconds,
      ...exitCode(last),
      ...tellSccache(services, summariseSccache(record.steps, last.heard)),
    };
    const outcome = outcomeOf(target, { last, record });
    if (outcome === 'built') {
      if (results.length === 0) host.emit({ type: 'section', title: `Reading back ${names}` });
      results.push({
        ...(await finish(services, plan, { target, record, pushed: digestOfTarget(target, last) })),
        ...common,
      });
    } else {
      results.push({ ...empty(target, outcome), ...common });
    }
  }
  return results;
}

/** Targets of one call end apart: one can have been pushed before another failed. */
function outcomeOf(
  target: TargetPlan,
  { last, record }: { readonly last: BakeRun; readonly record: StreamRecord },
): 'built' | 'failed' | 'canceled' {
  const { failure } = last;
  if (failure === undefined) return 'built';
  if (last.records.size <= 1 || failure.target === undefined || failure.target === target.settings.name) {
    return 'failed';
  }
  return isDone(target, record) ? 'built' : 'canceled';
}

/** Everything that the target was to write is written. */
function isDone({ tags, exportTo }: TargetPlan, { images, exports }: StreamRecord): boolean {
  const pushed = new Set(images.map(({ ref }) => ref));
  const exported = exports.length >= exportTo.length && exports.every(({ state }) => state !== 'aborted');
  return tags.length > 0 && tags.every((tag) => pushed.has(referenceName(tag))) && exported;
}

/** bake tells digests only after everything went well; the progress stream tells each push. */
function digestOfTarget({ settings, tags }: TargetPlan, last: BakeRun): Digest | undefined {
  const names = new Set(tags.map(referenceName));
  const pushed = last.record.images.find(({ ref }) => names.has(ref))?.digest ?? '';
  return last.digests[settings.name] ?? (isDigest(pushed) ? pushed : undefined);
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
  {
    target,
    record,
    pushed,
  }: { readonly target: TargetPlan; readonly record: StreamRecord; readonly pushed: Digest | undefined },
): Promise<TargetResult> {
  const { host } = services;
  const verified = await verifyTags(services, target.tags, pushed);
  const cache = await finishCache(services, plan.context, { target, record });
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
