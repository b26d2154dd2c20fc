import { randomUUID } from 'node:crypto';
import { messageOf } from '../../platform/errors.ts';
import { warn } from '../../platform/events.ts';
import type { Host } from '../../platform/host.ts';
import type { CiReport } from './ci-report.ts';
import { cutSummary, githubOutput } from './github-text.ts';
import { code, markdown, markdownOf, markdownText } from './markdown.ts';
import { appendToRunnerFile } from './runner-file.ts';

/** The files of a step that GitHub's runner reads when it has ended. A runner that names none gets nothing. */
export function githubReport({ env, emit }: Pick<Host, 'env' | 'emit'>): CiReport {
  const workspace = env['GITHUB_WORKSPACE'];
  const append = async (variable: string, text: (taken: number) => string): Promise<boolean> => {
    const file = env[variable] ?? '';
    if (file === '') return true;
    try {
      await appendToRunnerFile(file, text, { workspace });
      return true;
    } catch (error) {
      warn(emit, 'github-report', `nothing was written to ${variable}: ${messageOf(error)}`);
      return false;
    }
  };
  return {
    annotations: 'follow',
    annotate: async (context, _, body) => {
      const whole = markdownOf([markdown`#### ${code(context)}`, markdown``, body, markdown``], '\n');
      return await append('GITHUB_STEP_SUMMARY', (taken) => cutSummary(markdownText(whole), taken));
    },
    // Artifacts are uploaded by an action of their own, from files that a step leaves.
    uploadArtifact: async () => await Promise.resolve(),
    setOutputs: async (outputs) => {
      await append('GITHUB_OUTPUT', () =>
        outputs.map((output) => githubOutput(output, `end-${randomUUID()}`)).join(''),
      );
    },
  };
}
