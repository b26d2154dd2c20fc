import path from 'node:path';
import { variablesInText } from '../bake/buildx.ts';
import { findBuildx } from '../bake/buildx-program.ts';
import { closedEnvironment, evaluationEnvironment } from '../bake/environment.ts';
import { surveyTargets } from '../bake/survey.ts';
import type { Survey } from '../bake/members.ts';
import { WarmbakeError, messageOf } from '../platform/errors.ts';
import type { Host } from '../platform/host.ts';
import { readBakeFile } from '../bake/buildx.ts';
import { requireInsideCheckout } from '../image-step/preflight.ts';
import { type DefinedNames, namesOfSurvey } from './target-choice.ts';
import { namesOfTexts } from './text-names.ts';

/** What the bake files define, as bake says or as their text does. */
export interface BakeFacts {
  readonly defined: DefinedNames;
  readonly variables: readonly string[];
  /** What bake said; absent where it could not be asked. */
  readonly survey?: Survey;
  /** Why it could not. */
  readonly unasked?: string;
}

/**
 * Asks bake (`--print`, no engine) what `files` define, in the closed environment of a build; reads their text where there is no buildx, or
 * where it refuses them. Throws `config` for a file that cannot be read or leads out of the checkout.
 */
export async function askBake(host: Host, files: readonly string[]): Promise<BakeFacts> {
  const root = host.cwd;
  requireInsideCheckout({ root, bake: { files, allow: [] } });
  const texts = await Promise.all(files.map(async (file) => await readBakeFile(path.resolve(root, file))));
  const read = namesOfTexts(texts);
  const variables = [...new Set(texts.flatMap(variablesInText))];
  const closed = closedEnvironment(host.env);
  const env = evaluationEnvironment(closed, []);
  const names = [...new Set(['default', ...read.names])];
  try {
    const call = { files, env, buildx: await findBuildx(closed), cwd: root };
    const survey = await surveyTargets(host, call, { names, overlaid: {} });
    return { defined: namesOfSurvey(names, survey), variables, survey };
  } catch (error) {
    host.signal.throwIfAborted();
    if (!(error instanceof WarmbakeError)) throw error;
    return { defined: read, variables, unasked: messageOf(error) };
  }
}
