import { readFile } from 'node:fs/promises';
import path from 'node:path';
import * as z from 'zod';
import type { Settings } from '../../config/settings.ts';
import { isCommitSha } from '../../ci/commit-sha.ts';
import { WarmbakeError } from '../../platform/errors.ts';
import type { Host } from '../../platform/host.ts';
import { explainExit, succeeded } from '../../platform/process.ts';
import type { WarmSubject } from './subject.ts';
import { jsonOrUndefined } from '../../platform/json.ts';

/** One target as `bake --print` wrote it; read further only where it is used. */
export type PrintedTarget = Readonly<z.output<typeof printedTarget>>;
const printedTarget = z.record(z.string(), z.unknown());

/** What a build step resolved: every target by name. */
export interface BakeConfig {
  readonly targets: Readonly<Record<string, PrintedTarget>>;
}

/** Agents fetch a few kB here; the time covers a queue of artifacts, in milliseconds. */
const DOWNLOAD_MS = 60_000;

/** Name of the artifact, an interface shared with the build step. */
export function bakeConfigName(buildNumber: string, lane: string): string {
  return `bake-config-build-${buildNumber}${lane === '' ? '' : `-${lane}`}.json`;
}

/**
 * Downloads the artifact of exactly this build and step: several steps upload files of one name, and without the step the
 * download fails for all of them. Throws `outside` with the agent's words.
 */
export async function downloadBakeConfig(
  host: Host,
  subject: Pick<WarmSubject, 'buildNumber' | 'buildId'>,
  { step, lane }: { readonly step: string; readonly lane: string },
): Promise<string> {
  const name = bakeConfigName(subject.buildNumber, lane);
  const from = ['--build', subject.buildId, '--step', step];
  // The agent reads its token and job id from the environment: it gets all of it.
  const env = Object.fromEntries(
    Object.entries(host.env).flatMap(([k, v]) => (v === undefined ? [] : [[k, v]])),
  );
  const finished = await host.processes.run(
    {
      argv: ['buildkite-agent', 'artifact', 'download', name, host.scratch, ...from],
      env,
      timeoutMs: DOWNLOAD_MS,
    },
    { signal: host.signal },
  );
  host.signal.throwIfAborted();
  const text = succeeded(finished)
    ? await readFile(path.join(host.scratch, name), 'utf8').catch(() => undefined)
    : undefined;
  if (text !== undefined) return text;
  const because = succeeded(finished) ? 'the agent wrote no such file' : explainExit(finished);
  throw new WarmbakeError(
    'outside',
    'no-bake-config',
    `cannot download ${name} of build ${subject.buildId}, step '${step}': ${because}`,
    { hint: 'outside of Buildkite give the file with --bake-config; the step is ami.*.warm.step' },
  );
}

const document = z.object({ target: z.record(z.string(), printedTarget) });
const marks = z.object({
  args: z.record(z.string(), z.string().nullish()).default({}),
  labels: z.record(z.string(), z.string().nullish()).default({}),
  annotations: z.array(z.string()).default([]),
});

/** What the artifact has to fit. */
export interface Expectation {
  readonly target: string;
  readonly commit: WarmSubject['commit'];
  /** Arguments, labels and annotations that can carry the commit. */
  readonly perCommit: Settings['bake']['perCommit'];
}

/**
 * Reads the artifact. Throws `outside` where it is no definition, has no such target, or does not carry the commit:
 * layers of another commit would make an image that is warm for nobody.
 */
export function readBakeConfig(text: string, { target, commit, perCommit }: Expectation): BakeConfig {
  const parsed = document.safeParse(jsonOrUndefined(text));
  if (!parsed.success) throw bad(text.trim() === '' ? 'it is empty' : 'it is not the output of bake --print');
  const { target: targets } = parsed.data;
  const printed = targets[target];
  if (printed === undefined) {
    throw bad(`it has no target '${target}', only ${Object.keys(targets).join(', ')}`);
  }
  const commits = commitsOf(printed, perCommit);
  if (commits.length === 0) throw bad('it does not say for which commit it was made');
  const other = commits.find((found) => found !== commit);
  if (other !== undefined) throw bad(`it was made for commit ${other}, the image is of ${commit}`);
  return { targets };
}

function commitsOf(printed: PrintedTarget, names: readonly string[]): readonly string[] {
  const { args, labels, annotations } = marks.parse(printed);
  const pairs = [
    ...Object.entries(args),
    ...Object.entries(labels),
    ...annotations.map((text) => {
      // `index,manifest:key=value`
      const [, key = '', value = ''] = /^(?:[a-z,[\]/0-9-]+:)?([^=]+)=(.*)$/s.exec(text) ?? [];
      return [key, value] as const;
    }),
  ];
  return pairs.flatMap(([key, value]) =>
    names.includes(key) && isCommitSha(value ?? '') ? [value ?? ''] : [],
  );
}

function bad(because: string): WarmbakeError {
  return new WarmbakeError(
    'outside',
    'bad-bake-config',
    `the bake config artifact cannot be used: ${because}`,
  );
}
