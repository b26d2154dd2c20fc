import type { Warning } from '../platform/events.ts';
import { type DoctorFinding, warning } from './finding.ts';

/** Codes that another check tells about, with more. */
const TOLD: ReadonlySet<string> = new Set([
  'dead-builder',
  'dead-socket',
  'ecr-login',
  'merge-base-unknown',
  'sccache-switched-off',
]);

/** What to do about a warning whose words do not say it. */
const FIXES: Readonly<Record<string, string>> = {
  'base-branch-unknown': 'let the pipeline say which branch the pull request goes into',
  'commit-differs': 'check out the commit that the build names',
  'configuration-not-used': 'nothing, where the change is for later: it counts once it is merged',
  'credential-helper': "log in again, or take the helper out of docker's configuration",
  'docker-config': 'repair the file, or let DOCKER_CONFIG name another folder',
  'no-release': 'nothing, where this is no release; else let the tag be where the branch is or was',
  'target-not-defined': 'define the target in a bake file, or take it out of the configuration',
  'unknown-switch': 'correct the name of the variable, or unset it',
  'variable-not-passed': 'add it to bake.variables or bake.passthrough, or unset it in this job',
};

/** Warnings of plan, context and logins as findings, each once. */
export function warningFindings(warnings: readonly Warning[]): readonly DoctorFinding[] {
  const once = new Map(warnings.map((one) => [one.message, one]));
  return [...once.values()]
    .filter(({ code }) => !TOLD.has(code))
    .map(({ code, message }) => warning('plan', { text: message, fix: FIXES[code] ?? SAID }));
}

const SAID = 'do what it says; docs/operations.md knows it by its name in the log of a build';

/** What a code's warning said, where it was given. */
export function saidAbout(warnings: readonly Warning[], code: string): string | undefined {
  return warnings.find((one) => one.code === code)?.message;
}
