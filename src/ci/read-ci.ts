import { readFileSync, statSync } from 'node:fs';
import { WarmbakeError, messageOf } from '../platform/errors.ts';
import { buildUrl } from './build-url.ts';
import { BUILDKITE_NAMES } from './buildkite.ts';
import type { CiFacts } from './facts.ts';
import { readGithub } from './github.ts';
import { readGitlab } from './gitlab.ts';
import { readNamed } from './named-variables.ts';
import { OTHER_NAMES } from './other.ts';
import { type Environment, surroundings } from './system.ts';
import { badVariable } from './variables.ts';

/**
 * What the CI says about the build that runs this; `undefined` on somebody's machine. Throws `config` in a CI that does not say what its
 * builds are, and for anything that the system itself would not set: nothing about trust is guessed, and no step is green that did nothing.
 */
export function readCi(env: Environment): CiFacts | undefined {
  const around = surroundings(env);
  if (around.in === 'none') return undefined;
  if (around.in === 'unclear') {
    throw new WarmbakeError('config', 'unknown-ci', around.because, { hint: around.hint });
  }
  const url = buildUrl(env);
  switch (around.system) {
    case 'buildkite':
      return readNamed(env, 'buildkite', { names: BUILDKITE_NAMES, url });
    case 'other':
      return readNamed(env, 'other', { names: OTHER_NAMES, url });
    case 'github':
      return readGithub(env, eventOf(env));
    case 'gitlab':
      return readGitlab(env);
  }
}

/** GitHub's own limit of an event's payload is 25 MB (docs.github.com/webhooks). */
const LARGEST_EVENT = 32 * 2 ** 20;

function eventOf(env: Environment): unknown {
  const file = env['GITHUB_EVENT_PATH'] ?? '';
  if (file === '') throw badVariable('GITHUB_EVENT_PATH', 'is not set; it must name the file of the event');
  try {
    const found = statSync(file);
    // A pipe would be waited for.
    if (!found.isFile()) throw new Error('it is not a file');
    if (found.size > LARGEST_EVENT) throw new Error('the file is too large');
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch (error) {
    throw badVariable('GITHUB_EVENT_PATH', `names no event that can be read: ${messageOf(error)}`);
  }
}
