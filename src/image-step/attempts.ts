import type { Failure } from '../bake/failure.ts';
import { overTries } from '../bake/over-tries.ts';
import type { StreamRecord } from '../bake/record.ts';
import { type Retry, decideRetry } from '../bake/retry-policy.ts';
import { type BakeRun, runBake, type RunOptions } from '../bake/run.ts';
import type { DonorShare } from '../delivery/attribution.ts';
import { type Emit, warn } from '../platform/events.ts';
import { type Heard, listenForSccache } from '../sccache/listener.ts';
import { summariseSccache } from '../sccache/summary.ts';
import { startFailureOf } from '../sccache/warnings.ts';
import { writeBakeCall } from './bake-call.ts';
import type { BuildServices } from './build-services.ts';
import { type Mounting, mountForExport } from './mount-for-export.ts';
import { NOTHING, type OpenImport } from './open-import.ts';
import { nextImport, plannedImport } from './planned-import.ts';
import { spared } from './spared.ts';
import type { Work } from './work.ts';

/** One bake, and what its steps said about sccache. */
export interface Attempt extends BakeRun {
  /** By the id of the step. */
  readonly heard: ReadonlyMap<string, Heard>;
}

/** All tries at one bake call. */
export interface Attempts {
  /** The last one counts; its records tell what all tries did. */
  readonly last: Attempt;
  /** What went wrong before, in order, and in the last where it failed. */
  readonly failures: readonly Failure[];
  /** What each donor gave, over all tries; empty where that cannot be told. */
  readonly donors: readonly DonorShare[];
}

/** Bakes targets in one call, again where the kind of failure allows it (law L3: caches never decide the outcome). */
export async function bakeWithRetries(services: BuildServices, work: Work): Promise<Attempts> {
  const failures: Failure[] = [];
  const earlier: Attempt[] = [];
  let mounting: Mounting | undefined;
  let current = await plannedImport(services, work);
  let withoutSccache = false;
  let afterSilence = false;
  try {
    for (;;) {
      const { opened } = current;
      const trying = attempt(services, work, { opened, withoutSccache, afterSilence });
      mounting ??= mountForExport(services, work);
      const tried = await trying;
      if (tried === 'import-missed') {
        current = await nextImport(services, work, current);
        continue;
      }
      const last = overAttempts(earlier, tried);
      const ended = { last, failures, donors: opened.shares(last.record.steps) };
      const { failure } = last;
      if (failure === undefined) return ended;
      failures.push(failure);
      earlier.push(tried);
      const retry = decideRetry(failures);
      if (retry === undefined || isInVain(services, retry)) return ended;
      const next = await spared(services.host, {
        code: 'build-not-retried',
        work: async () => await nextTry(services, retry, { opened, failure }),
        instead: undefined,
      });
      if (next === undefined) return ended;
      warn(services.host.emit, 'build-retried', retryText(failure, next));
      current = { ...current, opened: next.opened };
      afterSilence ||= tried.silent === true;
      withoutSccache ||= retry.change === 'without-sccache';
      await services.host.clock.sleep(next.delaySeconds * 1000, services.host.signal);
    }
  } finally {
    await current.opened.close();
    await mounting?.end();
  }
}

/** Without sccache the build is what it was, where it was off. */
function isInVain({ settings }: BuildServices, { change }: Retry): boolean {
  return change === 'without-sccache' && settings.sccache?.enabled !== true;
}

function overAttempts(earlier: readonly Attempt[], last: Attempt): Attempt {
  const of = (target: string): StreamRecord[] => earlier.flatMap(({ records }) => records.get(target) ?? []);
  return {
    ...last,
    record: overTries(
      earlier.map(({ record }) => record),
      last.record,
    ),
    records: new Map([...last.records].map(([name, record]) => [name, overTries(of(name), record)])),
    heard: new Map([...earlier.flatMap(({ heard }) => [...heard]), ...last.heard]),
  };
}

