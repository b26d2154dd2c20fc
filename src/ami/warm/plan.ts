import { realpathSync } from 'node:fs';
import { copyFile, mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { targetsOf } from '../../bake/definition.ts';
import { outsidePaths } from '../../bake/paths.ts';
import { WarmbakeError } from '../../platform/errors.ts';
import type { BakeConfig } from './bake-config.ts';
import { stagesOf } from './stages.ts';
import { warmDefinition, warmDockerfile, warmTarget, type WarmTarget } from './definition.ts';

/** The two builds that warm a store and prove it; bake files on disk. */
export interface WarmPlan {
  /** The checkout, in which bake runs. */
  readonly source: string;
  /** Imports a trusted cache. */
  readonly filling: string;
  /** Imports nothing. */
  readonly proving: string;
  /** Stages of the target, in the order of its Dockerfile. */
  readonly stages: readonly string[];
}

/** What {@link writeWarmPlan} works from. */
export interface WarmInputs {
  readonly config: BakeConfig;
  readonly target: string;
  readonly source: string;
  /** At most one: of several BuildKit loses layers at random. */
  readonly cacheFrom: readonly string[];
  /** Takes the files; must lie outside of the source, whose every file can be part of a layer. */
  readonly directory: string;
  /** Letters and digits, others each time: see `warmDockerfile`. */
  readonly mark: string;
}

/**
 * Writes the bake files. Throws `outside` where the printed target does not fit the source: another Dockerfile or stage, or paths that lead
 * out of it.
 */
export async function writeWarmPlan(inputs: WarmInputs): Promise<WarmPlan> {
  const { config, target, source, cacheFrom, directory, mark } = inputs;
  const printed = warmTarget(config.targets[target] ?? {});
  const original = path.resolve(source, printed.context, printed.dockerfile);
  const text = await dockerfileText(printed, original);
  const stages = stagesOf(text, printed.stage, printed.args);
  if (stages === undefined) throw unfit(`its Dockerfile has no stage '${printed.stage ?? ''}'`);

  await mkdir(directory, { recursive: true });
  const write = async (name: string, refs: readonly string[]): Promise<string> => {
    const dockerfile = path.join(directory, `${name}.Dockerfile`);
    await writeFile(dockerfile, warmDockerfile(text, stages, { mark: `${mark}-${name}` }));
    // BuildKit looks for it beside the Dockerfile; without it the context would be another one.
    await copyFile(`${original}.dockerignore`, `${dockerfile}.dockerignore`).catch(() => undefined);
    const definition = warmDefinition(config, target, { dockerfile, cacheFrom: refs });
    requireInside(definition, source, directory);
    const file = path.join(directory, `${name}.json`);
    await writeFile(file, definition);
    return file;
  };
  return {
    source,
    filling: await write('filling', cacheFrom),
    proving: await write('proving', []),
    stages,
  };
}

async function dockerfileText(printed: WarmTarget, file: string): Promise<string> {
  if (printed.inline !== undefined) return printed.inline;
  try {
    return await readFile(file, 'utf8');
  } catch (cause) {
    throw unfit(`the source has no Dockerfile '${printed.dockerfile}'`, cause);
  }
}

/** buildx does not ask about such paths with machine-readable progress. */
function requireInside(definition: string, source: string, directory: string): void {
  const allow = [directory, '/dev/null'];
  const outside = outsidePaths(targetsOf(JSON.parse(definition)), { root: source, allow, resolve: realPath });
  const [first] = outside;
  if (first !== undefined) throw unfit(`its ${first.what} '${first.path}' is not in the source`);
}

function realPath(file: string): string {
  try {
    return realpathSync(file);
  } catch {
    return file;
  }
}

function unfit(because: string, cause?: unknown): WarmbakeError {
  const message = `the bake config artifact cannot be used: ${because}`;
  return new WarmbakeError('outside', 'bake-config-unfit', message, cause === undefined ? {} : { cause });
}
