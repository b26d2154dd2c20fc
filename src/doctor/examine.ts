import path from 'node:path';
import type { Warning } from '../platform/events.ts';
import type { Host } from '../platform/host.ts';
import { withJoinedSignal } from '../platform/joined-signal.ts';
import { freeSpace } from './ask-disk.ts';
import { askAgentVersion, askGitVersion } from './ask-tools.ts';
import { type BoundedCheck, boundedFindings } from './bounded-findings.ts';
import { skewFinding } from './clock-skew.ts';
import { SCRATCH_SPACE, diskFinding } from './disk-space.ts';
import { type DoctorConfiguration, type DoctorRequest, examineBuild } from './examine-build.ts';
import { examineBare } from './examine-bare.ts';
import { type DoctorFinding, type Examination, inOrder } from './finding.ts';
import { hearingTime } from './hearing-time.ts';
import { warningFindings } from './plan-warnings.ts';

/** Reading it may take a fetch from the remote, whose own limit is 20 s. */
const CONFIGURATION_MS = 25_000;

/**
 * Everything that decides whether this machine, in this job, can do what the configuration wants; nothing is changed. What fails is a
 * finding and hides no other one; what is silent costs seconds. Throws only what ends the run: its signal, and a command line that cannot be
 * meant.
 */
export async function examine(
  outer: Host,
  open: (host: Host) => Promise<DoctorConfiguration>,
  request: DoctorRequest,
): Promise<Examination> {
  const over = new AbortController();
  const said: Warning[] = [];
  return await withJoinedSignal([outer.signal, over.signal], async (signal) => {
    const { host, heard } = hearingTime({ ...outer, signal, emit: collecting(outer, said, over.signal) });
    try {
      const { findings, repositories } = await examineAll(host, { open, request, said });
      const clock = skewFinding(heard());
      return { repositories, findings: inOrder([...findings, clock, ...warningFindings(said)]) };
    } catch (error) {
      outer.signal.throwIfAborted();
      throw error;
    } finally {
      // Whoever has not answered by now is not waited for.
      over.abort(new Error('the examination is over'));
    }
  });
}

async function examineAll(host: Host, parts: ExamineParts): Promise<Examination> {
  const check = async (of: BoundedCheck, work: (bound: Host) => Promise<readonly DoctorFinding[]>) =>
    await boundedFindings(host, of, work);
  const [configured, ...others] = await Promise.allSettled([
    examineConfigured(host, parts),
    check({ check: 'git' }, askGitVersion),
    check({ check: 'buildkite-agent', otherwise: 'warning' }, askAgentVersion),
    check({ check: 'disk-scratch' }, async () => [
      diskFinding('disk-scratch', await freeSpace(path.dirname(host.scratch)), SCRATCH_SPACE),
    ]),
  ]);
  const { findings, repositories } = settled(configured);
  return { repositories, findings: [...findings, ...others.flatMap(settled)] };
}

function settled<T>(result: PromiseSettledResult<T>): T {
  if (result.status === 'rejected') throw result.reason;
  return result.value;
}

interface ExamineParts {
  readonly open: (host: Host) => Promise<DoctorConfiguration>;
  readonly request: DoctorRequest;
  readonly said: readonly Warning[];
}

async function examineConfigured(host: Host, { open, request, said }: ExamineParts): Promise<Examination> {
  const opened: { configuration?: DoctorConfiguration } = {};
  const check = { check: 'configuration', ms: CONFIGURATION_MS } as const;
  const trouble = await boundedFindings(host, check, async (bound) => {
    opened.configuration = await open(bound);
    return [];
  });
  const { configuration } = opened;
  if (configuration === undefined) {
    return { findings: [...trouble, ...(await examineBare(host))], repositories: [] };
  }
  const inside = { ...host, cwd: configuration.settings.root };
  return await examineBuild(inside, configuration, { ...request, said });
}

/** Warnings become findings; what is said while waiting is passed on. */
function collecting(outer: Host, said: Warning[], over: AbortSignal): Host['emit'] {
  return (event) => {
    if (over.aborted) return;
    if (event.type === 'warning') said.push(event.warning);
    else outer.emit(event);
  };
}
