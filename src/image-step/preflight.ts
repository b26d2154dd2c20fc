import { readFileSync } from 'node:fs';
import path from 'node:path';
import { type Promised, requireAgreement } from '../bake/agreement.ts';
import { type BakeCall, declaredVariables, printDefinition, readBakeFile } from '../bake/buildx.ts';
import type { Definition } from '../bake/definition.ts';
import { isWithin, judgeDefinition, requireInnocent } from '../bake/judge.ts';
import { requirePlaces } from '../bake/place-check.ts';
import { whereabouts } from '../bake/real-place.ts';
import { requireStages } from '../bake/stage-check.ts';
import { settledByText } from '../bake/variable-text.ts';
import { checkVariables } from '../bake/variables.ts';
import { configuredArguments } from '../config/configured-arguments.ts';
import { changedFiles } from '../context/changes.ts';
import { WarmbakeError } from '../platform/errors.ts';
import type { Warning } from '../platform/events.ts';
import type { BuildServices } from './build-services.ts';

/** Resolves the files: what they define, and whether it may be built. Bake is started at once. */
export async function preflight(
  { host, settings, docker }: BuildServices,
  call: BakeCall,
  promises: readonly Promised[],
): Promise<Definition> {
  const definition = await printDefinition(host, call).catch(async (refusal: unknown) => {
    // Where one is not there, its name says more than bake's words.
    for (const file of settings.bake.files) await readBakeFile(path.resolve(settings.root, file));
    throw refusal;
  });
  // What is baked is baked with more than it was evaluated with.
  requireFitDefinition(settings, definition, { ...docker.env, ...call.env });
  requireAgreement(promises, definition.targets);
  await requirePlaces(definition.raw, settings.root);
  await requireStages(definition.raw, settings.root);
  return definition;
}

/**
 * Throws `config` where the definition asks for what it may not have, as the checkout is now: a folder can have become a link since it was
 * looked at last. To be called before each bake too, which opens the paths again by their names.
 */
export function requireFitDefinition(
  settings: BuildServices['settings'],
  { raw }: Pick<Definition, 'raw'>,
  env: Readonly<Record<string, string>>,
): void {
  const { allow, permit, variables, passthrough } = settings.bake;
  requireInnocent(
    judgeDefinition(raw, {
      root: settings.root,
      allow,
      permit,
      args: configuredArguments(settings),
      variables: [...Object.keys(variables), ...passthrough],
      environment: Object.keys(env),
      resolve: whereabouts,
    }),
  );
}

/** Of settings what says where bake reads. */
interface BakedPlaces {
  readonly root: string;
  readonly bake: Pick<BuildServices['settings']['bake'], 'files' | 'allow'>;
}

/** What bake reads of its working directory unasked, for Compose files; it quotes lines that it does not understand (bake/compose.go). */
const UNASKED = '.env';

/**
 * Throws `config` where a file that bake reads leads out of the checkout: it is another's, bake's errors would show lines of it, and some
 * have no end (`/dev/zero`). To be called before bake is.
 */
export function requireInsideCheckout({ root, bake }: BakedPlaces): void {
  const folders = [root, ...bake.allow].flatMap((folder) => whereabouts(root, folder)?.[0] ?? []);
  const outside = [...bake.files, UNASKED].find((file) => {
    const places = whereabouts(root, file) ?? [];
    return places.length === 0 || !places.every((place) => folders.some((folder) => isWithin(folder, place)));
  });
  if (outside === undefined) return;
  throw new WarmbakeError(
    'config',
    'bake-file-outside',
    `the bake file '${outside}' is a link out of ${root}`,
    {
      hint: 'commit the file itself, or add the place to bake.allow if it is meant',
    },
  );
}

/**
 * The variables that bake has to prove declared, where the files' text rules out everything else that {@link variableWarnings} could say;
 * `undefined` where bake has to list them. A call of bake is spared in most builds.
 */
export function variablesToProve({ host, settings }: BuildServices): readonly string[] | undefined {
  const { files, variables, optional, passthrough } = settings.bake;
  const set = Object.keys(variables);
  const wanted = set.filter((name) => !optional.includes(name));
  const others = Object.keys(host.env).filter((name) => !set.includes(name) && !passthrough.includes(name));
  try {
    // Not awaited: bake waits for it.
    const texts = files.map((file) => readFileSync(path.resolve(settings.root, file), 'utf8'));
    return settledByText({ texts, wanted, others }) ? wanted : undefined;
  } catch {
    return undefined;
  }
}

/** Whether the configured variables reach the bake files; see {@link checkVariables}. */
export async function variableWarnings({
  host,
  settings,
  docker,
}: BuildServices): Promise<readonly Warning[]> {
  const { files, variables, optional, passthrough } = settings.bake;
  const { env, buildx } = docker;
  return checkVariables({
    declared: await declaredVariables(host, { files, targets: [], env, buildx, cwd: settings.root }),
    set: Object.keys(variables),
    optional,
    passthrough,
    environment: Object.keys(host.env),
  });
}

/** Throws `refused` where the checkout holds changes: an image pushed from it would not be its commit's. */
export async function requireCleanCheckout({
  host,
  settings,
}: Pick<BuildServices, 'host' | 'settings'>): Promise<void> {
  const changed = await changedFiles({ ...host, cwd: settings.root });
  if (changed.length === 0) return;
  const some = changed.slice(0, 5).join(', ');
  throw new WarmbakeError('refused', 'uncommitted-changes', `--push with uncommitted changes: ${some}`, {
    hint: 'the image would be named by a commit that it does not hold: commit first',
  });
}
