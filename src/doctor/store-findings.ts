import type { CheckFinding, Diagnosis } from '../sccache/diagnosis.ts';
import { ADVICE } from '../sccache/start-failure.ts';
import { verdictText } from '../sccache/verdict.ts';
import { type DoctorFinding, type Trouble, failed, ok, skipped, warning } from './finding.ts';

/** The store of sccache, in a line for each thing that is not fine, and one for what a build would meet. */
export function storeFindings({ findings, verdict }: Diagnosis): readonly DoctorFinding[] {
  const all = findings.flatMap((found) => troubleOf(found));
  // One fault shows in several places: the first one to be mended the same way stands for it.
  const troubles = all.filter((one, i) => all.findIndex(({ fix }) => fix === one.fix) === i);
  if (verdict.state !== 'does-not-start') return [ok('sccache', verdictText(verdict)), ...troubles];
  if (troubles.some(({ state }) => state === 'failed')) return troubles;
  return [failed('sccache', { text: verdictText(verdict), fix: ADVICE[verdict.failure.cause] }), ...troubles];
}

function troubleOf({ check, state, text }: CheckFinding): readonly Trouble[] {
  if (state === 'ok' || state === 'unknown') return [];
  // Texts of the store end with what to do, where there is one thing to do.
  const advice = Object.values(ADVICE).find((one) => text.endsWith(`; ${one}`));
  const found = advice === undefined ? text : text.slice(0, -advice.length - 2);
  const fix = advice ?? DETAILS;
  const say = state === 'failed' ? failed : warning;
  return [say('sccache', { text: `${check}: ${found}`, fix })];
}

const DETAILS =
  'look at the rest of it: `warmbake sccache doctor`; `warmbake sccache setup` puts the bucket right';

/** Where there is nothing to look at; `undefined` where there is. */
export function storeNotAsked(
  sccache: { readonly enabled: boolean } | undefined,
  { offline }: { readonly offline: boolean },
): DoctorFinding | undefined {
  if (sccache === undefined) return skipped('sccache', 'no store is configured');
  if (!sccache.enabled) return skipped('sccache', 'it is off (sccache.enabled, --no-sccache)');
  return offline ? skipped('sccache', 'the bucket was not asked (--offline)') : undefined;
}
