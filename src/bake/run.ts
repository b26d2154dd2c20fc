import { readFile } from 'node:fs/promises';
import path from 'node:path';
import * as z from 'zod';
import { type Digest, isDigest } from '../registry/reference.ts';
import type { Host } from '../platform/host.ts';
import { withJoinedSignal } from '../platform/joined-signal.ts';
import { shownAddresses } from '../platform/shown-addresses.ts';
import { type BakeCall, bakeArguments } from './buildx.ts';
import { type Failure, classifyFailure, silenceFailure } from './failure.ts';
import { fallsSilent } from './import-silence.ts';
import { type HiddenText, withoutHidden } from './hidden-text.ts';
import { followProgress, type Trace, traceOfTarget } from './progress.ts';
import { type StreamRecord, summarise } from './record.ts';

/** How one call of bake went. */
export interface BakeRun {
  /** Absent where bake was killed or could not start. */
  readonly exitCode?: number;
  /** What the progress stream told. */
  readonly record: StreamRecord;
  /** The same for each target of the call. */
  readonly records: ReadonlyMap<string, StreamRecord>;
  /** Digest of each target's image, by target; only after success. */
  readonly digests: Readonly<Record<string, Digest>>;
  /** Absent after success. */
  readonly failure?: Failure;
  /** It was stopped, because nothing came any more. */
  readonly silent?: true;
}

/** How a bake is run. */
export interface RunOptions {
  readonly builder: string;
  /** Default: nothing. */
  readonly hidden?: readonly HiddenText[];
  /** What is watched for silence: caches that are imported, or whether BuildKit begins at all after it was stopped for that. */
  readonly watched?: 'imports' | 'start';
}

/**
 * Runs bake with machine-readable progress; what it says is told as events while it runs. Where imported caches fall silent it is
 * stopped, which is a failure of reading them.
 */
export async function runBake(
  host: Host,
  call: BakeCall,
  { builder, hidden = [], watched }: RunOptions,
): Promise<BakeRun> {
  const metadata = path.join(host.scratch, 'metadata.json');
  const shown = (line: string): string => withoutHidden(shownAddresses(line), hidden);
  const progress = followProgress(host.emit, shown);
  const ended = new AbortController();
  let silence: string | undefined;
  const finished = await withJoinedSignal([host.signal, ended.signal], async (signal) => {
    const watch = async (): Promise<void> => {
      if (watched === undefined) return;
      const options = { again: watched === 'start', clock: host.clock, signal };
      silence = await fallsSilent(() => progress.state(), options);
      ended.abort();
    };
    watch().catch(() => undefined);
    const running = host.processes.run(
      {
        argv: [
          ...call.buildx,
          'bake',
          `--builder=${builder}`,
          '--progress=rawjson',
          `--metadata-file=${metadata}`,
          ...bakeArguments(call),
        ],
        env: call.env,
        cwd: call.cwd,
      },
      { onStderr: (line) => progress.line(line), discard: true, signal },
    );
    return await running.finally(() => ended.abort());
  });
  const trace = progress.end();
  host.signal.throwIfAborted();
  const told = { record: summarise(trace), records: recordsOf(trace, call.targets) };
  if (finished.exitCode === 0) return { exitCode: 0, ...told, digests: await readDigests(metadata) };
  const exitCode = finished.exitCode === undefined ? {} : { exitCode: finished.exitCode };
  if (silence !== undefined) {
    const failure = silenceFailure(silence, watched === 'start' ? 'engine' : 'cache-import');
    return { ...exitCode, ...told, digests: {}, failure, silent: true };
  }
  return { ...exitCode, ...told, digests: {}, failure: classifyFailure(trace) };
}

/** Bake tells targets apart by a prefix where there are several; one alone has all steps, those of linked targets too. */
function recordsOf(trace: Trace, targets: readonly string[]): ReadonlyMap<string, StreamRecord> {
  const [only, ...others] = targets;
  if (only !== undefined && others.length === 0) return new Map([[only, summarise(trace)]]);
  return new Map(targets.map((target) => [target, summarise(traceOfTarget(trace, target))]));
}

const metadataFile = z.record(z.string(), z.unknown());
const imageDigest = z.object({ 'containerimage.digest': z.string().refine(isDigest) });

/** buildx writes the file only after success; a target without image has no digest in it. */
async function readDigests(file: string): Promise<Readonly<Record<string, Digest>>> {
  try {
    const targets = metadataFile.parse(JSON.parse(await readFile(file, 'utf8')));
    return Object.fromEntries(
      Object.entries(targets).flatMap(([name, target]) => {
        const digest = imageDigest.safeParse(target).data?.['containerimage.digest'];
        return digest === undefined ? [] : [[name, digest] as const];
      }),
    );
  } catch {
    return {};
  }
}
