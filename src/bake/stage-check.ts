import { readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import * as z from 'zod';
import { WarmbakeError } from '../platform/errors.ts';
import { nearest } from '../platform/nearest.ts';
import { isRemote } from './judge-context.ts';
import { type Stages, hasStage, dockerfileStages } from './stages.ts';
import { unescaped } from './template-text.ts';

const printed = z.object({
  target: z.record(
    z.string(),
    z.looseObject({
      context: z.string().default('.'),
      dockerfile: z.string().default('Dockerfile'),
      'dockerfile-inline': z.string().optional(),
      target: z.string().optional(),
      args: z.record(z.string(), z.string().nullable()).default({}),
    }),
  ),
});
type StagedTarget = z.output<typeof printed>['target'][string];

/** Larger ones are BuildKit's to read. */
const LARGEST = 1024 * 1024;

/**
 * Throws `config` where a target of a printed definition names a stage that its Dockerfile does not have: BuildKit says so minutes later, when
 * everything before it is done. A Dockerfile that cannot be read here (a remote context, another frontend, none) is BuildKit's to judge.
 * To be called with a definition that was judged: what it reads is in the checkout.
 */
export async function requireStages(raw: unknown, root: string): Promise<void> {
  const targets = Object.entries(printed.parse(raw).target);
  const problems = await Promise.all(
    targets.map(async ([name, target]) => {
      const { target: stage } = target;
      if (stage === undefined || stage === '') return [];
      const stages = await stagesOfTarget(target, root);
      return stages === undefined || hasStage(stages, stage) ? [] : [{ name, stage, target, stages }];
    }),
  );
  const [first] = problems.flat();
  if (first === undefined) return;
  const { name, stage, target, stages } = first;
  const file =
    target['dockerfile-inline'] === undefined
      ? path.join(target.context, target.dockerfile)
      : 'dockerfile-inline';
  const named = [...stages.names].slice(0, 20).join(', ');
  const meant = nearest(stage, stages.names);
  throw new WarmbakeError(
    'config',
    'unknown-stage',
    `${name}: ${file} has no stage '${stage}'; it has ${named === '' ? 'none with a name' : named}`,
    meant === undefined ? {} : { hint: `did you mean '${meant}'?` },
  );
}

async function stagesOfTarget(target: StagedTarget, root: string): Promise<Stages | undefined> {
  const text = await dockerfileOf(target, root);
  const syntax = target.args['BUILDKIT_SYNTAX'] ?? '';
  return text === undefined ? undefined : dockerfileStages(text, { syntax });
}

async function dockerfileOf(
  { context, dockerfile, 'dockerfile-inline': inline }: StagedTarget,
  root: string,
): Promise<string | undefined> {
  if (inline !== undefined && inline !== '') return unescaped(inline);
  if (isRemote(context) || context === '-' || dockerfile.startsWith('cwd://')) return undefined;
  const folder = path.resolve(root, context.replace(/^cwd:\/\//, ''));
  try {
    const file = path.resolve(folder, dockerfile);
    const about = await stat(file);
    return about.isFile() && about.size <= LARGEST ? await readFile(file, 'utf8') : undefined;
  } catch {
    return undefined;
  }
}
