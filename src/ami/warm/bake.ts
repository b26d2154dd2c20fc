import { bakeArguments } from '../../bake/buildx.ts';
import type { BuildxProgram } from '../../bake/buildx-program.ts';
import { classifyFailure } from '../../bake/failure.ts';
import { type HiddenText, withoutHidden } from '../../bake/hidden-text.ts';
import { followProgress } from '../../bake/progress.ts';
import { summarise } from '../../bake/record.ts';
import { WarmbakeError } from '../../platform/errors.ts';
import type { Emit } from '../../platform/events.ts';
import type { Host } from '../../platform/host.ts';
import { succeeded } from '../../platform/process.ts';
import { shownAddresses } from '../../platform/shown-addresses.ts';
import { type StepLimit, stepLimit } from './step-limit.ts';
import { WARM_TARGET } from './definition.ts';
import { storeUse, type TimedUse } from './warmth.ts';

/** One build of {@link WARM_TARGET}. */
export interface WarmCall {
  /** The bake file. */
  readonly file: string;
  readonly builder: string;
  readonly buildx: BuildxProgram;
  /** The complete environment. */
  readonly env: Readonly<Record<string, string>>;
  /** The source, against which bake resolves contexts. */
  readonly cwd: string;
  /** Entitlements that the bake file asks for and may have. */
  readonly allow: readonly string[];
}

/** How {@link bakeStages} goes about it. */
export interface StageLimits {
  /** Milliseconds that one step may work. */
  readonly longestStepMs: number;
  /** What nobody may see of the bake file; default: nothing. */
  readonly hidden?: readonly HiddenText[];
  /** Ends the build when its cache cannot be imported, in place of building what the cache has; default false. */
  readonly needsImport?: boolean;
}

/** The cache of a build that needs it could not be imported. */
export const IMPORT_FAILED = 'warm-import-failed';
/** A layer of the imported cache could not be loaded. */
export const LAYER_LOST = 'warm-layer-lost';

/** How often the running steps are looked at, in milliseconds. */
const LOOK_MS = 1_000;

/**
 * Builds every stage and tells what that did. Throws `check` when a step works for longer than the limit, `outside` where its cache
 * cannot be imported and it needs it, `build` where the build fails.
 */
export async function bakeStages(
  host: Host,
  call: WarmCall,
  { longestStepMs, hidden = [], needsImport = false }: StageLimits,
): Promise<TimedUse> {
  const now = (): number => host.clock.now().getTime();
  const begun = now();
  const stop = new AbortController();
  const emit: Emit = (event) => {
    host.emit(event);
    if (!needsImport || event.type !== 'step') return;
    const { kind, state, error } = event.step;
    if (kind === 'import' && state === 'failed') stop.abort(importFailed(error));
  };
  const progress = followProgress(emit);
  const limit = stepLimit(longestStepMs, now);
  const { file, builder, buildx, env, cwd, allow } = call;
  const passOn = (): void => stop.abort(host.signal.reason);
  host.signal.addEventListener('abort', passOn, { once: true });
  const ended = new AbortController();
  const watching = endOverdue(host, limit, { stop, ended: ended.signal });
  const finished = await host.processes.run(
    {
      argv: [
        ...buildx,
        'bake',
        '--builder',
        builder,
        '--progress=rawjson',
        ...bakeArguments({ allow, files: [file], targets: [WARM_TARGET] }),
      ],
      env,
      cwd,
    },
    {
      onStderr: (said) => {
        const line = withoutHidden(shownAddresses(said), hidden);
        progress.line(line);
        limit.line(line);
      },
      discard: true,
      signal: stop.signal,
    },
  );
  ended.abort();
  await watching;
  host.signal.removeEventListener('abort', passOn);
  const trace = progress.end();
  host.signal.throwIfAborted();
  stop.signal.throwIfAborted();
  if (!succeeded(finished)) {
    const { message, importing } = classifyFailure(trace);
    const code = importing ? LAYER_LOST : 'warm-build-failed';
    throw new WarmbakeError('build', code, `the warm build failed: ${message}`);
  }
  return { use: storeUse(trace, summarise(trace)), seconds: Math.round((now() - begun) / 1000) };
}

function importFailed(error: string | undefined): WarmbakeError {
  const because = error === undefined ? '' : `: ${error}`;
  return new WarmbakeError('outside', IMPORT_FAILED, `the merged cache cannot be imported${because}`);
}

/** Ends the build, with the reason, when a step is overdue. */
async function endOverdue(
  host: Host,
  limit: StepLimit,
  { stop, ended }: { readonly stop: AbortController; readonly ended: AbortSignal },
): Promise<void> {
  while (!ended.aborted) {
    const overdue = limit.overdue(host.clock.now().getTime());
    if (overdue !== undefined) {
      const message = `'${overdue.name}' has been running for ${overdue.seconds} s: its layer is not in the trusted caches`;
      const hint = 'let the trusted branch build this commit again, or raise ami.*.warm.longestStep';
      stop.abort(new WarmbakeError('check', 'cache-missed', message, { hint }));
      return;
    }
    await host.clock.sleep(LOOK_MS, ended).catch(() => undefined);
  }
}
