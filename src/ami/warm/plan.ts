import { copyFile, mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { entitlementsOf } from '../../bake/entitlements.ts';
import { judgeDefinition } from '../../bake/judge.ts';
import { whereabouts } from '../../bake/real-place.ts';
import { unescaped } from '../../bake/template-text.ts';
import { WarmbakeError } from '../../platform/errors.ts';
import type { BakeConfig } from './bake-config.ts';
import { stagesOf } from './stages.ts';
import { warmDefinition, warmDockerfile, warmTarget, type WarmTarget } from './definition.ts';

/** The two builds that warm a store and prove it; bake files on disk, which import nothing by themselves. */
export interface WarmPlan {
  /** The checkout, in which bake runs. */
  readonly source: string;
  readonly filling: string;
  /** The same, in other words: what the first one has made as a whole is of no use to it. */
  readonly proving: string;
  /** Stages of the target, in the order of its Dockerfile. */
  readonly stages: readonly string[];
  /** Entitlements that both ask for, all of them permitted. */
  readonly allow: readonly string[];
}

/** What {@link writeWarmPlan} works from. */
export interface WarmInputs {
  readonly config: BakeConfig;
  readonly target: string;
  readonly source: string;
  /** Takes the files; must lie outside of the source, whose every file can be part of a layer. */
  readonly directory: string;
  /** Letters and digits, others each time: see `warmDockerfile`. */
  readonly mark: string;
  /** Privileges that the configuration permits, none by default; see `Settings.bake`. */
  readonly permit?: readonly string[];
  /** Build arguments that the configuration sets. */
  readonly args?: ReadonlyMap<string, readonly string[]>;
}

/**
 * Writes the bake files. Throws `outside` where the printed target does not fit the source: another Dockerfile or stage, or paths that lead
 * out of it.
 */
export async function writeWarmPlan(inputs: WarmInputs): Promise<WarmPlan> {
  const { config, target, source, directory, mark } = inputs;
  const printed = warmTarget(config.targets[target] ?? {});
  const original = path.resolve(source, printed.context, printed.dockerfile);
  const judged = warmDefinition(config, target, { dockerfile: original });
  requireInside(judged, inputs);
  const allow = entitlementsOf(JSON.parse(judged));
  const text = await dockerfileText(printed, original);
  const stages = stagesOf(text, printed.stage, printed.args);
  if (stages === undefined) throw unfit(`its Dockerfile has no stage '${printed.stage ?? ''}'`);

  await mkdir(directory, { recursive: true });
  const write = async (name: string): Promise<string> => {
    const dockerfile = path.join(directory, `${name}.Dockerfile`);
    await writeFile(dockerfile, warmDockerfile(text, stages, { mark: `${mark}-${name}` }));
    // BuildKit looks for it beside the Dockerfile; without it the context would be another one.
    await copyFile(`${original}.dockerignore`, `${dockerfile}.dockerignore`).catch(() => undefined);
    const definition = warmDefinition(config, target, { dockerfile });
    requireInside(definition, inputs);
    const file = path.join(directory, `${name}.json`);
    await writeFile(file, definition);
    return file;
  };
  return {
    source,
    filling: await write('filling'),
    proving: await write('proving'),
    stages,
    allow,
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

/** The artifact is not to be trusted with the files of the machine that makes the image. */
function requireInside(
  definition: string,
  { source, directory, permit = [], args = new Map() }: WarmInputs,
): void {
  const literal: unknown = JSON.parse(definition, (_, value: unknown) =>
    typeof value === 'string' ? unescaped(value) : value,
  );
  const limits = {
    root: source,
    allow: [directory],
    permit,
    args,
    variables: [],
    environment: [],
    resolve: whereabouts,
  };
  const [first] = judgeDefinition(literal, limits);
  if (first !== undefined) throw unfit(`${first.target}: ${first.attribute}: ${first.because}`);
}

function unfit(because: string, cause?: unknown): WarmbakeError {
  const message = `the bake config artifact cannot be used: ${because}`;
  return new WarmbakeError('outside', 'bake-config-unfit', message, cause === undefined ? {} : { cause });
}
