import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { VARIABLE_CANARY } from '../config/reserved-names.ts';
import { WarmbakeError } from '../platform/errors.ts';
import type { Host } from '../platform/host.ts';
import { type BakeCall, printDefinition, readBakeFile } from './buildx.ts';
import type { Definition } from './definition.ts';
import { type Overlaid, type Survey, aliasOf, groupsOfSurvey, surveyFile } from './members.ts';
import { variableCanary } from './variable-text.ts';

/** What is asked of the bake files. */
export interface SurveyQuestion {
  /** Names that may be missing: the answer tells. */
  readonly names: readonly string[];
  /** Targets that the overlay defines, whether the files have them or not; what they inherit may be missing, too. */
  readonly overlaid: Overlaid;
  /** Variables of which it is asked whether the files declare them all; default none. */
  readonly variables?: readonly string[];
}

/** What bake said. */
export interface SurveyAnswer extends Survey {
  /** The files declare all variables that were asked for; false where that is not certain. */
  readonly declares: boolean;
}

/**
 * Asks bake what names are in the files of `call`, without the overlay: targets, groups, or nothing. One call of bake, and one more for
 * each name that is missing, and where a variable is. Throws `config` for a file that cannot be read, and with bake's own words.
 */
export async function surveyTargets(
  host: Host,
  call: Omit<BakeCall, 'targets'>,
  { names, overlaid, variables = [] }: SurveyQuestion,
): Promise<SurveyAnswer> {
  const file = path.join(host.scratch, 'survey.json');
  const canary = path.join(host.scratch, 'variables.json');
  const missing = new Set<string>();
  let declares = true;
  for (;;) {
    const all = [...Object.keys(overlaid), ...Object.values(overlaid).flat(), ...names];
    const asked = [...new Set(all)].filter((name) => !missing.has(name));
    if (asked.length === 0) {
      return { groups: new Map(), missing, targets: new Map(), declares: variables.length === 0 };
    }
    // Not awaited, as the canary of the call.
    writeFileSync(file, surveyFile(asked, withoutMissing(overlaid, missing)));
    const proves = declares && variables.length > 0;
    if (proves)
      writeFileSync(canary, JSON.stringify({ target: { [VARIABLE_CANARY]: variableCanary(variables) } }));
    try {
      const printed = await printDefinition(host, {
        ...call,
        files: [...call.files, file, ...(proves ? [canary] : [])],
        targets: [...asked.map(aliasOf), ...(proves ? [VARIABLE_CANARY] : [])],
      });
      return { ...withoutCanary(printed), missing, declares };
    } catch (error) {
      const name = missingTarget(error);
      if (name === undefined && proves) {
        // What is wrong with it bake says without the question too.
        declares = false;
        continue;
      }
      // Where a file is not there, its name says more than bake's words.
      if (name === undefined) await requireReadable(call);
      if (name === undefined || !asked.includes(name)) throw error;
      missing.add(name);
    }
  }
}

function withoutCanary({ raw, targets }: Definition): Pick<Survey, 'groups' | 'targets'> {
  const groups = [...groupsOfSurvey(raw)].map(
    ([name, members]) => [name, members.filter((one) => one !== VARIABLE_CANARY)] as const,
  );
  return {
    groups: new Map(groups.filter(([, members]) => members.length > 0)),
    targets: new Map([...targets].filter(([name]) => name !== VARIABLE_CANARY)),
  };
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
