import type { BakeCall } from '../bake/buildx.ts';
import { overlayEnvironment, secretEnvironment } from '../bake/overlay.ts';
import { imported } from '../cache/chain.ts';
import { expand } from '../config/template.ts';
import type { BuildContext } from '../context/context.ts';
import { referenceName } from '../registry/reference.ts';
import { secretEntry } from '../sccache/secret.ts';
import type { BuildServices } from './build-services.ts';
import { type ResolvedTarget, buildValues } from './target-plan.ts';

/** What decides how bake is called. */
export interface CallFacts {
  readonly context: BuildContext;
  /** Path of the overlay in the scratch directory. */
  readonly overlay: string;
  readonly targets: readonly ResolvedTarget[];
  /** Targets whose files bring sources: bake merges the lists, only `--set` replaces them. */
  readonly brings: readonly string[];
}

/** The call of bake for these targets with these sources, in its closed environment. */
export function bakeCall(
  { settings, docker }: Pick<BuildServices, 'settings' | 'docker'>,
  facts: CallFacts,
): BakeCall {
  const { context, overlay, targets, brings } = facts;
  const values = buildValues(context, targets);
  const variables = Object.entries(settings.bake.variables).map(([name, text]) => [
    name,
    expand(text, values),
  ]);
  return {
    files: [...settings.bake.files, overlay],
    targets: targets.map((t) => t.settings.name),
    set: targets.filter((t) => brings.includes(t.settings.name)).flatMap(replaceSources),
    env: { ...docker.env, ...Object.fromEntries(variables), ...overlayEnvironment(values) },
    cwd: settings.root,
  };
}

/** `--set` values that put this target's sources in place of every list; an empty value clears it. */
function replaceSources({ settings, sources }: ResolvedTarget): readonly string[] {
  const refs = imported({ sources }).map((ref) => `type=registry,ref=${referenceName(ref)}`);
  return (refs.length === 0 ? [''] : refs).map((entry) => `${settings.name}.cache-from=${entry}`);
}

/** The call with the build's secrets in it; only for the bake itself, as `--print` would look for the file. */
export function withSecret(call: BakeCall, { secret }: Pick<BuildServices, 'secret'>): BakeCall {
  if (secret === undefined) return call;
  return { ...call, env: { ...call.env, ...secretEnvironment(secretEntry(secret)) } };
}
