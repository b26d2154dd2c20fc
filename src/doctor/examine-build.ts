import type { FamilySettings } from '../config/families.ts';
import type { Settings } from '../config/settings.ts';
import type { UsedConfiguration } from '../config/used.ts';
import type { CheckoutPlace } from '../context/checkout.ts';
import { type BuildServices, openBuildServices } from '../image-step/build-services.ts';
import { readMachine } from '../image-step/machine.ts';
import type { Warning } from '../platform/events.ts';
import type { Host } from '../platform/host.ts';
import { lazily } from '../platform/lazily.ts';
import { parseEcrHost } from '../registry/ecr-host.ts';
import { askFamily } from './ask-ami.ts';
import { askDepth, askRemote, askTrustedFile } from './ask-git-history.ts';
import { askLogins } from './ask-logins.ts';
import { askRegistries } from './ask-registry.ts';
import { askState } from './ask-state.ts';
import { askStore } from './ask-store.ts';
import { askBuildxVersion, askDockerVersion } from './ask-tools.ts';
import { familiesNotAsked } from './ami-findings.ts';
import { type BoundedCheck, boundedFindings } from './bounded-findings.ts';
import type { CheckCode } from './checks.ts';
import { examineBuilder } from './examine-builder.ts';
import { type DoctorFinding, type Examination, ok, skipped, thrown } from './finding.ts';
import { type FoundPlan, findPlan, planFindings } from './find-plan.ts';
import { machineFinding } from './machine-verdict.ts';
import { askFreeTags } from './ask-free-tags.ts';
import { repositoryNames } from './planned-refs.ts';
import { configurationFinding } from './run-findings.ts';

/** A configuration as a run may use it, and where it comes from. */
export interface DoctorConfiguration {
  readonly settings: Settings;
  readonly families: readonly FamilySettings[];
  readonly state?: string;
  readonly used: UsedConfiguration;
  readonly warnings: readonly Warning[];
  readonly checkout: CheckoutPlace | undefined;
}

/** What the caller wants to know. */
export interface DoctorRequest {
  /** Names of configured targets; empty: the configuration's default. */
  readonly targets: readonly string[];
  /** A local build that pushes. */
  readonly push: boolean;
  /** Nobody elsewhere is asked. */
  readonly offline: boolean;
  /** This job makes machine images: what it lacks for that is a failure. */
  readonly daily: boolean;
  /** What the CI is called here. */
  readonly ci: string;
}

/** A registry that takes its time for each of its answers, and mounts after that. */
const REGISTRY_MS = 30_000;
/** Bake, which is boundedFindings itself, and git's questions to the remote. */
const PLAN_MS = 60_000;
const STORE_MS = 25_000;

