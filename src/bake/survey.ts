import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { WarmbakeError } from '../platform/errors.ts';
import type { Host } from '../platform/host.ts';
import { type BakeCall, printDefinition, readBakeFile } from './buildx.ts';
import { type Overlaid, type Survey, aliasOf, groupsOfSurvey, surveyFile } from './members.ts';

/** What is asked of the bake files. */
export interface SurveyQuestion {
  /** Names that may be missing: the answer tells. */
  readonly names: readonly string[];
  /** Targets that the overlay defines, whether the files have them or not; what they inherit may be missing, too. */
  readonly overlaid: Overlaid;
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
  const file = path.join(host.scratch, 'survey.json');
  const missing = new Set<string>();
  for (;;) {
    const all = [...Object.keys(overlaid), ...Object.values(overlaid).flat(), ...names];
    const asked = [...new Set(all)].filter((name) => !missing.has(name));
    if (asked.length === 0) return { groups: new Map(), missing, targets: new Map() };
    // Not awaited, as the canary of the call.
    writeFileSync(file, surveyFile(asked, withoutMissing(overlaid, missing)));
    try {
      const files = [...call.files, file];
      const { raw, targets } = await printDefinition(host, { ...call, files, targets: asked.map(aliasOf) });
      return { groups: groupsOfSurvey(raw), missing, targets };
    } catch (error) {
      const name = missingTarget(error);
      // Where a file is not there, its name says more than bake's words.
      if (name === undefined) await requireReadable(call);
      if (name === undefined || !asked.includes(name)) throw error;
      missing.add(name);
    }
  }
}

async function requireReadable({ files, cwd }: Pick<BakeCall, 'files' | 'cwd'>): Promise<void> {
  for (const file of files) await readBakeFile(path.resolve(cwd, file));
}

function withoutMissing(overlaid: Overlaid, missing: ReadonlySet<string>): Overlaid {
  return Object.fromEntries(
    Object.entries(overlaid).map(([name, inherits]) => [name, inherits.filter((one) => !missing.has(one))]),
  );
}

/** The name that bake did not find, in its own words (bake/bake.go, since before 0.13). */
function missingTarget(error: unknown): string | undefined {
  if (!(error instanceof WarmbakeError) || error.code !== 'bake-refuses') return undefined;
  return /failed to find target (\S+)/.exec(error.message)?.[1];
}
