import path from 'node:path';
import { readBakeFile } from '../bake/buildx.ts';
import { namesInText } from '../bake/members.ts';
import type { Targets } from '../bake/definition.ts';
import type { BuildValues } from '../bake/overlay.ts';
import { surveyTargets } from '../bake/survey.ts';
import { WarmbakeError, messageOf } from '../platform/errors.ts';
import type { Warning } from '../platform/events.ts';
import { nearest } from '../platform/nearest.ts';
import { surveyCall } from './bake-call.ts';
import type { BuildServices } from './build-services.ts';
import { chooseTargets } from './choose-targets.ts';
import { type ExpandedTargets, asConfigured, expandTargets } from './expand-targets.ts';
import { withoutCalls } from './without-calls.ts';

/** Of the overlay, and not of the repository's files. */
const OVERLAYS = '_ci';

/** Expanded targets, and what there is to be said of those that are not built. */
export interface ResolvedTargets extends ExpandedTargets {
  readonly warnings: readonly Warning[];
  /** What the files alone make of targets. */
  readonly brought: Targets;
  /** The files certainly declare the variables that were asked for. */
  readonly declares: boolean;
}

/**
 * Asks bake what the configured targets are and puts members in the place of groups and matrices. Throws `config` where one of the
 * targets that are `named` (or of the default) is not in the bake files and would be made of defaults; of others that is a warning.
 */
export async function resolveTargets(
  services: Pick<BuildServices, 'host' | 'settings' | 'docker'>,
  {
    values,
    named,
    variables = [],
  }: {
    readonly values: BuildValues;
    readonly named: readonly string[];
    readonly variables?: readonly string[];
  },
): Promise<ResolvedTargets> {
  const { host, settings } = services;
  const { targets } = settings;
  const survey = await surveyTargets(host, surveyCall(services, values), {
    names: targets.map(({ name }) => name),
    overlaid: Object.fromEntries(
      targets
        .filter(({ inherits }) => inherits.length > 0)
        .map(({ name, inherits }) => [name, inherits.filter((one) => one !== OVERLAYS)]),
    ),
    variables,
  }).catch((error: unknown) => {
    host.signal.throwIfAborted();
    requireConfigured(settings, named, error);
    throw error;
  });
  const { expanded, warnings } = withoutCalls(expandTargets(settings, survey), {
    configured: settings.targets,
    brought: survey.targets,
  });
  const chosen = new Set(chooseTargets(expanded, named).map(({ name }) => name));
  const wrong = await problems(settings, expanded);
  const first = wrong.find(({ target }) => chosen.has(target));
  if (first !== undefined) {
    const { message, hint } = first;
    throw new WarmbakeError('config', 'target-not-defined', message, hint === undefined ? {} : { hint });
  }
  return {
    ...expanded,
    brought: survey.targets,
    declares: survey.declares,
    warnings: [...warnings, ...wrong.map(({ message }) => ({ code: 'target-not-defined', message }))],
  };
}

/** Throws `usage` for a name that is not configured, where bake did not say whether a group has it. */
function requireConfigured(
  settings: BuildServices['settings'],
  named: readonly string[],
  unanswered: unknown,
): void {
  try {
    chooseTargets(asConfigured(settings), named);
  } catch (error) {
    if (!(error instanceof WarmbakeError) || error.kind !== 'usage') return;
    const because = messageOf(unanswered).split('\n')[0] ?? '';
    throw new WarmbakeError('usage', error.code, error.message, {
      hint: error.hint ?? `a group can have it, but bake was not asked: ${because}`,
    });
  }
}

interface Undefined {
  readonly target: string;
  readonly message: string;
  readonly hint?: string;
}

async function problems(
  { root, bake }: BuildServices['settings'],
  { ghosts, orphans }: ExpandedTargets,
): Promise<readonly Undefined[]> {
  if (ghosts.length === 0 && orphans.size === 0) return [];
  const texts = await Promise.all(
    bake.files.map(async (file) => await readBakeFile(path.resolve(root, file))),
  );
  const names = texts.flatMap(namesInText);
  const files = bake.files.join(', ');
  const suggestion = (name: string): { readonly hint?: string } => {
    const meant = nearest(
      name,
      names.filter((one) => one !== name),
    );
    return meant === undefined || names.includes(name) ? {} : { hint: `did you mean '${meant}'?` };
  };
  return [
    ...ghosts.map((target) => ({
      target,
      message: names.includes(target)
        ? `targets.${target}: '${target}' of ${files} is a group or matrix that has no targets`
        : `targets.${target}: ${files} defines no target or group '${target}', and it inherits none: bake would build a Dockerfile with nothing but defaults`,
      ...suggestion(target),
    })),
    ...[...orphans].map(([target, name]) => ({
      target,
      message: names.includes(name)
        ? `targets.${target}.inherits: '${name}' of ${files} is a group or matrix; only targets can be inherited`
        : `targets.${target}.inherits: ${files} defines no target '${name}'`,
      ...suggestion(name),
    })),
  ];
}
