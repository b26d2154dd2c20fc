import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { bakeFile } from '../bake/bake-file.ts';
import { type BakeCall, AS_JUDGED } from '../bake/buildx.ts';
import type { Definition } from '../bake/definition.ts';
import { evaluationEnvironment } from '../bake/environment.ts';
import { entitlementsOf } from '../bake/entitlements.ts';
import { exportAttributes, LOAD_OUTPUT, NO_OUTPUT, overlayEnvironment, pushOutput } from '../bake/overlay.ts';
import { expand } from '../config/template.ts';
import type { BuildContext } from '../context/context.ts';
import { referenceName } from '../registry/reference.ts';
import { secretEntry } from '../sccache/secret.ts';
import type { BuildServices } from './build-services.ts';
import { requireFitDefinition, requireInsideCheckout } from './preflight.ts';
import { type Writes, buildValues } from './target-plan.ts';

/** The call that evaluates the repository's files under the overlay (at `overlay`), in a closed environment: only for `--print`. */
export function printCall(
  services: Pick<BuildServices, 'settings' | 'docker'>,
  facts: {
    readonly context: BuildContext;
    readonly overlay: string;
    readonly targets: readonly Writes[];
    /** `TARGET.KEY=VALUE`, as bake's `--set`. */
    readonly overrides?: readonly string[];
  },
): BakeCall {
  const values = buildValues(facts.context, facts.targets);
  const call = surveyCall(services, values);
  return {
    ...call,
    files: [...call.files, facts.overlay],
    targets: facts.targets.map((t) => t.settings.name),
    env: { ...call.env, ...overlayEnvironment(values) },
    overrides: facts.overrides ?? [],
  };
}

/** The repository's files alone, evaluated as {@link printCall} does: what they have does not depend on the overlay. */
export function surveyCall(
  { settings, docker }: Pick<BuildServices, 'settings' | 'docker'>,
  values: ReturnType<typeof buildValues>,
): Omit<BakeCall, 'targets'> {
  return {
    files: settings.bake.files,
    env: {
      ...evaluationEnvironment(docker.env, settings.bake.passthrough),
      ...configuredVariables(settings, values),
    },
    buildx: docker.buildx,
    cwd: settings.root,
  };
}

/** What bake is told to do: the printed definition with this build's results, and layers from `cacheFrom` (CSV entries). */
export function bakeDocument(
  printed: Definition,
  targets: readonly Writes[],
  more: {
    readonly cacheFrom: readonly string[];
    readonly secrets?: readonly string[];
    readonly args?: Readonly<Record<string, string>>;
  },
): object {
  const results = targets.map((target) => ({
    name: target.settings.name,
    ...(target.settings.variantOf === undefined ? {} : { of: target.settings.variantOf }),
    tags: target.load ?? target.tags.map(referenceName),
    cacheTo: target.exportTo.map(
      (ref) => `type=registry,ref=${referenceName(ref)},${exportAttributes(target.settings.cache)}`,
    ),
    output: [imageOutput(target)],
  }));
  return bakeFile(printed.raw, { results, printsEscaped: printed.habits.printsEscaped, ...more });
}

/** Where a target's image goes, as bake words it. */
export function imageOutput({ load, tags, settings }: Writes): string {
  if (load !== undefined) return LOAD_OUTPUT;
  return tags.length === 0 ? NO_OUTPUT : pushOutput(settings.image);
}

/**
 * The call that bakes `targets`, with the build's secret; the definition is written where only this user can read it. Throws `config` where
 * the checkout is not any more what was judged.
 */
export function writeBakeCall(
  services: Pick<BuildServices, 'host' | 'settings' | 'docker' | 'secret'>,
  facts: {
    readonly context: BuildContext;
    readonly printed: Definition;
    readonly targets: readonly Writes[];
    readonly cacheFrom: readonly string[];
    /** Compile steps do without the store, as with `--no-sccache`. */
    readonly withoutSccache?: boolean;
  },
): BakeCall {
  const { host, settings, docker, secret } = services;
  const { context, printed, targets, cacheFrom, withoutSccache = false } = facts;
  const secrets = secret === undefined || withoutSccache ? [] : [secretEntry(secret)];
  const enabled = settings.sccache?.arguments.enabled;
  const args = withoutSccache && enabled !== undefined ? { [enabled]: '0' } : {};
  const file = path.join(host.scratch, 'definition.json');
  const document = bakeDocument(printed, targets, { cacheFrom, secrets, args });
  writeFileSync(file, JSON.stringify(document), { mode: 0o600 });
  const env = {
    ...docker.env,
    ...configuredVariables(settings, buildValues(context, targets)),
    ...AS_JUDGED,
  };
  requireInsideCheckout(settings);
  requireFitDefinition(settings, printed, env);
  return {
    files: [file],
    targets: targets.map((t) => t.settings.name),
    env,
    buildx: docker.buildx,
    cwd: settings.root,
    allow: entitlementsOf(printed.raw),
  };
}

/** The configured variables: bake files read them, and so do secrets that are taken from the environment. */
function configuredVariables(
  { bake }: BuildServices['settings'],
  values: ReturnType<typeof buildValues>,
): Readonly<Record<string, string>> {
  const variables = Object.entries(bake.variables);
  return Object.fromEntries(variables.map(([name, text]) => [name, expand(text, values)]));
}