/** All checks of a configuration, beside each other as far as none needs another's answer. */
export async function examineBuild(
  host: Host,
  configuration: DoctorConfiguration,
  request: DoctorRequest & { readonly said: readonly Warning[] },
): Promise<Examination> {
  const { settings, families, used, checkout, state } = configuration;
  const { offline, daily, said } = request;
  const check = async (of: BoundedCheck, work: (bound: Host) => Promise<readonly DoctorFinding[]>) =>
    await boundedFindings(host, of, work);
  for (const warning of configuration.warnings) host.emit({ type: 'warning', warning });
  const opened = await openServices(host, configuration);
  if (!('services' in opened)) {
    return { findings: [configurationFinding(used), opened.trouble], repositories: [] };
  }
  const { services } = opened;
  const machine = lazily(async () => await readMachine(host, settings.marker));
  const plan = lazily(async () => await plannedWithin(host, services, request));
  /** What needs to know the build; nothing of it where nobody does. */
  const knowing = async (
    of: BoundedCheck,
    work: (bound: Host, found: FoundPlan) => Promise<readonly DoctorFinding[]>,
  ): Promise<readonly DoctorFinding[]> => {
    const { found } = await plan();
    if (found === undefined) return [skipped(of.check, 'what this build is, is not known')];
    return await check(of, async (bound) => await work(bound, found));
  };
  const elsewhere = (code: CheckCode, work: () => Promise<readonly DoctorFinding[]>) =>
    offline ? Promise.resolve([skipped(code, 'nobody was asked (--offline)')]) : work();
  const region = parseEcrHost(settings.cache.trusted.host)?.region ?? settings.sccache?.region ?? 'us-east-1';

  const parts = await Promise.all([
    check({ check: 'buildx' }, async (bound) => await askBuildxVersion(bound, services.docker)),
    check({ check: 'docker' }, async (bound) => await askDockerVersion(bound, services.docker)),
    plan().then(({ findings, found }) => [
      ...findings,
      ...planFindings(found, { said, ci: request.ci, settings }),
    ]),
    examineBuilder(host, services, plan),
    check({ check: 'machine-image', otherwise: 'warning' }, async () => [
      machineFinding(await machine(), expectedMachine(settings, families), host.clock.now()),
    ]),
    check({ check: 'git-depth' }, askDepth),
    elsewhere(
      'git-remote',
      async () =>
        await check(
          { check: 'git-remote', otherwise: 'warning' },
          async (bound) => await askRemote(bound, { checkout, branch: settings.trustedBranch }),
        ),
    ),
    elsewhere(
      'trusted-file',
      async () =>
        await check(
          { check: 'trusted-file', otherwise: 'warning' },
          async (bound) => await askTrustedFile(bound, { used, branch: settings.trustedBranch }),
        ),
    ),
    elsewhere(
      'login',
      async () =>
        await knowing(
          { check: 'login', ms: REGISTRY_MS },
          async (bound, { context }) => await askLogins(bound, { ...services, settings }, context),
        ),
    ),
    elsewhere(
      'registry',
      async () =>
        await knowing(
          { check: 'registry', ms: REGISTRY_MS },
          async (bound, { refs }) => await askRegistries(bound, services, refs),
        ),
    ),
    elsewhere(
      'free-tags',
      async () =>
        await knowing(
          { check: 'free-tags', ms: REGISTRY_MS },
          async (bound, found) => await askFreeTags(bound, services, found),
        ),
    ),
    knowing(
      { check: 'sccache', ms: STORE_MS },
      async (bound, { context }) =>
        await askStore(bound, services.settings, { context, machine: machine(), offline }),
    ),
    state === undefined
      ? Promise.resolve([skipped('state-store', 'none is configured (state)')])
      : elsewhere(
          'state-store',
          async () =>
            await knowing(
              { check: 'state-store', otherwise: 'warning' },
              async (bound, { context }) =>
                await askState(bound, { place: state, region, trusted: context.trusted }),
            ),
        ),
    knowing({ check: 'ami-identity', ms: STORE_MS }, async (bound, { context }) => {
      const local = context.origin.kind === 'local';
      const none = familiesNotAsked(families, { offline, trusted: context.trusted, local });
      if (none !== undefined) return [none];
      const asked = families.map(async (family) => await askFamily(bound, family, { daily }));
      return (await Promise.all(asked)).flat();
    }),
    Promise.resolve([packerFinding(families)]),
  ]);
  const { found } = await plan();
  return {
    findings: [configurationFinding(used), ...parts.flat()],
    repositories: found === undefined ? [] : repositoryNames(found.refs),
  };
}

async function plannedWithin(
  host: Host,
  services: BuildServices,
  request: DoctorRequest,
): Promise<{ readonly findings: readonly DoctorFinding[]; readonly found?: FoundPlan }> {
  const kept: { found?: FoundPlan } = {};
  const findings = await boundedFindings(host, { check: 'definition', ms: PLAN_MS }, async (bound) => {
    const { found, findings: told } = await findPlan({ ...services, host: bound }, request);
    if (found !== undefined) kept.found = found;
    return told;
  });
  return { findings, ...kept };
}

/** With the logins of the build, where it can be told which build it is; nobody is logged in here. */
async function openServices(
  host: Host,
  { settings, used, checkout }: DoctorConfiguration,
): Promise<{ readonly services: BuildServices } | { readonly trouble: DoctorFinding }> {
  const options = { offline: true, configuration: { used, warnings: [] }, checkout } as const;
  try {
    return { services: await openBuildServices(host, settings, options) };
  } catch {
    // What is wrong with it is told by the plan.
    try {
      return { services: await openBuildServices(host, settings, { ...options, logins: 'own' }) };
    } catch (error) {
      host.signal.throwIfAborted();
      return { trouble: thrown('context', error) };
    }
  }
}

function expectedMachine(settings: Settings, families: readonly FamilySettings[]) {
  const ages = families.flatMap(({ maximumAgeMs }) => maximumAgeMs ?? []);
  return {
    marker: settings.marker,
    families: families.length > 0,
    ...(ages.length === 0 ? {} : { maximumAgeMs: Math.max(...ages) }),
  };
}

function packerFinding(families: readonly FamilySettings[]): DoctorFinding {
  return families.length === 0
    ? skipped('packer', 'no machine images are configured (ami)')
    : ok(
        'packer',
        'brought by the daily job itself, pinned by its checksum: nothing on PATH is taken unasked',
      );
}
