import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import type { parseAction } from '@actions/workflow-parser/actions/action-parser';
import type { convertWorkflowTemplate, parseWorkflow } from '@actions/workflow-parser';
import { build } from 'rolldown';
import { PROJECT } from '../../parts/project.ts';

/** GitHub's own parser of actions and workflows, with its own schemas (github.com/actions/languageservices). */
export interface GithubParser {
  readonly parseAction: typeof parseAction;
  readonly parseWorkflow: typeof parseWorkflow;
  readonly convertWorkflowTemplate: typeof convertWorkflowTemplate;
}

const MODULES = {
  action: '@actions/workflow-parser/actions/action-parser',
  workflow: '@actions/workflow-parser',
};

/** Loads the parser. It is published for bundlers, which take a schema as a module without being told that it is JSON. */
export async function githubParser(): Promise<GithubParser> {
  const folder = await mkdtemp(path.join(tmpdir(), 'warmbake-parser-'));
  try {
    await build({
      input: MODULES,
      cwd: PROJECT,
      platform: 'node',
      logLevel: 'silent',
      output: {
        dir: folder,
        format: 'esm',
        entryFileNames: '[name].mjs',
        chunkFileNames: '[name]-[hash].mjs',
      },
    });
    const load = async (name: keyof typeof MODULES): Promise<Partial<GithubParser>> =>
      (await import(
        /* @vite-ignore */ pathToFileURL(path.join(folder, `${name}.mjs`)).href
      )) as Partial<GithubParser>;
    return { ...(await load('action')), ...(await load('workflow')) } as GithubParser;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** What the parser tells on its way, to nobody. */
export const UNHEARD = { error: () => undefined, info: () => undefined, verbose: () => undefined };
