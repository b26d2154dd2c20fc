import { realpathSync } from 'node:fs';
import path from 'node:path';
import { type Promised, requireAgreement } from '../bake/agreement.ts';
import { type BakeCall, declaredVariables, printDefinition, readBakeFile } from '../bake/buildx.ts';
import type { Definition } from '../bake/definition.ts';
import { outsidePaths } from '../bake/paths.ts';
import { checkVariables } from '../bake/variables.ts';
import { changedFiles } from '../context/changes.ts';
import { WarmbakeError } from '../platform/errors.ts';
import type { Warning } from '../platform/events.ts';
import type { BuildServices } from './build-services.ts';

/** Resolves the files: what they define, and whether it may be built. */
export async function preflight(
  { host, settings }: BuildServices,
  call: BakeCall,
  promises: readonly Promised[],
): Promise<Definition> {
  for (const file of settings.bake.files) await readBakeFile(path.resolve(settings.root, file));
  const definition = await printDefinition(host, call);
  const outside = outsidePaths(definition.targets, {
    root: settings.root,
    allow: settings.bake.allow,
    resolve: realPath,
  });
  if (outside.length > 0) {
    const each = outside.map((o) => `${o.target}: ${o.what} ${o.path}`);
    throw new WarmbakeError(
      'config',
      'path-outside',
      `the definition reaches outside of ${settings.root}:\n  ${each.join('\n  ')}`,
      { hint: 'add the path to bake.allow if it is meant' },
    );
  }
  requireAgreement(promises, definition.targets);
  return definition;
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

/** The path with links followed, as far as it exists: an output directory may be yet to come. */
function realPath(file: string): string {
  try {
    return realpathSync(file);
  } catch {
    const parent = path.dirname(file);
    return parent === file ? file : path.join(realPath(parent), path.basename(file));
  }
}
