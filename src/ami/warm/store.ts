import { readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { DockerEnvironment } from '../../bake/builder-facts.ts';
import { AS_JUDGED, bakeWords } from '../../bake/buildx.ts';
import type { OpenImport } from '../../image-step/open-import.ts';
import { WarmbakeError } from '../../platform/errors.ts';
import type { Host } from '../../platform/host.ts';
import { succeeded } from '../../platform/process.ts';
import { storeBytes } from './store-bytes.ts';
import { bakeStages, IMPORT_FAILED, LAYER_LOST } from './bake.ts';
import { importing } from './definition.ts';
import type { LoadFailure, WarmLayers } from './layers.ts';
import type { WarmPlan } from './plan.ts';
import { judgeWarmth, type TimedUse, type Warmth } from './warmth.ts';

/** A BuildKit whose store gets warm: an address as `docker buildx create --driver remote` takes it. */
export interface WarmStore {
  readonly address: string;
}

/** What the builds need besides the plan. */
export interface WarmOptions {
  /** Logins for the registries that layers come from; they are sent with a build and stay on this machine. */
  readonly docker: Pick<DockerEnvironment, 'env' | 'buildx'>;
  readonly longestStepMs: number;
  readonly minimumBytes: number;
}

const BUILDER = 'warmbake-warm';

/** What is filled into a store, and from where. */
export interface Filling extends WarmOptions {
  readonly target: string;
  readonly plan: WarmPlan;
  readonly layers: WarmLayers;
}

/**
 * Builds every stage with the trusted caches, so that the store holds all their layers. Throws `check` as soon as a step works for
 * longer than the limit: the cache was missed, and this machine is no compiler. Throws `build` where the build fails.
 */
export async function fillStore(host: Host, store: WarmStore, filling: Filling): Promise<TimedUse> {
  await createBuilder(host, store, filling);
  return await fillFurther(host, filling);
}

/**
 * Builds the stages of another target as well, in the store of the last {@link fillStore}; throws like it. Where the caches as one
 * cannot be loaded, it is done again from what `layers` then has.
 */
export async function fillFurther(host: Host, filling: Filling): Promise<TimedUse> {
  const { target, layers } = filling;
  for (;;) {
    try {
      return await fillFrom(host, layers.of(target), filling);
    } catch (error) {
      host.signal.throwIfAborted();
      const failure = loadFailure(error);
      if (failure === undefined || !(await layers.leave(failure))) throw error;
    }
  }
}

async function fillFrom(host: Host, { cacheFrom, hidden }: OpenImport, filling: Filling): Promise<TimedUse> {
  const { plan, layers, longestStepMs } = filling;
  const file = path.join(host.scratch, 'warm-filling.json');
  try {
    await writeFile(file, importing(await readFile(plan.filling, 'utf8'), cacheFrom), { mode: 0o600 });
    const limits = { longestStepMs, hidden, needsImport: layers.merged() };
    return await bakeStages(host, callOf(host, file, filling), limits);
  } finally {
    // It says where a merged cache is to be had.
    await rm(file, { force: true });
  }
}

function loadFailure(error: unknown): LoadFailure | undefined {
  if (!(error instanceof WarmbakeError)) return undefined;
  const { code, message } = error;
  if (code === IMPORT_FAILED) return { kind: 'not-imported', because: message };
  return code === LAYER_LOST ? { kind: 'not-loaded', message } : undefined;
}

/**
 * Builds the same without any import; call it after BuildKit was restarted, since what it still knows by heart proves
 * nothing about its store. Throws `check` with everything that the store lacks.
 */
export async function proveStore(
  host: Host,
  warmed: TimedUse,
  options: WarmOptions & { readonly plan: WarmPlan },
): Promise<Warmth> {
  const proof = await bakeStages(host, callOf(host, options.plan.proving, options), options);
  const bytes = await storeBytes(host, {
    builder: BUILDER,
    buildx: options.docker.buildx,
    env: environment(host, options),
  });
  const verdict = judgeWarmth(warmed, proof, { bytes, minimumBytes: options.minimumBytes });
  if (verdict.warm) return verdict.warmth;
  throw new WarmbakeError('check', 'not-warm', `the store is not warm: ${verdict.because.join('; ')}`, {
    hint: 'see the build without imports above; its steps would run in every job on this image',
  });
}

/** Builds what the bake file says in the builder of the last {@link fillStore}, without any import. */
export async function buildAgain(
  host: Host,
  file: string,
  options: WarmOptions & { readonly plan: WarmPlan },
): Promise<TimedUse> {
  return await bakeStages(host, callOf(host, file, options), options);
}

/** A builder of this run's own: whoever runs this keeps their list of builders. */
async function createBuilder(host: Host, store: WarmStore, options: WarmOptions): Promise<void> {
  await rm(buildxConfig(host), { recursive: true, force: true });
  const finished = await host.processes.run(
    {
      argv: [...options.docker.buildx, 'create', '--name', BUILDER, '--driver', 'remote', store.address],
      env: environment(host, options),
      timeoutMs: 30_000,
    },
    { signal: host.signal },
  );
  host.signal.throwIfAborted();
  if (succeeded(finished)) return;
  throw new WarmbakeError(
    'outside',
    'no-warm-builder',
    `no builder on ${store.address}: ${bakeWords(finished)}`,
  );
}

function buildxConfig(host: Host): string {
  return path.join(host.scratch, 'warm-buildx');
}

function environment(host: Host, { docker }: WarmOptions): Readonly<Record<string, string>> {
  return {
    ...docker.env,
    BUILDX_CONFIG: buildxConfig(host),
    // Attestations of an empty tar are of no use.
    BUILDX_NO_DEFAULT_ATTESTATIONS: '1',
  };
}

function callOf(host: Host, file: string, options: WarmOptions & { readonly plan: WarmPlan }) {
  const { buildx } = options.docker;
  return {
    file,
    builder: BUILDER,
    buildx,
    env: { ...environment(host, options), ...AS_JUDGED },
    cwd: options.plan.source,
    allow: options.plan.allow,
  };
}
