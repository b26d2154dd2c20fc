import path from 'node:path';
import { warn } from '../../platform/events.ts';
import type { Host } from '../../platform/host.ts';
import { type Finished, explainExit, succeeded } from '../../platform/process.ts';
import type { CiReport } from './ci-report.ts';
import { markdownText } from './markdown.ts';

/** What `buildkite-agent` is used for. Without it on PATH every call does nothing. */
export function buildkiteReport(host: Pick<Host, 'env' | 'processes' | 'signal' | 'emit'>): CiReport {
  const call = async (
    what: string,
    args: readonly string[],
    extra: { cwd?: string; stdin?: string },
  ): Promise<boolean> => {
    const finished = await host.processes.run(
      { argv: ['buildkite-agent', ...args], env: definedOnly(host.env), timeoutMs: 60_000, ...extra },
      { signal: host.signal },
    );
    if (succeeded(finished) || isAbsent(finished)) return true;
    warn(host.emit, 'buildkite-agent', `${what} failed: ${explainExit(finished)}`);
    return false;
  };
  return {
    annotations: 'replace',
    annotate: async (context, style, markdown) =>
      await call('the annotation', ['annotate', '--context', context, '--style', style], {
        stdin: markdownText(markdown),
      }),
    uploadArtifact: async (file) => {
      await call(`uploading ${path.basename(file)}`, ['artifact', 'upload', path.basename(file)], {
        cwd: path.dirname(file),
      });
    },
    setOutputs: async () => await Promise.resolve(),
  };
}

function isAbsent(finished: Finished): boolean {
  return finished.failure === 'not-found';
}

/** The agent reads its token and job id from the environment: it gets all of it. */
function definedOnly(env: Host['env']): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(env).flatMap(([k, v]) => (v === undefined ? [] : [[k, v]])));
}
