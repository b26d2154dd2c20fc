import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { dial } from '../bake/builder-facts.ts';
import type { BuildServices } from '../image-step/build-services.ts';
import { readMachine } from '../image-step/machine.ts';
import { configuredArguments } from '../config/configured-arguments.ts';
import type { FamilySettings } from '../config/families.ts';
import { isCommitSha } from '../ci/commit-sha.ts';
import { WarmbakeError } from '../platform/errors.ts';
import { warn } from '../platform/events.ts';
import type { Host } from '../platform/host.ts';
import { downloadBakeConfig, readBakeConfig } from './warm/bake-config.ts';
import { warmedTarget } from './build/image-plan.ts';
import type { DiskMeasure } from './model/disk-measure.ts';
import type { ProbeAnswer } from './rollout/probe-answer.ts';
import { type LayersRead, READ_LIMIT_MS, readLayers } from './warm/read-layers.ts';
import { NO_LAYERS } from './warm/layers.ts';
import { writeWarmPlan, type WarmPlan } from './warm/plan.ts';
import { fetchSource } from './warm/source.ts';
import { fillStore } from './warm/store.ts';
import { findWarmSubject } from './warm/subject.ts';

/** What the probe works with. */
export interface ProbeOptions {
  readonly services: BuildServices;
  readonly family: FamilySettings;
  /** A file in place of the artifact, for runs outside of Buildkite. */
  readonly bakeConfig?: string;
  /** Where the source is fetched from; default: the repository of the configuration over HTTPS. */
  readonly source?: string;
  /** How long the files of the target may be read, in milliseconds. Default: two minutes. */
  readonly readLimitMs?: number;
}

/**
 * Tries this machine the way a job would: marker, BuildKit's socket, and a build without imports, which must execute nothing
 * and pull nothing. What stands in the way of trying it, other than the machine itself, is `unknown`.
 */
export async function probeStore({ services, family, ...options }: ProbeOptions): Promise<ProbeAnswer> {
  const { host, settings, docker } = services;
  const limitMs = options.readLimitMs ?? READ_LIMIT_MS;
  const cold = (because: string): ProbeAnswer => ({ outcome: 'cold', because });
  const { marker } = await readMachine(host, settings.marker);
  if (marker === undefined) return cold(`there is no marker file ${settings.marker}`);
  const commit = marker['AMI_COMMIT'] ?? '';
  if (!isCommitSha(commit)) return cold(`the marker file ${settings.marker} names no commit`);
  const { socket } = settings.builder;
  if (socket === undefined) return cold('builder.socket is not configured');
  if ((await dial(socket)) !== 'answers') return cold(`BuildKit does not answer on ${socket}`);

  try {
    const plan = await planWithoutImports({ services, family, ...options }, commit);
    // Filling from nothing is a build without imports.
    const { use, seconds } = await fillStore(
      host,
      { address: `unix://${socket}` },
      { docker, plan, layers: NO_LAYERS, ...family.warm },
    );
    if (use.executed > 0) return cold(`${use.executed} steps were executed: ${use.executedSteps.join(', ')}`);
    if (use.pulledLayers > 0) return cold(`${use.pulledLayers} layers were pulled`);
    if (use.loaded === 0) return cold('no step was seen at all');
    const sinceBoot = await secondsSinceBoot();
    const read = await tryReading(host, { docker, plan, ...family.warm, limitMs });
    return {
      outcome: 'warm',
      because: `${use.loaded} steps loaded in ${seconds} s${sinceBoot === undefined ? '' : `, ${sinceBoot} s after boot`}${readText(read)}`,
      ...(sinceBoot === undefined ? {} : { secondsToFirstHit: sinceBoot }),
      measured: { firstBuild: seconds, ...readMeasure(read) },
    };
  } catch (error) {
    if (!(error instanceof WarmbakeError)) throw error;
    return error.kind === 'check' ? cold(error.message) : { outcome: 'unknown', because: error.message };
  }
}

/** What the disk takes says nothing about the store: it is warm all the same. */
async function tryReading(
  host: Host,
  options: Parameters<typeof readLayers>[1],
): Promise<LayersRead | undefined> {
  try {
    return await readLayers(host, options);
  } catch (error) {
    if (!(error instanceof WarmbakeError)) throw error;
    warn(host.emit, 'disk-not-measured', error.message);
    return undefined;
  }
}

function readText(read: LayersRead | undefined): string {
  if (read === undefined) return '';
  return read.all
    ? `; all files of the target were read in ${read.seconds} s`
    : `; not all files of the target could be read in ${read.seconds} s`;
}

function readMeasure(read: LayersRead | undefined): Pick<DiskMeasure, 'readable' | 'unreadAfter'> {
  if (read === undefined) return {};
  return read.all ? { readable: read.seconds } : { unreadAfter: read.seconds };
}

async function planWithoutImports(
  { services, family, bakeConfig, source }: ProbeOptions,
  commit: Parameters<typeof fetchSource>[2],
): Promise<WarmPlan> {
  const { host, settings, registry } = services;
  const { step, target } = family.warm;
  const warmed = warmedTarget(settings, family);
  const { lane } = warmed;
  const text =
    bakeConfig === undefined
      ? await findWarmSubject(registry, warmed, {
          settings: { images: settings.images, annotations: settings.bake.annotations },
          commit,
        }).then(async (subject) => await downloadBakeConfig(host, subject, { step, lane }))
      : await readFile(path.resolve(host.cwd, bakeConfig), 'utf8');
  const perCommit = [...settings.bake.perCommit, settings.bake.annotations.revision];
  return await writeWarmPlan({
    config: readBakeConfig(text, { target, commit, perCommit }),
    target,
    source: await fetchSource(host, source ?? `https://${settings.repository}`, commit),
    directory: path.join(host.scratch, 'warm'),
    mark: String(host.clock.now().getTime()),
    permit: settings.bake.permit,
    args: configuredArguments(settings),
  });
}

/** Linux says it in its first number (proc(5), /proc/uptime). */
async function secondsSinceBoot(): Promise<number | undefined> {
  const text = await readFile('/proc/uptime', 'utf8').catch(() => '');
  const seconds = Number.parseFloat(text);
  return Number.isNaN(seconds) ? undefined : Math.round(seconds);
}
