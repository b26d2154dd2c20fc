import path from 'node:path';
import { warn } from '../platform/events.ts';
import type { Host } from '../platform/host.ts';
import { type Markdown, markdownText } from './markdown.ts';
import { type Finished, explainExit, succeeded } from '../platform/process.ts';

/** How an annotation looks. */
export type AnnotationStyle = 'info' | 'success' | 'warning' | 'error';

/**
 * `buildkite-agent` as far as it is used here. Outside of a Buildkite job, or without the agent on PATH, every call
 * does nothing; what fails is a warning, because no report may decide a build.
 */
export interface BuildkiteAgent {
  /** Puts `markdown` into the annotation of `context`, replacing what it held. `false` where that failed, which is told. */
  annotate(context: string, style: AnnotationStyle, markdown: Markdown): Promise<boolean>;
  /** Uploads `file` under its bare name: the artifact's path is a contract with those who download it. */
  uploadArtifact(file: string): Promise<void>;
}

/** The agent of the job that `host` runs in. */
export function buildkiteAgent(host: Host): BuildkiteAgent {
  const call = async (
    what: string,
    args: readonly string[],
    extra: { cwd?: string; stdin?: string },
  ): Promise<boolean> => {
    if (host.env['BUILDKITE'] !== 'true') return true;
    const finished = await host.processes.run(
      { argv: ['buildkite-agent', ...args], env: definedOnly(host.env), timeoutMs: 60_000, ...extra },
      { signal: host.signal },
    );
    if (succeeded(finished) || isAbsent(finished)) return true;
    warn(host.emit, 'buildkite-agent', `${what} failed: ${explainExit(finished)}`);
    return false;
  };
  return {
    annotate: async (context, style, markdown) =>
      await call('the annotation', ['annotate', '--context', context, '--style', style], {
        stdin: markdownText(markdown),
      }),
    uploadArtifact: async (file) => {
      await call(`uploading ${path.basename(file)}`, ['artifact', 'upload', path.basename(file)], {
        cwd: path.dirname(file),
      });
    },
  };
}

function isAbsent(finished: Finished): boolean {
  return finished.failure === 'not-found';
}

/** The agent reads its token and job id from the environment: it gets all of it. */
function definedOnly(env: Host['env']): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(env).flatMap(([k, v]) => (v === undefined ? [] : [[k, v]])));
}
