import * as z from 'zod';

import type { Host } from '../platform/host.ts';
import { explainExit, succeeded } from '../platform/process.ts';
import type { Credential } from './credential.ts';
import { type DockerConfig, dockerNames, loginSource, type Report } from './docker-config.ts';
import { jsonOrUndefined } from '../platform/json.ts';

/** A helper may ask a key ring or a cloud; one that waits for a person is given up. */
const HELPER_MS = 15_000;

/** Answer of `docker-credential-… get` (github.com/docker/docker-credential-helpers). */
const HelperAnswer = z.object({ Username: z.string(), Secret: z.string() });

/** The login for `registry` that docker itself would use on this machine; `anonymous` where it has none. */
export async function dockerCredential(
  registry: string,
  config: DockerConfig,
  world: { readonly host: Host; readonly report: Report },
): Promise<Credential> {
  const source = loginSource(config, registry);
  switch (source.kind) {
    case 'none':
      return { kind: 'anonymous' };
    case 'file':
      return source.credential;
    case 'helper':
      return await askHelper(source.name, registry, world);
  }
}

async function askHelper(
  name: string,
  registry: string,
  { host, report }: { readonly host: Host; readonly report: Report },
): Promise<Credential> {
  const program = `docker-credential-${name}`;
  const [key] = dockerNames(registry);
  const env = Object.fromEntries(
    Object.entries(host.env).flatMap(([k, v]) => (v === undefined ? [] : [[k, v]])),
  );
  const finished = await host.processes.run(
    { argv: [program, 'get'], env, stdin: key, timeoutMs: HELPER_MS },
    { signal: host.signal },
  );
  if (succeeded(finished)) {
    const credential = parseAnswer(finished.stdout);
    if (credential !== undefined) return credential;
  }
  // Helpers say this on stdout with exit code 1; it is their way to answer "none".
  if (finished.stdout.includes('credentials not found')) return { kind: 'anonymous' };
  // Standard output may hold a secret; it is never quoted.
  const because = `${program} gave no login for ${key} (${succeeded(finished) ? 'unreadable answer' : explainExit(finished)})`;
  report('credential-helper', because);
  return { kind: 'anonymous', because };
}

function parseAnswer(stdout: string): Credential | undefined {
  const answer = HelperAnswer.safeParse(jsonOrUndefined(stdout)).data;
  if (answer === undefined) return undefined;
  return answer.Username === '<token>'
    ? { kind: 'identity-token', token: answer.Secret }
    : { kind: 'basic', username: answer.Username, password: answer.Secret };
}
