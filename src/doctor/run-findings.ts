import type { CiSurroundings, CiSystem } from '../ci/system.ts';
import { usedText, type UsedConfiguration } from '../config/used.ts';
import { contextLines } from '../image-step/plan-document.ts';
import type { BuildContext } from '../context/context.ts';
import { referenceName } from '../registry/reference.ts';
import { type DoctorFinding, ok } from './finding.ts';
import type { PlannedRefs } from './planned-refs.ts';

/** Systems by the names that people have for them. */
const SYSTEMS = {
  buildkite: 'Buildkite',
  github: 'GitHub Actions',
  gitlab: 'GitLab CI',
  other: 'a CI described by WARMBAKE_CI',
} as const satisfies Record<CiSystem, string>;

/** What a run is in, as people call it. */
export function ciText(around: CiSurroundings): string {
  if (around.in === 'none') return 'not in CI';
  return around.in === 'ci' ? SYSTEMS[around.system] : 'a CI that is not known';
}

/** What this run is: CI system, origin, trust and why. `ci` as people call it. */
export function contextFinding(context: BuildContext, ci: string): DoctorFinding {
  const [build = ''] = contextLines(context);
  return ok('context', `${ci}: ${build.replace(/^build +/, '')}`);
}

/** The names that a build would write here. */
export function nameFindings({ images, caches }: PlannedRefs): readonly DoctorFinding[] {
  if (images.length + caches.length === 0) return [ok('names', 'a build here would write nothing elsewhere')];
  const list = (refs: PlannedRefs['images']) => [...new Set(refs.map(referenceName))].join(', ');
  return [
    ...(images.length === 0 ? [] : [ok('names', `images would be ${list(images)}`)]),
    ...(caches.length === 0 ? [] : [ok('names', `caches would be ${list(caches)}`)]),
  ];
}

/** Whose configuration it is. */
export function configurationFinding(used: UsedConfiguration): DoctorFinding {
  const text = usedText(used);
  return ok(
    'configuration',
    text ?? `${used.file}${used.from === 'outside' ? '' : ', as the checkout has it'}`,
  );
}
