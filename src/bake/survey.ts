import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { WarmbakeError } from '../platform/errors.ts';
import type { Host } from '../platform/host.ts';
import { type BakeCall, printDefinition, readBakeFile } from './buildx.ts';
import { type Survey, aliasOf, groupsOfSurvey, surveyFile } from './members.ts';

/** What is asked of the bake files. */
export interface SurveyQuestion {
  /** Names that may be missing: the answer tells. */
  readonly names: readonly string[];
  /** Names that the overlay defines, whether the files have them or not. */
  readonly overlaid: readonly string[];
}

/**
 * Asks bake what names are in the files of `call`, without the overlay: targets, groups, or nothing. One call of bake, and one more for
 * each name that is missing. Throws `config` for a file that cannot be read, and with bake's own words.
 */
export async function surveyTargets(
  host: Host,
  call: Omit<BakeCall, 'targets'>,
  { names, overlaid }: SurveyQuestion,
): Promise<Survey> {
  for (const file of call.files) await readBakeFile(path.resolve(call.cwd, file));
  const file = path.join(host.scratch, 'survey.json');
  const missing = new Set<string>();
  for (;;) {
    const asked = [...new Set([...overlaid, ...names])].filter((name) => !missing.has(name));
    if (asked.length === 0) return { groups: new Map(), missing };
    await writeFile(file, surveyFile(asked, overlaid));
    try {
      const files = [...call.files, file];
      const { raw } = await printDefinition(host, { ...call, files, targets: asked.map(aliasOf) });
      return { groups: groupsOfSurvey(raw), missing };
    } catch (error) {
      const name = missingTarget(error);
      if (name === undefined || !asked.includes(name)) throw error;
      missing.add(name);
    }
  }
}

/** The name that bake did not find, in its own words (bake/bake.go, since before 0.13). */
function missingTarget(error: unknown): string | undefined {
  if (!(error instanceof WarmbakeError) || error.code !== 'bake-refuses') return undefined;
  return /failed to find target (\S+)/.exec(error.message)?.[1];
}
