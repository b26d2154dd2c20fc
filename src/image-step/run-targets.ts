import type { StreamRecord } from '../bake/record.ts';
import type { BakeRun } from '../bake/run.ts';
import { type Digest, isDigest, referenceName } from '../registry/reference.ts';
import { sccacheLine } from '../sccache/report.ts';
import { type SccacheSummary, summariseSccache } from '../sccache/summary.ts';
import { sccacheWarnings } from '../sccache/warnings.ts';
import { bakeWithRetries } from './attempts.ts';
import type { BuildContext } from '../context/context.ts';
import type { BuildServices } from './build-services.ts';
import { finishCache, promoteImage, repairCacheNames } from './finish-cache.ts';
import type { BuildPlan } from './plan.ts';
import { type Promoted, promotionText } from './promotion.ts';
import { type TargetResult, cacheLine, donorLines } from './result.ts';
import type { TargetPlan } from './target-plan.ts';
import { hearExports, openReadAhead, type ReadAhead } from './read-ahead.ts';
import { readBackOnce } from './read-back-once.ts';
import { spared } from './spared.ts';
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
  const ahead = openReadAhead(services.registry);
  const exported = (): void => ahead.start(group.flatMap(({ exportTo }) => exportTo));
  const listening = { ...services, host: { ...host, emit: hearExports(host.emit, exported) } };
  const { last, failures, donors } = await bakeWithRetries(listening, { plan, targets: group });
  const seconds = (host.clock.now().getTime() - start) / 1000;
  host.emit({ type: 'line', text: cacheLine(last.record) });
  for (const text of donorLines(donors)) host.emit({ type: 'line', text });
  const ended = group.map((target) => {
    const record = last.records.get(target.settings.name) ?? last.record;
    const sccache = tellSccache(services, summariseSccache(record.steps, last.heard));
    const common = { record, donors, failures, seconds, ...exitCode(last), ...sccache };
    return { target, record, common, outcome: outcomeOf(target, { last, record }) };
  });
  const written = ended.filter(({ outcome, target }) => outcome === 'built' && isWritten(target));
  if (written.length > 0) {
    const title = `Reading back ${written.map(({ target }) => target.settings.name).join(', ')}`;
    host.emit({ type: 'section', title });
  }
  const results = await Promise.all(
    ended.map(async ({ target, record, common, outcome }): Promise<TargetResult> => {
      if (outcome !== 'built') return { ...empty(target, outcome), ...common };
      const pushed = digestOfTarget(target, last);
      const finished = await finish(services, plan.context, { target, record, pushed, ahead });
      return { ...finished, ...common, failures: [...failures, ...finished.failures] };
    }),
  );
  for (const result of results) tellWritten(services, result);
  for (const { target } of ended.filter((each) => each.outcome === 'built')) {
    for (const name of target.load ?? []) host.emit({ type: 'line', text: `loaded   ${name}` });
  }
  return results;
}

function tellWritten({ host }: BuildServices, { verified, exported, promoted }: TargetResult): void {
  for (const { ref, digest } of verified)
    host.emit({ type: 'line', text: `image    ${referenceName(ref)} ${digest}` });
  for (const { ref, digest } of exported)
    host.emit({ type: 'line', text: `cache    ${referenceName(ref)} ${digest}` });
  for (const p of promoted) host.emit({ type: 'line', text: `name     ${promotionText(p)}` });
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

/** Outside of CI there is nothing in a registry to look at. */
function isWritten({ tags, exportTo }: TargetPlan): boolean {
  return tags.length > 0 || exportTo.length > 0;
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

/** Reads back and gives names. The image stands, whatever goes wrong here; one that nobody can pull gets no name. */
async function finish(
  services: BuildServices,
  context: BuildContext,
  {
    target,
    record,
    pushed,
    ahead,
  }: {
    readonly target: TargetPlan;
    readonly record: StreamRecord;
    readonly pushed: Digest | undefined;
    readonly ahead: ReadAhead;
  },
): Promise<TargetResult> {
  const naming = async () => {
    const read = await verifyTags(services, target.tags, pushed);
    const images = read.unreadable === undefined ? target.promotions.filter((p) => p.what === 'image') : [];
    const named = await spared(services.host, {
      code: 'promotion-failed',
      work: async () => await promoteImage(services, context, images),
      instead: [],
    });
    return { ...read, promoted: named };
  };
  // Beside each other: an image that cannot be read back says nothing about the cache.
  const [cache, { verified, unreadable, promoted }] = await Promise.all([
    spared(services.host, {
      code: 'cache-mark-failed',
      work: async () => await finishCache(services, context, { target, record, ahead }),
      instead: { exported: [], promoted: [] },
    }),
    naming(),
  ]);
  const once = unreadable === undefined ? await readBackOnce(services, target, promoted) : { verified: [] };
  const lost = unreadable ?? once.unreadable;
  return {
    ...empty(target, lost === undefined ? 'built' : 'failed'),
    verified: [...verified, ...once.verified],
    exported: cache.exported,
    promoted: [...promoted, ...cache.promoted],
    failures: lost === undefined ? [] : [lost],
  };
}

/** Nothing is built; a name that lags behind is put right. */
async function skip(services: BuildServices, plan: BuildPlan, target: TargetPlan): Promise<TargetResult> {
  const promoted =
    target.skip.decision !== 'repair'
      ? undefined
      : await spared(services.host, {
          code: 'promotion-failed',
          work: async () => await repairNames(services, plan.context, target),
          instead: [],
        });
  const [pushed, once] = await Promise.all([
    verifyTags(services, target.tags, undefined),
    readBackOnce(services, target, promoted),
  ]);
  const lost = pushed.unreadable ?? once.unreadable;
  const result = {
    ...empty(target, lost === undefined ? 'skipped' : 'failed'),
    promoted: promoted ?? [],
    verified: [...pushed.verified, ...once.verified],
    failures: lost === undefined ? [] : [lost],
  };
  for (const p of result.promoted) services.host.emit({ type: 'line', text: `name     ${promotionText(p)}` });
  return result;
}

/** What an earlier build of this commit wrote gets the names that have not moved to it. */
async function repairNames(
  services: BuildServices,
  context: BuildContext,
  { promotions }: TargetPlan,
): Promise<readonly Promoted[]> {
  const [images, caches] = await Promise.all([
    promoteImage(
      services,
      context,
      promotions.filter((p) => p.what === 'image'),
    ),
    repairCacheNames(
      services,
      context,
      promotions.filter((p) => p.what === 'cache'),
    ),
  ]);
  return [...images, ...caches];
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
