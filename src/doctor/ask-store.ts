import type { Settings } from '../config/settings.ts';
import type { BuildContext } from '../context/context.ts';
import type { Machine } from '../image-step/machine.ts';
import type { Host } from '../platform/host.ts';
import { WITHHELD } from '../sccache/access.ts';
import { examineStore } from '../sccache/checkup.ts';
import { diagnose } from '../sccache/diagnosis.ts';
import { decideGrant } from '../sccache/grant.ts';
import { builderRegions } from './builder-regions.ts';
import { type DoctorFinding, warning } from './finding.ts';
import { storeFindings, storeNotAsked } from './store-findings.ts';

/** Whether sccache would start in a build here. Writes nothing: whether it may is what `warmbake sccache doctor` tries. */
export async function askStore(
  host: Host,
  settings: Settings,
  {
    context,
    machine,
    offline,
  }: {
    readonly context: Pick<BuildContext, 'trusted'>;
    readonly machine: Promise<Machine>;
    readonly offline: boolean;
  },
): Promise<readonly DoctorFinding[]> {
  const { sccache } = settings;
  const silent = storeNotAsked(sccache, { offline });
  if (sccache === undefined || silent !== undefined) return silent === undefined ? [] : [silent];
  const grant = sccache.secret === undefined ? ({ kind: 'job' } as const) : decideGrant(sccache, context);
  if (grant.kind === 'withheld') {
    const fix =
      'name a role for their steps in sccache.assume.untrusted; `warmbake iam untrusted-build` prints its policy';
    return [warning('sccache', { text: WITHHELD.message, fix })];
  }
  const session = grant.kind === 'session' ? { session: grant } : {};
  const checkup = await examineStore(host, sccache, { write: false, ...session });
  return storeFindings(diagnose(checkup, sccache, builderRegions(await machine, settings)));
}
