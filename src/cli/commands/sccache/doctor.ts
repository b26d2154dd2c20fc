import { builderRegions } from '../../../doctor/builder-regions.ts';
import { readMachine } from '../../../image-step/machine.ts';
import type { Settings } from '../../../config/settings.ts';
import type { Host } from '../../../platform/host.ts';
import { readCi } from '../../../ci/read-ci.ts';
import { askRelease } from '../../../context/release.ts';
import { type ReleaseEvidence, judgeTrust } from '../../../context/trust.ts';
import { WITHHELD } from '../../../sccache/access.ts';
import { decideGrant, type SessionGrant } from '../../../sccache/grant.ts';
import { examineStore } from '../../../sccache/checkup.ts';
import { diagnose } from '../../../sccache/diagnosis.ts';
import { verdictText } from '../../../sccache/verdict.ts';
import {
  CONFIG_OPTIONS,
  type CommandSpec,
  type Input,
  type CommandOutcome,
  flag,
  never,
} from '../../command.ts';
import { linePart, tablePart } from '../../parts.ts';
import { loadSccache } from './settings.ts';

/** `warmbake sccache doctor`: would a build get its store? */
export const sccacheDoctorCommand: CommandSpec = {
  description:
    'Read and, where allowed, write the check object of sccache as sccache does, with the credentials that a build would get here; check endpoint, clock, region and policy. Exit code 1 where sccache would not start.',
  options: [...CONFIG_OPTIONS, { flags: '--read-only', help: 'write nothing' }],
  examples: ['warmbake sccache doctor', 'warmbake sccache doctor --read-only --json'],
  changesShared: never,
  run,
};

async function run(outer: Host, input: Input): Promise<CommandOutcome> {
  const { sccache, settings, host, used } = await loadSccache(outer, input);
  const session = sessionOf(host, settings, await askRelease(host, settings, used));
  const [checkup, machine] = await Promise.all([
    examineStore(host, sccache, { write: !flag(input, 'readOnly'), ...session }),
    readMachine(host, settings.marker),
  ]);
  const { findings, verdict } = diagnose(checkup, sccache, builderRegions(machine, settings));
  const failed = verdict.state === 'does-not-start' || findings.some(({ state }) => state === 'failed');
  const rows = findings.map(({ check, state, text }) => [check, state, text]);
  return {
    json: { bucket: sccache.bucket, prefix: sccache.prefix, findings, verdict },
    page: [tablePart(['CHECK', 'STATE', 'FOUND'], rows), linePart(verdictText(verdict))],
    exitCode: failed ? 1 : 0,
  };
}

/** What steps of a build would get here, where that is a session; else the job's own are looked at, whoever gets them. */
function sessionOf(
  host: Host,
  settings: Settings,
  release: ReleaseEvidence | undefined,
): { readonly session?: SessionGrant } {
  const { sccache } = settings;
  if (sccache?.secret === undefined) return {};
  const grant = decideGrant(sccache, judgeTrust(readCi(host.env), settings, release));
  if (grant.kind === 'withheld') host.emit({ type: 'warning', warning: WITHHELD });
  return grant.kind === 'session' ? { session: grant } : {};
}
