import type { Failure } from '../bake/failure.ts';
import { code, markdown, markdownOf, type Markdown } from '../ci/report/markdown.ts';
import type { StreamRecord } from '../bake/record.ts';
import type { DonorShare } from '../delivery/attribution.ts';
import { referenceName } from '../registry/reference.ts';
import type { Warning } from '../platform/events.ts';
import { sccacheLine } from '../sccache/report.ts';
import type { SccacheSummary } from '../sccache/summary.ts';
import type { Verified } from './verify.ts';
import { contextDocument, importDocument, planDocument } from './plan-document.ts';
import type { BuildPlan } from './plan.ts';
import type { Promoted } from './promotion.ts';
import type { ResultDocument } from './result-schema.ts';
import type { SkipDecision } from './skip.ts';
import { switchesText } from './switches.ts';

/** What became of one target. */
export interface TargetResult {
  readonly name: string;
  /** `canceled`: another target of the same bake failed first. */
  readonly outcome: 'built' | 'skipped' | 'failed' | 'canceled' | 'not-started';
  readonly decision: SkipDecision;
  readonly seconds: number;
  /** Image tags read back. */
  readonly verified: readonly Verified[];
  /** Cache refs that hold what this build exported. */
  readonly exported: readonly Verified[];
  readonly promoted: readonly Promoted[];
  /** What the progress stream told; absent where nothing was built. */
  readonly record?: StreamRecord;
  /** What each cache gave to the bake that this target was part of; empty where that cannot be told. */
  readonly donors?: readonly DonorShare[];
  /** What its steps said about sccache, where that is configured and on. */
  readonly sccache?: SccacheSummary;
  readonly bakeExitCode?: number;
  /** Failed tries before the last, and the last where it failed. */
  readonly failures: readonly Failure[];
}

/** What `warmbake build` did. */
export interface BuildResult {
  readonly outcome: 'built' | 'skipped' | 'failed';
  readonly plan: BuildPlan;
  readonly targets: readonly TargetResult[];
  readonly warnings: readonly Warning[];
  /** From the first line of the log to the last promotion. */
  readonly seconds: number;
}

/** The build record: `build --result FILE` and `build --json`. */
export function resultDocument(result: BuildResult): ResultDocument {
  const { plan } = result;
  const planned = planDocument(plan).targets;
  return {
    outcome: result.outcome,
    seconds: result.seconds,
    switches: plan.switches,
    ...(plan.configuration === undefined ? {} : { configuration: plan.configuration }),
    context: contextDocument(plan.context),
    builder: plan.builder,
    import: importDocument(plan.import),
    planned,
    targets: result.targets.map((t) => ({
      ...t,
      verified: t.verified.map(verifiedDocument),
      exported: t.exported.map(verifiedDocument),
      promoted: t.promoted.map((p) => ({
        ref: referenceName(p.promotion.to),
        action: p.action,
        because: p.because,
      })),
    })),
    warnings: result.warnings,
  };
}

function verifiedDocument({ ref, digest }: Verified): { readonly ref: string; readonly digest: string } {
  return { ref: referenceName(ref), digest };
}

/** One line about what the cache did: `4 of 6 steps loaded, 2 executed in 3.1 s, 12.0 MB pulled`. */
export function cacheLine({ totals }: StreamRecord): string {
  const loaded = totals.loaded + totals.pruned;
  const parts = [
    `${loaded} of ${totals.steps} steps from the cache`,
    `${totals.executed} executed in ${totals.secondsExecuting.toFixed(1)} s`,
    ...(totals.bytesPulled === 0 ? [] : [`${megabytes(totals.bytesPulled)} pulled`]),
    ...(totals.exportSeconds === 0 ? [] : [`cache exported in ${totals.exportSeconds.toFixed(1)} s`]),
  ];
  return parts.join(', ');
}

/** What each donor gave, a line each; those that gave nothing are not named. */
export function donorLines(donors: readonly DonorShare[]): readonly string[] {
  return donors
    .filter(({ layers }) => layers.length > 0)
    .map(({ donor, layers, bytes }) => `loaded   ${layers.length} layers, ${megabytes(bytes)} from ${donor}`);
}

/** What the page of a build shows of a step: short, one bullet a target, warnings below. */
export function annotationOf(
  result: Pick<BuildResult, 'targets' | 'warnings'> & { readonly plan: Pick<BuildPlan, 'switches'> },
): Markdown {
  const bullets = result.targets.map((t) => {
    const refs = markdownOf(
      t.verified.map(({ ref }) => markdown` ${code(referenceName(ref))}`),
      '',
    );
    const cache = t.record === undefined ? t.decision.because : cacheLine(t.record);
    const sccache = t.sccache === undefined ? '' : `; ${sccacheLine(t.sccache)}`;
    return markdown`- **${t.name}** ${t.outcome}${refs}: ${cache}${sccache}`;
  });
  const switches = switchesText(result.plan.switches);
  const warnings = result.warnings.slice(0, 5).map((w) => markdown`- ${w.code}: ${w.message}`);
  const more = result.warnings.length - warnings.length;
  const heading = [markdown``, markdown`Warnings`, markdown``];
  const told = [
    ...bullets,
    ...(switches === undefined ? [] : [markdown`- switches: ${switches}`]),
    ...(warnings.length === 0 ? [] : [...heading, ...warnings]),
    ...(more > 0 ? [markdown`- and ${String(more)} more in the log`] : []),
  ];
  return markdownOf([...told, markdown``], '\n');
}

function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(1)} MB`;
}
