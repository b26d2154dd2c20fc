import { readFile } from 'node:fs/promises';
import path from 'node:path';
import type { BuildServices } from '../../image-step/build-services.ts';
import { keptGroups } from '../../bake/kept-groups.ts';
import { configuredArguments } from '../../config/configured-arguments.ts';
import type { FamilySettings } from '../../config/families.ts';
import type { TargetSettings } from '../../config/settings.ts';
import { messageOf } from '../../platform/errors.ts';
import { jsonOrUndefined } from '../../platform/json.ts';
import { warn } from '../../platform/events.ts';
import type { Host } from '../../platform/host.ts';
import { downloadBakeConfig, readBakeConfig } from './bake-config.ts';
import { builtTargets } from './built-targets.ts';
import { closestDonor, nothingToWarmFrom, type TargetCaches } from './donor.ts';
import { furtherTargets } from './further-targets.ts';
import { withMemberCaches } from './member-caches.ts';
import { writeWarmPlan, type WarmPlan } from './plan.ts';
import { fetchSource } from './source.ts';
import type { WarmSubject } from './subject.ts';

/** The builds that warm a store. */
export interface WarmPlans {
  /** The target that must be warm. */
  readonly judged: WarmPlan;
  /** What the trusted build made beside it. */
  readonly further: readonly { readonly target: string; readonly plan: WarmPlan }[];
  /** What all of them can be warmed from, and maybe others. */
  readonly caches: readonly TargetCaches[];
}

/** What {@link prepareWarmPlans} works from. */
export interface WarmPreparation {
  readonly services: Pick<BuildServices, 'settings' | 'registry'>;
  readonly family: FamilySettings;
  readonly subject: WarmSubject;
  /** The configured target of `family.warm.target`. */
  readonly target: TargetSettings;
  /** What the configured targets can be warmed from. */
  readonly caches: readonly TargetCaches[];
  /** A file in place of the artifact, for runs outside of Buildkite. */
  readonly bakeConfig?: string;
  /** Where the source is fetched from; default: the repository of the configuration over HTTPS. */
  readonly source?: string;
}

/**
 * Fetches what the trusted build resolved and built from, and writes the bake files of all its targets: those that are configured, and
 * those that configured groups and matrices stood for. A further target that cannot be warmed is a warning. Throws `outside` where the judged one cannot.
 */
export async function prepareWarmPlans(host: Host, from: WarmPreparation): Promise<WarmPlans> {
  const { services, family, subject, target } = from;
  const { settings, registry } = services;
  const { commit } = subject;
  const url = from.source ?? `https://${settings.repository}`;
  const [text, source] = await Promise.all([
    from.bakeConfig === undefined
      ? downloadBakeConfig(host, subject, { step: family.warm.step, lane: target.lane })
      : readFile(path.resolve(host.cwd, from.bakeConfig), 'utf8'),
    fetchSource(host, url, commit),
  ]);
  // The revision annotation always carries the commit, whatever the configuration lists.
  const perCommit = [...settings.bake.perCommit, settings.bake.annotations.revision];
  const time = String(host.clock.now().getTime());
  const write = async (name: string, number: number): Promise<WarmPlan> => {
    const directory = path.join(host.scratch, number === 0 ? 'warm' : `warm-${number}`);
    const config = readBakeConfig(text, { target: name, commit, perCommit });
    const mark = `${time}${number === 0 ? '' : `-${number}`}`;
    const limits = { permit: settings.bake.permit, args: configuredArguments(settings) };
    return await writeWarmPlan({ config, target: name, source, directory, mark, ...limits });
  };
  const judged = await write(target.name, 0);
  const config = readBakeConfig(text, { target: target.name, commit, perCommit });
  const further: { target: string; plan: WarmPlan }[] = [];
  const { targets, warning } = builtTargets(settings, {
    groups: keptGroups(jsonOrUndefined(text)),
    names: new Set(Object.keys(config.targets)),
  });
  if (warning !== undefined) host.emit({ type: 'warning', warning });
  const others = furtherTargets(config, targets, { judged: target.name });
  const own = targets.filter(({ name }) => name === target.name);
  const caches = await withMemberCaches(host, registry, {
    known: { settings, commit, caches: from.caches },
    targets: [...own, ...others],
  });
  for (const [index, other] of others.entries()) {
    try {
      const mine = caches.find((each) => each.target === other.name);
      if (mine !== undefined && closestDonor(mine.sources) === undefined) {
        // Without its layers this machine would have to make them.
        host.emit({ type: 'warning', warning: nothingToWarmFrom(mine) });
        continue;
      }
      further.push({ target: other.name, plan: await write(other.name, index + 1) });
    } catch (error) {
      host.signal.throwIfAborted();
      warn(host.emit, 'target-not-warmed', `'${other.name}' is not warmed: ${messageOf(error)}`);
    }
  }
  return { judged, further, caches };
}