interface NextTry {
  readonly opened: OpenImport;
  readonly delaySeconds: number;
  /** What is different, after `trying again`. */
  readonly how: string;
}

/** What the next try imports, after what it needs was renewed. */
async function nextTry(
  services: BuildServices,
  { change, delaySeconds }: Retry,
  { opened, failure }: { readonly opened: OpenImport; readonly failure: Failure },
): Promise<NextTry> {
  const dropping = failure.importing && (change === 'none' || change === 'without-donors');
  const fewer = dropping ? opened.without(failure) : undefined;
  // BuildKit and the gateway have waited long enough for who is to blame: whatever it was, the others can go on.
  if (fewer !== undefined && fewer.dropped.length > 0) {
    return { opened: fewer.opened, delaySeconds: 0, how: ` without ${fewer.dropped.join(', ')}` };
  }
  if (fewer !== undefined) return { opened, delaySeconds, how: ", not by another build's gateway" };
  if (change === 'fresh-credentials') {
    await services.login.refresh();
    return { opened, delaySeconds, how: ' with fresh credentials' };
  }
  if (change === 'without-sccache') return { opened, delaySeconds, how: ' without sccache' };
  if (change === 'none') return { opened, delaySeconds, how: '' };
  await opened.close();
  return { opened: { ...NOTHING, shares: opened.shares }, delaySeconds, how: ' without cache sources' };
}

/** Ends early, without a result, where BuildKit cannot reach what it should import: it would build all from nothing. */
async function attempt(
  services: BuildServices,
  { plan, targets }: Work,
  {
    opened,
    withoutSccache,
    afterSilence,
  }: { readonly opened: OpenImport; readonly withoutSccache: boolean; readonly afterSilence: boolean },
): Promise<Attempt | 'import-missed'> {
  const { hear, heard } = listenForSccache();
  const stop = new AbortController();
  const emit: Emit = (event) => {
    hear(event);
    services.host.emit(event);
    if (event.type !== 'step' || event.step.kind !== 'import' || event.step.state !== 'failed') return;
    if (opened.missed()) stop.abort();
  };
  const passOn = (): void => stop.abort(services.host.signal.reason);
  services.host.signal.addEventListener('abort', passOn, { once: true });
  try {
    const { context, printed } = plan;
    const { cacheFrom, hidden } = opened;
    const facts = { context, printed, targets, cacheFrom, withoutSccache };
    const call = writeBakeCall(services, facts);
    const watched = watchedFor(cacheFrom, afterSilence);
    const options = { builder: plan.builder.name, hidden, ...watched };
    const run = await runBake({ ...services.host, emit, signal: stop.signal }, call, options);
    // Whoever does not even refuse a connection is out of reach too.
    if (run.silent === true && opened.missed()) return 'import-missed';
    return { ...run, heard: heard(), ...judged(run, heard()) };
  } catch (error) {
    services.host.signal.throwIfAborted();
    if (stop.signal.aborted) return 'import-missed';
    throw error;
  } finally {
    services.host.signal.removeEventListener('abort', passOn);
  }
}

function watchedFor(cacheFrom: readonly string[], afterSilence: boolean): Pick<RunOptions, 'watched'> {
  if (cacheFrom.length > 0) return { watched: 'imports' };
  return afterSilence ? { watched: 'start' } : {};
}

/** A step that ended because sccache did not start is no compile error: nothing of the change is wrong. */
function judged(
  { record, failure }: BakeRun,
  heard: ReadonlyMap<string, Heard>,
): { readonly failure?: Failure } {
  if (failure?.step === undefined) return {};
  const start = startFailureOf(summariseSccache(record.steps, heard), failure.step.name);
  return start === undefined ? {} : { failure: { ...failure, class: 'sccache', ...start } };
}

function retryText(failure: Failure, { delaySeconds, how }: NextTry): string {
  const when = delaySeconds === 0 ? 'trying again' : `trying again in ${delaySeconds} s`;
  return `${failure.class}: ${failure.message}; ${when}${how}`;
}
