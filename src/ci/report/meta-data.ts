import { WarmbakeError } from '../../platform/errors.ts';
import type { Host } from '../../platform/host.ts';
import { explainExit, succeeded } from '../../platform/process.ts';
import { isIn } from '../is-in.ts';
import { callAgent } from './agent-call.ts';

type Agent = Pick<Host, 'env' | 'processes' | 'signal'>;

/** Sets a key of the build's meta-data; does nothing outside of a Buildkite job. Throws `outside`: later jobs wait for it. */
export async function setMetaData(host: Agent, key: string, value: string): Promise<void> {
  if (!isIn(host.env, 'buildkite')) return;
  const finished = await callAgent(host, ['meta-data', 'set', key], { stdin: value });
  if (succeeded(finished)) return;
  throw new WarmbakeError(
    'outside',
    'meta-data-not-set',
    `meta-data '${key}' was not set: ${explainExit(finished)}`,
  );
}

/** The value of a key; '' where it has none. What fails is '' as well: whoever waits asks again. */
export async function getMetaData(host: Agent, key: string): Promise<string> {
  const finished = await callAgent(host, ['meta-data', 'get', key, '--default', '']);
  return succeeded(finished) ? finished.stdout.trim() : '';
}
